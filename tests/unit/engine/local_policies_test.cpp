#include <gtest/gtest.h>

#include <chrono>

#include "bench/local_policies_scenes.hpp"

/// The targets of bench/local_policies, on a shorter run of the same scenes. Virtual time: the same
/// figures on any machine.
namespace local_policies {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seed = 3;

TEST(LocalPolicies, PredictedWaitIsSoonerThanErrorsAndCheaperThanCounting)
{
    const auto engine = two_models_one_card();
    const CloudScript cloud;
    const auto requests = make_traffic(chats_and_code(2'400), engine, 1.5, seed);
    const auto error = run(engine, cloud, requests, policy(Policy::Kind::on_error), seed);
    // With the shorter patience the only count that is as quick is none at all.
    for (const auto patience : {5s, 12s}) {
        auto predicted = policy(Policy::Kind::predicted);
        predicted.patience.first_token = patience;
        const auto ours = run(engine, cloud, requests, predicted, seed);
        EXPECT_EQ(ours.failed, 0U);
        EXPECT_LE(ours.p99 * 3, error.p99);
        const auto rival = cheapest_in_flight(engine, cloud, requests, ours.p99, 1, seed);
        ASSERT_TRUE(rival) << "all to the cloud is one of them";
        EXPECT_LE(ours.dollars * 3, rival->result.dollars * 2);
    }
}

TEST(LocalPolicies, AlternatingModelsAreLoadedSeldom)
{
    const auto engine = two_models_one_card();
    for (const double gap : {1, 2, 3}) {
        const auto requests = alternating(gap, 600 * gap, seed);
        const auto first_come = run(engine, {}, requests, policy(Policy::Kind::local_only), seed);
        const auto ours = run(engine, {}, requests, policy(Policy::Kind::predicted_local), seed);
        EXPECT_EQ(ours.failed, 0U);
        EXPECT_LE(ours.loads * 4, first_come.loads) << gap;
        EXPECT_LT(ours.p99, first_come.p99);
    }
}

/// Who goes to the cloud while its model is cold has it loaded, and must not do so in turn.
TEST(LocalPolicies, AlternatingModelsAreLoadedNoMoreThanOnceATurnBesideACloud)
{
    const auto engine = two_models_one_card();
    constexpr double seconds = 900;
    for (const double gap : {0.5, 1.0, 2.0, 5.0}) {
        for (const auto patience : {1s, 2s, 5s}) {
            auto predicted = policy(Policy::Kind::predicted);
            predicted.patience.first_token = patience;
            const auto requests = alternating(gap, seconds, seed);
            const auto result = run(engine, {}, requests, predicted, seed);
            EXPECT_LE(static_cast<double>(result.loads), seconds / 30 + 2)
                << gap << " s, patience " << patience.count() << " s";
            EXPECT_LE(result.cloud_share(), 0.6);
        }
    }
}

TEST(LocalPolicies, NobodyIsLost)
{
    const auto engine = one_model();
    const auto requests = make_traffic(chats(900), engine, 3, seed);
    for (const auto kind : {Policy::Kind::on_error, Policy::Kind::predicted}) {
        const auto result = run(engine, {}, requests, policy(kind), seed);
        EXPECT_EQ(result.requests, requests.size());
        EXPECT_EQ(result.failed, 0U);
        EXPECT_EQ(result.answered, requests.size());
    }
}

}  // namespace
}  // namespace local_policies
