#include "spillway/tokens/estimator.hpp"

#include <gtest/gtest.h>

#include "known_counts.hpp"

namespace spillway::tokens {
namespace {

TEST(Estimator, IsNearTheTruth)
{
    for (const auto& [text, o200k, cl100k] : known) {
        const auto near = [&](Family family, std::int64_t truth) {
            const auto counted =
                static_cast<double>(count(Estimator(family).estimate(text).tokens));
            EXPECT_NEAR(counted / static_cast<double>(truth), 1, 0.3) << text;
        };
        near(Family::o200k, o200k);
        near(Family::cl100k, cl100k);
    }
}

TEST(Estimator, HasAnUpperEndThatHolds)
{
    for (const auto& [text, o200k, cl100k] : known) {
        EXPECT_GE(count(Estimator(Family::o200k).estimate(text).upper), o200k) << text;
        EXPECT_GE(count(Estimator(Family::cl100k).estimate(text).upper), cl100k) << text;
    }
}

TEST(Estimator, SaysThatItEstimated)
{
    EXPECT_EQ(Estimator(Family::qwen).estimate("Hello").certainty, Certainty::estimated);
}

TEST(Estimator, CountsNothingExactly)
{
    EXPECT_EQ(Estimator(Family::generic).estimate(""), exactly(Tokens{0}));
}

TEST(Estimator, NeverPutsTheUpperEndBelowTheCount)
{
    for (std::size_t i = 0; i < byte_class_count; ++i) {
        ByteClasses classes;
        classes.add(static_cast<ByteClass>(i), 1000);
        for (std::size_t family = 0; family < family_count; ++family) {
            const Count count = Estimator(static_cast<Family>(family)).estimate(classes);
            EXPECT_GE(count.upper, count.tokens) << i;
        }
    }
}

TEST(Estimator, WidensTheBandOfFamiliesThatNobodyMeasured)
{
    const ByteClasses classes = classify(known[0].text);
    const auto band = [&](Family family) {
        const Count estimated = Estimator(family).estimate(classes);
        return static_cast<double>(count(estimated.upper)) /
               static_cast<double>(count(estimated.tokens));
    };
    EXPECT_GT(band(Family::claude), band(Family::cl100k));
    EXPECT_GT(band(Family::generic), band(Family::llama3));
}

TEST(Count, OfTwoPartsIsExactOnlyWhenBothAre)
{
    const Count estimated{Tokens{10}, Tokens{13}, Certainty::estimated};
    EXPECT_EQ(estimated + exactly(Tokens{4}),
              (Count{Tokens{14}, Tokens{17}, Certainty::estimated}));
    EXPECT_EQ(exactly(Tokens{1}) + exactly(Tokens{2}), exactly(Tokens{3}));
}

}  // namespace
}  // namespace spillway::tokens
