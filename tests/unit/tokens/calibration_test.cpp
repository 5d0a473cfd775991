#include "spillway/tokens/calibration.hpp"

#include <gtest/gtest.h>

namespace spillway::tokens {
namespace {

const Count thousand{Tokens{1000}, Tokens{1200}, Certainty::estimated};

Calibration after(int reports, std::int64_t reported)
{
    Calibration calibration;
    for (int i = 0; i < reports; ++i)
        calibration.observe(Tokens{1000}, Tokens{reported});
    return calibration;
}

TEST(Calibration, ChangesNothingBeforeTheFirstReport)
{
    EXPECT_EQ(Calibration{}.apply(thousand), thousand);
    EXPECT_EQ(Calibration{}.factor(), 1);
}

TEST(Calibration, ConvergesOnASteadyRatio)
{
    EXPECT_NEAR(after(100, 1300).factor(), 1.3, 0.03);
    EXPECT_NEAR(after(100, 700).factor(), 0.7, 0.03);
}

TEST(Calibration, MovesCarefullyAtFirst)
{
    EXPECT_GT(after(1, 1500).factor(), 1.02);
    EXPECT_LT(after(1, 1500).factor(), 1.15);
}

TEST(Calibration, IsNotMovedByAFewOddReports)
{
    Calibration calibration = after(90, 1000);
    for (int i = 0; i < 10; ++i)
        calibration.observe(Tokens{1000}, Tokens{50'000});
    EXPECT_NEAR(calibration.factor(), 1.0, 0.03);
}

TEST(Calibration, NarrowsTheBandOnceEnoughWasSeen)
{
    const Count few = after(5, 1000).apply(thousand);
    EXPECT_GE(few.upper, Tokens{1200});
    const Count many = after(200, 1000).apply(thousand);
    EXPECT_LT(many.upper, Tokens{1060});
    EXPECT_GE(many.upper, many.tokens);
}

TEST(Calibration, WidensTheBandWhereReportsScatter)
{
    Calibration calibration;
    for (int i = 0; i < 200; ++i)
        calibration.observe(Tokens{1000}, Tokens{i % 10 == 0 ? 1800 : 1000});
    EXPECT_GT(calibration.apply(thousand).upper, Tokens{1700});
}

TEST(Calibration, LeavesExactCountsAlone)
{
    EXPECT_EQ(after(100, 2000).apply(exactly(Tokens{10})), exactly(Tokens{10}));
}

TEST(Calibration, LearnsNothingFromMissingNumbers)
{
    Calibration calibration;
    calibration.observe(Tokens{0}, Tokens{10});
    calibration.observe(Tokens{10}, Tokens{0});
    calibration.observe(Tokens{10}, Tokens{-1});
    EXPECT_EQ(calibration, Calibration{});
}

TEST(Calibration, LearnsNothingFromWhatNoTokenizerExplains)
{
    for (const std::int64_t reported : {1, 346, 499, 4'001, 50'000})
        EXPECT_EQ(after(80, reported), Calibration{}) << reported;
    for (const std::int64_t reported : {500, 600, 3'000, 4'000})
        EXPECT_EQ(after(80, reported).weight(), 320U) << reported;
    EXPECT_NEAR(after(400, 500).factor(), 0.5, 0.02);
}

TEST(Calibration, NeverPutsTheUpperEndBelowTheEstimate)
{
    for (const int reports : {1, 20, 80, 800})
        for (const std::int64_t reported : {500, 700, 950})
            EXPECT_GE(after(reports, reported).apply(thousand).upper, thousand.tokens)
                << reports << " of " << reported;
}

TEST(CalibrationRow, LeavesOutWhatIsNotLearnedAnyLonger)
{
    EXPECT_EQ(*Calibration::from_row("1;0:320,23:8"), Calibration{});
    EXPECT_EQ(Calibration::from_row("1;0:320,24:8")->weight(), 8U);
}

TEST(Calibration, ForgetsWhatWasLongAgo)
{
    Calibration calibration = after(5'000, 1000);
    for (int i = 0; i < 2'000; ++i)
        calibration.observe(Tokens{1000}, Tokens{1500});
    EXPECT_NEAR(calibration.factor(), 1.5, 0.05);
    EXPECT_LE(calibration.weight(), 4'096U);
}

TEST(Calibration, OfTwoProcessesAddsUp)
{
    Calibration sum = after(20, 1300);
    sum += after(20, 1300);
    EXPECT_EQ(sum, after(40, 1300));
}

TEST(CalibrationRow, BringsTheSameBack)
{
    Calibration calibration = after(30, 1300);
    calibration.observe(Tokens{500}, Tokens{90});
    const auto read = Calibration::from_row(calibration.to_row());
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, calibration);
    EXPECT_EQ(*Calibration::from_row("1;"), Calibration{});
}

TEST(CalibrationRow, RefusesWhatItDidNotWrite)
{
    for (const std::string_view row :
         {"", "2;1:1", "1;x", "1;96:1", "1;3", "1;3:", "1;3:70000", "1;3:1x", "1;-3:1"})
        EXPECT_FALSE(Calibration::from_row(row)) << row;
}

}  // namespace
}  // namespace spillway::tokens
