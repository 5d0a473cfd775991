#include "spillway/score/train.hpp"

#include <gtest/gtest.h>

#include "made_up.hpp"
#include "spillway/score/score.hpp"

namespace spillway::score {
namespace {

TEST(Train, FindsTheSignal)
{
    const auto rows = made_up_rows(250, 0.8);
    const auto trained = train(rows, {});
    ASSERT_TRUE(trained) << trained.error().message();
    EXPECT_GT(trained->report.cross_validated.low, 0.6);
    const auto fresh = made_up_rows(400, 0.8, 99);
    EXPECT_GT(apgr_interval(judge(trained->weights, fresh)).low, 0.6);
}

TEST(Train, FindsNothingInNoise)
{
    TrainOptions options;
    options.validation = Validation::nested;
    const auto trained = train(made_up_rows(200, 0), options);
    ASSERT_TRUE(trained);
    ASSERT_TRUE(trained->report.nested);
    EXPECT_LT(trained->report.nested->low, 0.5);
}

TEST(Train, IsTheSameEveryTime)
{
    const auto rows = made_up_rows(150, 0.5);
    EXPECT_EQ(serialise(train(rows, {})->weights), serialise(train(rows, {})->weights));
}

TEST(Train, AgreesWithTheScoreItsFileGives)
{
    const auto rows = made_up_rows(200, 0.8);
    const auto trained = train(rows, {});
    const auto read = parse_weights(serialise(trained->weights));
    ASSERT_TRUE(read);
    for (const auto& row : rows)
        ASSERT_EQ(score(trained->weights, row.features).gain, score(*read, row.features).gain);
}

TEST(Train, HasFewAbstentionsAmongItsOwnKindOfPrompts)
{
    const auto trained = train(made_up_rows(300, 0.5), {});
    int abstained = 0;
    for (const auto& row : made_up_rows(300, 0.5, 5))
        abstained += score(trained->weights, row.features).abstention != Abstention::none ? 1 : 0;
    EXPECT_LE(abstained, 3);
}

TEST(Train, CountsARowAsOftenAsItsWeight)
{
    auto rows = made_up_rows(200, 0.6);
    for (auto& row : rows) {
        row.weak = 1;
        row.strong = 1;
    }
    rows[0].weak = 0;
    rows[0].weight = 201;
    const auto trained = train(rows, {});
    ASSERT_TRUE(trained);
    EXPECT_NEAR(trained->report.weak, 199.0 / 400.0, 1e-6);
}

TEST(Train, LearnsTheSystemPromptOfATask)
{
    Extractor extractor;
    auto rows = made_up_rows(200, 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const bool hard = i % 2 == 0;
        rows[i].features.system_hash = hard ? 0x1234 : 0x4321;
        rows[i].weak = hard ? 0 : 1;
        rows[i].strong = 1;
    }
    const auto trained = train(rows, {});
    ASSERT_TRUE(trained);
    EXPECT_GT(trained->report.cross_validated.low, 0.7);
}

TEST(Train, RefusesWhatCannotTeach)
{
    EXPECT_FALSE(train(made_up_rows(fewest_rows - 1, 0.5), {}));
    auto rows = made_up_rows(100, 0.5);
    rows[7].weak = 1.5F;
    EXPECT_FALSE(train(rows, {}));
    rows[7].weak = 0;
    rows[7].weight = 0;
    EXPECT_FALSE(train(rows, {}));
}

}  // namespace
}  // namespace spillway::score
