#include "spillway/gateway/same_request.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "spillway/gateway/inference_request.hpp"
#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

TEST(IdempotencyKey, IsTakenFromEitherHeader)
{
    EXPECT_EQ(idempotency_key("a", "").value(), "a");
    EXPECT_EQ(idempotency_key("", "b").value(), "b");
    EXPECT_EQ(idempotency_key("c", "c").value(), "c");
    EXPECT_EQ(idempotency_key("", "").value(), "");
}

TEST(IdempotencyKey, IsRefusedWhenTheHeadersDiffer)
{
    EXPECT_EQ(idempotency_key("a", "b").error().code(), Errc::invalid_request);
}

TEST(IdempotencyKey, IsAtMost255PrintableCharacters)
{
    EXPECT_TRUE(idempotency_key(std::string(255, '~'), ""));
    EXPECT_FALSE(idempotency_key(std::string(256, 'x'), ""));
    EXPECT_FALSE(idempotency_key("a\tb", ""));
    EXPECT_FALSE(idempotency_key("caf\xc3\xa9", ""));
}

class SameRequestTest : public ::testing::Test {
protected:
    InferenceRequest request(std::string_view body = R"({"temperature":0})")
    {
        if (!snapshot_)
            snapshot_ = testing::snapshot_of(config_, metrics_);
        InferenceRequest request;
        request.arrival.snapshot = snapshot_;
        request.arrival.caller.key_hash = "caller";
        request.arrival.endpoint = chat::Endpoint::chat;
        request.method = "POST";
        request.suffix = "/chat/completions";
        request.facts.model = "cloud";
        request.body = body;
        if (const auto at = body.find("\"temperature\":"); at != std::string_view::npos) {
            chat::Member member;
            member.key = "temperature";
            member.value = {at + 14, body.find('}') - at - 14};
            request.facts.members.push_back(member);
        }
        return request;
    }
    InferenceRequest keyed(const std::string& key, std::string_view body = "{}")
    {
        auto made = request(body);
        made.same = std::make_unique<SameRequest>();
        made.same->idempotency_key = key;
        EXPECT_TRUE(compare_with_others(made, fields_));
        return made;
    }

    /// The digest of a request with one header.
    std::string with_header(std::string_view name, std::string_view value)
    {
        fields_.clear();
        EXPECT_TRUE(fields_.add({name, value}));
        auto made = keyed("k").same->request;
        fields_.clear();
        return made;
    }

    /// The digest of a request with these headers.
    std::string with_headers(const std::vector<net::Field>& headers)
    {
        fields_.clear();
        for (const auto& header : headers)
            EXPECT_TRUE(fields_.add(header));
        auto made = keyed("k").same->request;
        fields_.clear();
        return made;
    }

    net::Fields fields_;
    observe::Metrics metrics_;
    config::Config config_ = testing::small_config();
    std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(SameRequestTest, ComparesNoRequestWithoutAKeyUnlessTheFileSaysSo)
{
    auto plain = request();
    EXPECT_FALSE(compare_with_others(plain, fields_));
    EXPECT_EQ(plain.same, nullptr);
}

TEST_F(SameRequestTest, TellsRequestsByMethodPathAndBody)
{
    const auto one = keyed("k");
    EXPECT_EQ(one.same->request, keyed("k").same->request);
    EXPECT_NE(one.same->request, keyed("k", "{ }").same->request);
    auto elsewhere = request("{}");
    elsewhere.suffix = "/completions";
    elsewhere.same = std::make_unique<SameRequest>();
    EXPECT_TRUE(compare_with_others(elsewhere, fields_));
    EXPECT_NE(one.same->request, elsewhere.same->request);
}

TEST_F(SameRequestTest, KeepsTheKeysOfTwoCallersApart)
{
    auto other = request("{}");
    other.arrival.caller.key_hash = "other";
    other.same = std::make_unique<SameRequest>();
    other.same->idempotency_key = "k";
    EXPECT_TRUE(compare_with_others(other, fields_));
    EXPECT_NE(keyed("k").same->key, other.same->key);
    EXPECT_EQ(keyed("k").same->key, keyed("k", "{ }").same->key);
}

TEST_F(SameRequestTest, TellsRequestsByWhatNarrowsWhereTheyMayGo)
{
    const auto plain = keyed("k").same->request;
    EXPECT_NE(plain, with_header("x-spillway-boundary", "local"));
    EXPECT_NE(plain, with_header("X-Spillway-Prefer", "cheap"));
    EXPECT_NE(plain, with_header("x-spillway-max-cost", "0.01"));
    EXPECT_NE(with_header("x-spillway-max-cost", "0.01"), with_header("x-spillway-max-cost", "1"));
    EXPECT_EQ(plain, with_header("user-agent", "curl/8"));
    auto granted = request("{}");
    auto grant = std::make_shared<chat::Grant>();
    grant->stay_local = true;
    granted.arrival.caller.grant = grant;
    granted.same = std::make_unique<SameRequest>();
    granted.same->idempotency_key = "k";
    EXPECT_TRUE(compare_with_others(granted, fields_));
    EXPECT_NE(plain, granted.same->request);
    snapshot_ = nullptr;
    config_.privacy.local_keys = {"caller"};
    EXPECT_NE(plain, keyed("k").same->request);
}

TEST_F(SameRequestTest, TellsRequestsByAllLinesOfAWish)
{
    const net::Field any{"x-spillway-boundary", "any"};
    const net::Field local{"X-Spillway-Boundary", "local"};
    const net::Field empty{"x-spillway-boundary", ""};
    const net::Field cost{"x-spillway-max-cost", "1"};
    EXPECT_NE(with_headers({any}), with_headers({any, local}));
    EXPECT_EQ(with_headers({local}), with_headers({empty, local}));
    EXPECT_NE(with_headers({cost, {"x-spillway-max-cost", "local"}}), with_headers({cost, local}));
}

TEST_F(SameRequestTest, TellsRequestsOfARouteByTheHeadersItLooksAt)
{
    config::Route route;
    route.name = "cloud";  // decides for the model that these requests name
    route.otherwise.use = {"cloud"};
    config::RouteRule legal;
    legal.name = "legal";
    legal.when.test = config::HeaderIs{"X-Team", {"legal"}};
    legal.action.use = {"fast-local"};
    legal.action.boundary = privacy::Boundary::local;
    route.rules = {legal};
    config_.routes = {route};
    const auto plain = keyed("k").same->request;
    EXPECT_NE(plain, with_header("x-team", "legal"));
    EXPECT_EQ(plain, with_header("user-agent", "curl/8"));
    snapshot_ = nullptr;
    config_.routes[0].rules[0].when.test = config::ClientIs{{config::ClientKind::unknown}};
    EXPECT_NE(plain, with_header("user-agent", "curl/8"));
}

TEST_F(SameRequestTest, CoalescesNoTwoKeysThatARouteTellsApart)
{
    config::Route route;
    route.name = "cloud";
    route.otherwise.use = {"cloud"};
    config::RouteRule own;
    own.name = "own";
    own.when.test = config::IdentityIs{config::Identity::key, {"caller"}};
    own.action.use = {"fast-local"};
    own.action.boundary = privacy::Boundary::local;
    route.rules = {own};
    config_.routes = {route};
    config_.coalescing.enabled = config_.coalescing.across_keys = true;
    auto one = request();
    auto other = request();
    other.arrival.caller.key_hash = "other";
    EXPECT_TRUE(compare_with_others(one, fields_));
    EXPECT_TRUE(compare_with_others(other, fields_));
    EXPECT_NE(one.same->key, other.same->key);
}

TEST_F(SameRequestTest, CoalescesOnlyAtTemperatureZero)
{
    config_.coalescing.enabled = true;
    for (const std::string zero : {"0", "0.0", "0e3", "-0"}) {
        const auto body = R"({"temperature":)" + zero + "}";
        auto cold = request(body);
        EXPECT_TRUE(compare_with_others(cold, fields_)) << zero;
        EXPECT_EQ(cold.same->by, SameRequest::By::coalescing);
    }
    for (const std::string body :
         {R"({"temperature":0.1})", R"({"temperature":null})", R"({"temperature":"0"})", "{}"}) {
        auto warm = request(body);
        EXPECT_FALSE(compare_with_others(warm, fields_)) << body;
    }
}

TEST_F(SameRequestTest, CoalescesTheModelsThatTheFileNames)
{
    config_.coalescing.enabled = true;
    config_.coalescing.models = {"fast-local"};
    auto cloud = request();
    EXPECT_FALSE(compare_with_others(cloud, fields_));
}

TEST_F(SameRequestTest, CoalescesAcrossKeysOnlyWhereTheFileSaysSo)
{
    const auto key_for = [this](std::string_view caller) {
        auto cold = request();
        cold.arrival.caller.key_hash = caller;
        EXPECT_TRUE(compare_with_others(cold, fields_));
        return cold.same->key;
    };
    config_.coalescing.enabled = true;
    EXPECT_NE(key_for("a"), key_for("b"));
    snapshot_ = nullptr;
    config_.coalescing.across_keys = true;
    EXPECT_EQ(key_for("a"), key_for("b"));
}

TEST_F(SameRequestTest, NotesWhatTheClientGetsUpToItsBound)
{
    guard::Replays replays;
    auto decision = replays.ask("k", "r", nullptr, WallTime{}, Millis{1'000});
    SameRequest same;
    same.lead.emplace(std::move(std::get<guard::Replays::Lead>(decision)));
    same.most_bytes = 8;
    same.add("1234");
    same.add("5678");
    EXPECT_EQ(same.body, "12345678");
    same.add("9");
    EXPECT_TRUE(same.too_large);
    EXPECT_EQ(same.body, "");
}

}  // namespace
}  // namespace spillway::gateway
