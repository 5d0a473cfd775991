#include "spillway/score/learn.hpp"

#include <gtest/gtest.h>

#include "made_up.hpp"

namespace spillway::score {
namespace {

Learned learned_from(const std::vector<LabelledRow>& rows)
{
    auto learned = learn(rows, *shipped_weights(), {});
    EXPECT_TRUE(learned);
    return std::move(*learned);
}

TEST(Learn, ActivatesWhatIsSurelyBetterThanChance)
{
    const auto learned = learned_from(made_up_rows(250, 0.8));
    EXPECT_EQ(learned.verdict, Verdict::activate) << describe(learned.verdict);
    EXPECT_GE(learned.lower_bound, least_lower_bound);
    ASSERT_TRUE(learned.trained);
    EXPECT_TRUE(learned.trained->report.nested);
}

TEST(Learn, RefusesWhatMayBeChance)
{
    const auto learned = learned_from(made_up_rows(200, 0));
    EXPECT_EQ(learned.verdict, Verdict::not_certain);
    EXPECT_FALSE(learned.may_activate());
    EXPECT_TRUE(learned.trained) << "the report is worth reading all the same";
}

TEST(Learn, RefusesTooFewComparisons)
{
    EXPECT_EQ(learned_from(made_up_rows(fewest_comparisons - 1, 0.8)).verdict,
              Verdict::too_few_rows);
}

TEST(Learn, SeesWhenTheStrongModelIsNoBetter)
{
    auto rows = made_up_rows(200, 0.5);
    for (auto& row : rows)
        row.strong = 0;
    EXPECT_EQ(learned_from(rows).verdict, Verdict::no_gap);
}

TEST(Learn, KeepsWeightsThatDoBetter)
{
    const auto rows = made_up_rows(200, 0.9);
    const auto current = train(rows, {});  // has seen these very rows
    ASSERT_TRUE(current);
    const auto learned = learn(rows, current->weights, {});
    ASSERT_TRUE(learned);
    EXPECT_EQ(learned->verdict, Verdict::current_better);
}

TEST(Learn, SaysItsVerdictInASentence)
{
    for (const auto verdict : {Verdict::activate, Verdict::too_few_rows, Verdict::no_gap,
                               Verdict::not_certain, Verdict::current_better})
        EXPECT_FALSE(describe(verdict).empty());
}

}  // namespace
}  // namespace spillway::score
