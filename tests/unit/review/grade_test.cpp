#include "spillway/review/grade.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace spillway::review {
namespace {

Answer says(std::string text)
{
    return {std::move(text), {}, "stop", {}};
}

TEST(Grades, AFaultOnOneSideDecides)
{
    const auto graded = grade(says(""), says("Paris."), {});
    EXPECT_EQ(graded.label, (Label{0, 1, 0.9F, Judge::checks}));
    EXPECT_EQ(graded.rest, Graded::Rest::settled);
    EXPECT_EQ(grade(says("Paris."), says(""), {}).label.weak, 1);
}

TEST(Grades, TwoFaultyAnswersAreBothBad)
{
    const auto label = grade(says(""), says(""), {}).label;
    EXPECT_EQ(label.weak, 0);
    EXPECT_EQ(label.strong, 0);
}

TEST(Grades, AgreementIsSettledAndDifferenceIsOpenForAJudge)
{
    const auto same = grade(says("The answer is B."), says("B"), {});
    EXPECT_EQ(same.label.weak, 1);
    EXPECT_EQ(same.rest, Graded::Rest::settled);
    const auto other = grade(says("C"), says("B"), {});
    EXPECT_EQ(other.label.weak, 0);
    EXPECT_EQ(other.label.strong, 1);
    EXPECT_LT(other.label.certainty, same.label.certainty);
    EXPECT_EQ(other.rest, Graded::Rest::open);
}

TEST(Grades, ProseThatDiffersSaysLittle)
{
    const auto graded =
        grade(says("Use a mutex around it."), says("A lock-free queue fits better."), {});
    EXPECT_LT(graded.label.certainty, 0.5F);
    EXPECT_EQ(graded.rest, Graded::Rest::open);
}

TEST(Judging, BothAnswersAreInTheRequestInTheDrawnOrder)
{
    const auto body = nlohmann::json::parse(
        judge_request("referee", "user: hi", "WEAK\xFF", "STRONG", Order::strong_first));
    EXPECT_EQ(body["model"], "referee");
    const auto question = body["messages"][1]["content"].get<std::string>();
    EXPECT_LT(question.find("STRONG"), question.find("WEAK"));
    EXPECT_NE(question.find("=== ANSWER A ===\nSTRONG"), std::string::npos);
}

TEST(Judging, VerdictsAreReadStrictly)
{
    using P = Preferred;
    EXPECT_EQ(read_verdict(R"({"better":"A"})", Order::weak_first), P::weak);
    EXPECT_EQ(read_verdict(R"({"better":"A"})", Order::strong_first), P::strong);
    EXPECT_EQ(read_verdict("```json\n{\"better\": \"B\"}\n```", Order::weak_first), P::strong);
    EXPECT_EQ(read_verdict(R"({"better":"tie"})", Order::weak_first), P::neither);
    for (const auto* words : {"A", "Answer A is better.", R"({"better":"a"})", R"({"better":1})",
                              R"({"better":"A","why":"x"})", R"([{"better":"A"}])", ""})
        EXPECT_FALSE(read_verdict(words, Order::weak_first)) << words;
}

TEST(Judging, AHumanIsSurerThanAModel)
{
    EXPECT_GT(label_of(Preferred::weak, Judge::human).certainty,
              label_of(Preferred::weak, Judge::model).certainty);
    EXPECT_EQ(label_of(Preferred::neither, Judge::human).strong, 1);
}

}  // namespace
}  // namespace spillway::review
