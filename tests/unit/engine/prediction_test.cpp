#include "spillway/engine/prediction.hpp"

#include <gtest/gtest.h>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

TEST(Prediction, MissesByWhatItIsOff)
{
    const auto late = miss(2s, 3s);
    EXPECT_EQ(late.error, 1s);
    EXPECT_EQ(late.size, 1s);
    EXPECT_DOUBLE_EQ(late.ratio, 1.5);
    const auto early = miss(3s, 1'500ms);
    EXPECT_EQ(early.error, -1'500ms);
    EXPECT_EQ(early.size, 1'500ms);
    EXPECT_DOUBLE_EQ(early.ratio, 0.5);
    EXPECT_DOUBLE_EQ(miss(0ms, 40ms).ratio, 1);
}

TEST(Prediction, KeepsMeanErrors)
{
    PredictionError errors;
    EXPECT_EQ(errors.count(), 0U);
    EXPECT_EQ(errors.bias(), 0ms);
    for (int i = 0; i < 400; ++i)
        errors.record(2s, i % 2 == 0 ? 1s : 3s);
    EXPECT_EQ(errors.count(), 400U);
    EXPECT_NEAR(static_cast<double>(errors.bias().count()), 0, 20);
    EXPECT_NEAR(static_cast<double>(errors.mean_size().count()), 1'000, 20);
}

}  // namespace
}  // namespace spillway::engine
