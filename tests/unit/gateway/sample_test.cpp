#include "spillway/gateway/sample.hpp"

#include <gtest/gtest.h>

#include <random>

#include "spillway/gateway/compare.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

config::Config comparing_config()
{
    auto config = testing::small_config();
    config::Route route;
    route.name = "auto";
    route.otherwise.use = {"fast-local", "cloud"};
    route.shadow.emplace();
    route.shadow->group = "cloud";
    route.shadow->share = config::Share{1};
    config.routes.push_back(std::move(route));
    return config;
}

class Sampling : public ::testing::Test {
protected:
    /// A chat request that nothing holds back.
    InferenceRequest request() const
    {
        InferenceRequest request;
        request.arrival.snapshot = snapshot_;
        request.arrival.endpoint = chat::Endpoint::chat;
        request.body = R"({"model":"auto"})";
        return request;
    }
    Described described() const
    {
        Described out;
        out.route = &snapshot_->rules.book.routes()[0];
        out.scanned = true;
        return out;
    }
    std::optional<GroupIndex> second(const std::string& served) const
    {
        const auto& table = snapshot_->table;
        const auto place = second_place(snapshot_->rules.book.routes()[0].source(),
                                        table.resolve(served)->group, table);
        return place ? std::optional(place->group) : std::nullopt;
    }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_ = testing::snapshot_of(comparing_config(), metrics_);
};

TEST(Draws, FallIntoTheShareEvenly)
{
    std::mt19937_64 chance(20261130);
    for (const double share : {0.0, 0.01, 0.02, 0.5, 1.0}) {
        constexpr int draws = 200'000;
        int drawn = 0;
        std::array<int, 10> by_tenth{};
        for (int i = 0; i < draws; ++i)
            if (is_drawn(share, chance())) {
                ++drawn;
                ++by_tenth[static_cast<std::size_t>(i) * 10 / draws];
            }
        EXPECT_NEAR(static_cast<double>(drawn) / draws, share, 0.004) << share;
        for (const int tenth : by_tenth)
            EXPECT_NEAR(tenth, share * draws / 10, 0.02 * draws / 10) << share;
    }
}

TEST_F(Sampling, AComparedRequestCarriesWhatItsShadowNeeds)
{
    auto plain = request();
    const auto sample = draw_sample(plain, described(), {}, 0);
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->request(), plain.body);
    EXPECT_GE(sample->body.size(), plain.body.size() + 64);
    EXPECT_FALSE(sample->features.empty());
}

TEST_F(Sampling, NothingIsShownToASecondModelThatNobodyLookedThrough)
{
    for (const auto content :
         {config::Content::images, config::Content::audio, config::Content::files}) {
        auto unread = described();
        unread.features.content.add(content);
        EXPECT_FALSE(draw_sample(request(), unread, {}, 0));
    }
    auto tools = described();
    tools.features.content.add(config::Content::tools);
    EXPECT_TRUE(draw_sample(request(), tools, {}, 0));
}

TEST_F(Sampling, WhatAClientWishesHoldsForItsShadow)
{
    auto wishes = described();
    wishes.features.prefer = route::Preference::local;
    EXPECT_FALSE(draw_sample(request(), wishes, {}, 0));
    wishes.features.prefer = route::Preference::cheap;
    EXPECT_TRUE(draw_sample(request(), wishes, {}, 0));
    wishes.features.max_cost = NanoUsd{0};
    EXPECT_FALSE(draw_sample(request(), wishes, {}, 0));
}

TEST_F(Sampling, AKeyThatMayNotUseTheSecondModelIsNotShownToIt)
{
    struct Case {
        std::vector<std::string> models;
        std::uint32_t only_routes;
        bool drawn;
    };
    const std::vector<Case> table{
        {{"auto"}, 1, true}, {{"auto", "fast-local"}, 0, false}, {{"auto", "cloud"}, 0, true}};
    for (const auto& each : table) {
        auto grant = std::make_shared<chat::Grant>();
        grant->models.push_back({chat::ScopeKind::key, each.models});
        route::Plan plan;
        plan.limits.access.grant = grant;
        plan.limits.access.only_routes = each.only_routes;
        EXPECT_EQ(draw_sample(request(), described(), plan, 0) != nullptr, each.drawn)
            << each.models.back();
    }
}

TEST_F(Sampling, TheClientsIdempotencyKeyIsItsOwn)
{
    auto keyed = request();
    keyed.forwarded = "idempotency-key: abc\r\nopenai-beta: x\r\n";
    EXPECT_EQ(draw_sample(keyed, described(), {}, 0)->forwarded, "openai-beta: x\r\n");
}

TEST_F(Sampling, OnlyChatInJsonOfBoundedSizeIsCompared)
{
    const std::string large(largest_compared + 1, 'x');
    auto other = request();
    other.arrival.endpoint = chat::Endpoint::embeddings;
    EXPECT_FALSE(draw_sample(other, described(), {}, 0));
    other = request();
    other.form = BodyForm::multipart;
    EXPECT_FALSE(draw_sample(other, described(), {}, 0));
    other = request();
    other.body = large;
    EXPECT_FALSE(draw_sample(other, described(), {}, 0));
    auto unrouted = described();
    unrouted.route = nullptr;
    EXPECT_FALSE(draw_sample(request(), unrouted, {}, 0));
}

TEST_F(Sampling, NothingPrivateIsDrawnWhateverElseHolds)
{
    std::mt19937_64 chance(7);
    int drawn = 0;
    for (int i = 0; i < 20'000; ++i) {
        auto features = described();
        features.scanned = chance() % 2 == 0;
        if (chance() % 2 == 0)
            features.features.sensitive.add(
                static_cast<privacy::ClassId>(chance() % privacy::built_in_classes));
        if (chance() % 2 == 0)
            features.features.boundary = privacy::Boundary::local;
        features.features.prompt_upper = Tokens{static_cast<std::int64_t>(chance() % 100'000)};
        route::Plan plan;
        if (chance() % 2 == 0)
            plan.limits.boundary = privacy::Boundary::local;
        const bool open = features.scanned && features.features.sensitive.empty() &&
                          features.features.boundary == privacy::Boundary::any &&
                          plan.limits.boundary == privacy::Boundary::any;
        const bool taken = draw_sample(request(), features, plan, chance()) != nullptr;
        ASSERT_EQ(taken, open);
        drawn += taken ? 1 : 0;
    }
    EXPECT_GT(drawn, 1'000);
}

TEST_F(Sampling, AnAnswerThatIsTooLargeIsNotHeld)
{
    const auto sample = draw_sample(request(), described(), {}, 0);
    sample->keep(std::string(largest_compared, 'x'));
    EXPECT_EQ(sample->hold, Sample::Hold::all);
    sample->keep("y");
    EXPECT_EQ(sample->hold, Sample::Hold::too_large);
    EXPECT_TRUE(sample->answer.empty());
}

TEST_F(Sampling, TheSecondAnswerComesFromTheGroupThatDidNotServe)
{
    const auto& table = snapshot_->table;
    EXPECT_EQ(second("fast-local"), table.resolve("cloud")->group);
    EXPECT_EQ(second("cloud"), table.resolve("fast-local")->group);
}

TEST(Stronger, IsTheDearerOneElseTheRemoteOneElseTheShadow)
{
    using Role = config::ShadowRole;
    route::Deployment local;
    local.local = true;
    route::Deployment cheap;
    cheap.dearest_input = cheap.dearest_output = PicoUsdPerToken{1};
    route::Deployment dear;
    dear.dearest_input = dear.dearest_output = PicoUsdPerToken{2};
    const route::Deployment unpriced;
    EXPECT_EQ(stronger_of(Role::by_price, cheap, dear), Stronger::other);
    EXPECT_EQ(stronger_of(Role::by_price, dear, cheap), Stronger::shadow);
    EXPECT_EQ(stronger_of(Role::by_price, local, cheap), Stronger::other);
    EXPECT_EQ(stronger_of(Role::by_price, unpriced, local), Stronger::shadow);
    EXPECT_EQ(stronger_of(Role::by_price, local, unpriced), Stronger::other);
    EXPECT_EQ(stronger_of(Role::by_price, local, local), Stronger::shadow);
    EXPECT_EQ(stronger_of(Role::weak, dear, cheap), Stronger::other);
    EXPECT_EQ(stronger_of(Role::strong, cheap, dear), Stronger::shadow);
}

}  // namespace
}  // namespace spillway::gateway
