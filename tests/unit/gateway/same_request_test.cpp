#include "spillway/gateway/same_request.hpp"

#include <gtest/gtest.h>

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
        EXPECT_TRUE(compare_with_others(made));
        return made;
    }

    observe::Metrics metrics_;
    config::Config config_ = testing::small_config();
    std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(SameRequestTest, ComparesNoRequestWithoutAKeyUnlessTheFileSaysSo)
{
    auto plain = request();
    EXPECT_FALSE(compare_with_others(plain));
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
    EXPECT_TRUE(compare_with_others(elsewhere));
    EXPECT_NE(one.same->request, elsewhere.same->request);
}

TEST_F(SameRequestTest, KeepsTheKeysOfTwoCallersApart)
{
    auto other = request("{}");
    other.arrival.caller.key_hash = "other";
    other.same = std::make_unique<SameRequest>();
    other.same->idempotency_key = "k";
    EXPECT_TRUE(compare_with_others(other));
    EXPECT_NE(keyed("k").same->key, other.same->key);
    EXPECT_EQ(keyed("k").same->key, keyed("k", "{ }").same->key);
}

TEST_F(SameRequestTest, CoalescesOnlyAtTemperatureZero)
{
    config_.coalescing.enabled = true;
    for (const std::string zero : {"0", "0.0", "0e3", "-0"}) {
        const auto body = R"({"temperature":)" + zero + "}";
        auto cold = request(body);
        EXPECT_TRUE(compare_with_others(cold)) << zero;
        EXPECT_EQ(cold.same->by, SameRequest::By::coalescing);
    }
    for (const std::string body :
         {R"({"temperature":0.1})", R"({"temperature":null})", R"({"temperature":"0"})", "{}"}) {
        auto warm = request(body);
        EXPECT_FALSE(compare_with_others(warm)) << body;
    }
}

TEST_F(SameRequestTest, CoalescesTheModelsThatTheFileNames)
{
    config_.coalescing.enabled = true;
    config_.coalescing.models = {"fast-local"};
    auto cloud = request();
    EXPECT_FALSE(compare_with_others(cloud));
}

TEST_F(SameRequestTest, CoalescesAcrossKeysOnlyWhereTheFileSaysSo)
{
    const auto key_for = [this](std::string_view caller) {
        auto cold = request();
        cold.arrival.caller.key_hash = caller;
        EXPECT_TRUE(compare_with_others(cold));
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
