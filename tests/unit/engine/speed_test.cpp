#include "spillway/engine/speed.hpp"

#include <gtest/gtest.h>

namespace spillway::engine {
namespace {

TEST(Learned, BeginsWithItsGuess)
{
    const Learned speed(500);
    EXPECT_DOUBLE_EQ(speed.value(), 500);
    EXPECT_EQ(speed.samples(), 0U);
}

TEST(Learned, FollowsSamplesFarFromTheGuess)
{
    Learned speed(25);
    for (int i = 0; i < 8; ++i)
        speed.sample(200);
    EXPECT_NEAR(speed.value(), 200, 30);
}

TEST(Learned, IsNotMovedMuchByOneOutlier)
{
    Learned speed(25);
    for (int i = 0; i < 20; ++i)
        speed.sample(40);
    const auto before = speed.value();
    speed.sample(1e9);
    EXPECT_LT(speed.value(), before * 1.15);
    speed.sample(1e-9);
    EXPECT_GT(speed.value(), before * 0.85);
}

TEST(Learned, FollowsALastingChange)
{
    Learned speed(25);
    for (int i = 0; i < 100; ++i)
        speed.sample(100);
    for (int i = 0; i < 60; ++i)
        speed.sample(20);
    EXPECT_NEAR(speed.value(), 20, 3);
}

TEST(Learned, IgnoresWhatCannotBe)
{
    Learned speed(25);
    speed.sample(0);
    speed.sample(-3);
    speed.sample(std::numeric_limits<double>::quiet_NaN());
    speed.sample(std::numeric_limits<double>::infinity());
    speed.sample(50, 0);
    EXPECT_EQ(speed.samples(), 0U);
    EXPECT_DOUBLE_EQ(speed.value(), 25);
}

TEST(Learned, GivesALightSampleLittleWeight)
{
    Learned light(25);
    Learned heavy(25);
    light.sample(100, 0.05);
    heavy.sample(100, 1);
    EXPECT_LT(light.value(), heavy.value());
}

AnswerLengths of(std::int64_t tokens, int times)
{
    AnswerLengths lengths;
    for (int i = 0; i < times; ++i)
        lengths.sample(Tokens{tokens});
    return lengths;
}

TEST(AnswerLengths, LearnsWhatIsTypical)
{
    EXPECT_NEAR(static_cast<double>(count(of(1'000, 200).typical(std::nullopt))), 1'000, 250);
    EXPECT_NEAR(static_cast<double>(count(of(30, 200).typical(std::nullopt))), 30, 15);
}

TEST(AnswerLengths, BeginsModeratelyAndBelievesTheFirstAnswers)
{
    const AnswerLengths none;
    EXPECT_NEAR(static_cast<double>(count(none.typical(std::nullopt))), 190, 60);
    EXPECT_LE(count(none.typical(Tokens{20})), 20);
    EXPECT_LT(count(of(10, 3).typical(std::nullopt)), 70);
    EXPECT_GT(count(of(1'000, 3).typical(std::nullopt)), 600);
}

TEST(AnswerLengths, IsCutByTheWish)
{
    const auto lengths = of(1'000, 200);
    EXPECT_LE(count(lengths.typical(Tokens{64})), 64);
    EXPECT_EQ(count(lengths.beyond(Tokens{64}, Tokens{64})), 0);
    EXPECT_LE(count(lengths.beyond(Tokens{50}, Tokens{64}, 0.9)), 14);
}

TEST(AnswerLengths, ExpectsMoreOfWhatIsLongAlready)
{
    AnswerLengths lengths;
    for (int i = 0; i < 100; ++i)
        lengths.sample(Tokens{i % 2 == 0 ? 50 : 2'000});
    EXPECT_GT(count(lengths.beyond(Tokens{200}, std::nullopt)),
              count(lengths.beyond(Tokens{0}, std::nullopt)));
    // Beyond all that it has seen it goes on, but not for ever.
    const auto left = count(lengths.beyond(Tokens{100'000}, std::nullopt));
    EXPECT_GT(left, 0);
    EXPECT_LE(left, 100'000);
}

TEST(AnswerLengths, SharesAreInOrder)
{
    AnswerLengths lengths;
    for (int i = 1; i < 300; ++i)
        lengths.sample(Tokens{i * 7});
    std::int64_t last = 0;
    for (const double share : {0.1, 0.25, 0.5, 0.75, 0.9, 1.0}) {
        const auto left = count(lengths.beyond(Tokens{100}, std::nullopt, share));
        EXPECT_GE(left, last) << share;
        last = left;
    }
}

TEST(AnswerLengths, TakesAnyLength)
{
    AnswerLengths lengths;
    lengths.sample(Tokens{0});
    lengths.sample(Tokens{-1});
    lengths.sample(Tokens{std::numeric_limits<std::int64_t>::max()});
    EXPECT_GT(count(lengths.typical(std::nullopt)), 0);
}

}  // namespace
}  // namespace spillway::engine
