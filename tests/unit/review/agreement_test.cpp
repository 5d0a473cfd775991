#include "spillway/review/agreement.hpp"

#include <gtest/gtest.h>

namespace spillway::review {
namespace {

struct Row {
    const char* a;
    const char* b;
    Ground ground;
    double least;
    double most;
};

class Agreements : public ::testing::TestWithParam<Row> {};

TEST_P(Agreements, AreFoundOnTheirGround)
{
    const auto& row = GetParam();
    const auto found = agreement({row.a, {}, "stop", {}}, {row.b, {}, "stop", {}});
    EXPECT_EQ(found.ground, row.ground) << row.a << " | " << row.b;
    EXPECT_GE(found.share, row.least);
    EXPECT_LE(found.share, row.most);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Agreements,
    ::testing::Values(Row{R"({"a":1,"b":2})", "```json\n{\"b\": 2, \"a\": 1}\n```", Ground::json, 1,
                          1},
                      Row{R"({"a":1})", R"({"a":2})", Ground::json, 0, 0},
                      Row{"B", "The answer is (B).", Ground::choice, 1, 1},
                      Row{"B) because", "Answer: C", Ground::choice, 0, 0},
                      Row{"So 6 * 7 = 42.\n#### 42", "The answer is $42.00.", Ground::number, 1, 1},
                      Row{"42", "43", Ground::number, 0, 0},
                      Row{"\\boxed{1,200}", "1200", Ground::number, 1, 1},
                      Row{"A cat sat on the mat", "A cat sat on a mat", Ground::words, 0.8, 0.95},
                      Row{"Paris is the capital", "quantum field theory", Ground::words, 0, 0},
                      Row{"猫在垫子上", "猫在垫子上", Ground::words, 1, 1},
                      Row{"猫在垫子上", "狗在垫子上", Ground::words, 0.7, 0.9}));

TEST(Agreement, CallsAreComparedByNameAndMeaningInAnyOrder)
{
    const Answer one{"", {{"f", R"({"a":1,"b":2})"}, {"g", "{}"}}, "tool_calls", {}};
    const Answer other{"I call", {{"g", "{}"}, {"f", R"({"b":2, "a":1})"}}, "tool_calls", {}};
    EXPECT_EQ(agreement(one, other).ground, Ground::calls);
    EXPECT_EQ(agreement(one, other).share, 1);
    EXPECT_EQ(agreement(one, {"no call", {}, "stop", {}}).share, 0);
}

TEST(Agreement, IsTheSameFromBothSides)
{
    const Answer a{"one two three", {}, "stop", {}};
    const Answer b{"two three four five", {}, "stop", {}};
    EXPECT_EQ(agreement(a, b).share, agreement(b, a).share);
}

TEST(Results, AreNotGuessedFromProse)
{
    EXPECT_FALSE(stated_number("In 1999 there were 12 of them."));
    EXPECT_FALSE(stated_choice("A cat sat there."));
    EXPECT_FALSE(stated_choice("I'd say so."));
    EXPECT_EQ(stated_choice("Final answer: **D**"), 'D');
}

}  // namespace
}  // namespace spillway::review
