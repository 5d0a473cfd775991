#include "spillway/score/share_tracker.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace spillway::score {
namespace {

Weights calibrated()
{
    Weights weights;
    for (int i = 0; i <= 1000; ++i)
        weights.quantiles.push_back(0.1F + 0.3F * std::sin(static_cast<float>(i - 500) / 320.0F));
    return weights;
}

/// Kinds of traffic, all unlike the training prompts.
class Traffic {
public:
    static constexpr int kinds = 7;

    float next(int kind)
    {
        switch (kind) {
            case 0:  // like training
                return weights_.quantile(uniform());
            case 1:  // all hard
                return 0.9F + 0.05F * normal();
            case 2:  // all easy
                return -0.8F + 0.02F * normal();
            case 3:  // one template
                return 0.3F;
            case 4:  // two kinds
                return (uniform() < 0.15F ? 0.8F : -0.3F) + 0.01F * normal();
            case 5:  // hardly any spread
                return 0.1F + 0.001F * normal();
            default:  // few values
                return std::floor(uniform() * 4) / 4;
        }
    }

private:
    // Own draws: those of the standard library differ between platforms.
    float uniform() { return static_cast<float>(engine_() >> 40U) / static_cast<float>(1U << 24U); }
    float normal() { return 3.46F * (uniform() + uniform() + uniform() - 1.5F); }

    Weights weights_ = calibrated();
    std::mt19937_64 engine_{7};
};

double share_of(ShareTracker& tracker, Traffic& traffic, int kind, int requests)
{
    int taken = 0;
    for (int i = 0; i < requests; ++i)
        taken += tracker.take(traffic.next(kind)) ? 1 : 0;
    return static_cast<double>(taken) / requests;
}

TEST(ShareTracker, HoldsItsShareWithinThreePointsAfterEveryShift)
{
    Traffic traffic;
    for (const float share : {0.02F, 0.05F, 0.1F, 0.2F, 0.3F, 0.5F, 0.8F}) {
        for (int from = 0; from < Traffic::kinds; ++from) {
            for (int to = 0; to < Traffic::kinds; ++to) {
                ShareTracker tracker({share, std::min(1.0F, share + 0.1F), 20}, calibrated());
                (void)share_of(tracker, traffic, from, 700);
                EXPECT_NEAR(share_of(tracker, traffic, to, 500), share, 0.03) << from << to;
                EXPECT_NEAR(share_of(tracker, traffic, to, 500), share, 0.03) << from << to;
            }
        }
    }
}

TEST(ShareTracker, TakesTheGreatestGains)
{
    Traffic traffic;
    ShareTracker tracker({0.2F, 0.3F, 20}, calibrated());
    const float ideal = calibrated().quantile(0.8F);
    int right = 0;
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
        const float gain = traffic.next(0);
        if (!tracker.take(gain))
            continue;
        ++taken;
        right += gain > ideal ? 1 : 0;
    }
    EXPECT_GT(right, taken * 8 / 10);
}

TEST(ShareTracker, NeverExceedsItsCapByMoreThanTheBurst)
{
    Traffic traffic;
    const ShareTarget target{0.3F, 0.3F, 10};
    ShareTracker tracker(target, calibrated());
    int taken = 0;
    for (int i = 1; i <= 5000; ++i) {
        taken += tracker.take(traffic.next(i / 700)) ? 1 : 0;
        ASSERT_LE(taken, 0.3 * i + 10 + 1e-3) << i;
    }
}

TEST(ShareTracker, SendsNothingAtZeroAndEverythingAtOne)
{
    Traffic traffic;
    ShareTracker none({0, 0, 20}, calibrated());
    ShareTracker all({1, 1, 20}, calibrated());
    (void)share_of(none, traffic, 0, 300);
    (void)share_of(all, traffic, 0, 300);
    EXPECT_EQ(share_of(none, traffic, 0, 500), 0);
    EXPECT_EQ(share_of(all, traffic, 0, 500), 1);
}

TEST(ShareTracker, StaysInOrderWhateverComesIn)
{
    ShareTracker tracker({0.2F, 0.3F, 20}, calibrated());
    for (const float odd :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1e30F})
        (void)tracker.take(odd);
    Traffic traffic;
    (void)share_of(tracker, traffic, 0, 300);
    EXPECT_NEAR(share_of(tracker, traffic, 0, 500), 0.2, 0.03);
}

TEST(ShareTracker, GoesOnAfterARestartAsIfThereWereNone)
{
    Traffic traffic;
    ShareTracker tracker({0.2F, 0.3F, 20}, calibrated());
    (void)share_of(tracker, traffic, 4, 333);
    auto restored = ShareTracker::parse(tracker.serialise());
    ASSERT_TRUE(restored) << restored.error().message();
    for (int i = 0; i < 1000; ++i) {
        const float gain = traffic.next(i % Traffic::kinds);
        ASSERT_EQ(restored->take(gain), tracker.take(gain)) << i;
    }
}

TEST(ShareTracker, RefusesADamagedState)
{
    const auto state = ShareTracker({0.2F, 0.3F, 20}, calibrated()).serialise();
    for (std::size_t length = 0; length < state.size(); length += 7)
        EXPECT_FALSE(ShareTracker::parse(state.substr(0, length))) << length;
    EXPECT_FALSE(ShareTracker::parse(state + " 1"));
    EXPECT_FALSE(ShareTracker::parse("share-tracker-1 0.5 0.2 20 0 0"));
}

TEST(WorthIt, WeighsGainAgainstPrice)
{
    EXPECT_TRUE(worth_it(0.2, NanoUsd{1'000'000}, NanoUsd{10'000'000}));
    EXPECT_FALSE(worth_it(0.05, NanoUsd{1'000'000}, NanoUsd{10'000'000}));
    EXPECT_FALSE(worth_it(-0.5, NanoUsd{0}, NanoUsd{10'000'000}));
}

}  // namespace
}  // namespace spillway::score
