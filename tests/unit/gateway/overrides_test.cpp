#include "spillway/gateway/overrides.hpp"

#include <gtest/gtest.h>

#include <array>

#include "spillway/gateway/inference_request.hpp"

namespace spillway::gateway {
namespace {

class AClampedAnswer : public ::testing::Test {
protected:
    AClampedAnswer()
    {
        plan_.limits.answer_fit = config::AnswerFit::clamp;
        plan_.limits.answer = Tokens{900'000};
        plan_.limits.prompt = Tokens{1'000};
        deployment_.max_input_tokens = Tokens{4'000};
    }
    void sends(std::string_view name)
    {
        chat::Member member;
        member.key = name;
        facts_.members.push_back(member);
    }
    Overrides of() const
    {
        return overrides_of(plan_, facts_, deployment_, upstream_, wording_, std::nullopt);
    }

    route::Plan plan_;
    chat::RequestFacts facts_;
    route::Deployment deployment_;
    Upstream upstream_;
    route::Wording wording_ = route::Wording::openai;
};

TEST_F(AClampedAnswer, IsWhatTheWindowHasRoomFor)
{
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "3000"}}));
    plan_.limits.answer = Tokens{3'000};
    EXPECT_EQ(of(), Overrides{});
}

TEST_F(AClampedAnswer, IsNoLongerThanTheModelWrites)
{
    deployment_.max_output_tokens = Tokens{500};
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "500"}}));
    deployment_.max_input_tokens.reset();
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "500"}}));
    deployment_.max_output_tokens.reset();
    EXPECT_EQ(of(), Overrides{});
}

TEST_F(AClampedAnswer, KeepsTheClientsOwnName)
{
    sends("max_completion_tokens");
    EXPECT_EQ(of(), (Overrides{{"max_completion_tokens", "3000"}}));
    sends("max_tokens");
    EXPECT_EQ(of(), (Overrides{{"max_completion_tokens", "3000"}}));
}

TEST_F(AClampedAnswer, HasTheNameThatThePageKnows)
{
    wording_ = route::Wording::responses;
    EXPECT_EQ(of(), (Overrides{{"max_output_tokens", "3000"}}));
    plan_.parameters = {{"max_output_tokens", "900000"}};
    EXPECT_EQ(of(), (Overrides{{"max_output_tokens", "3000"}}));
    plan_.parameters.clear();
    wording_ = route::Wording::messages;
    sends("max_tokens");
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "3000"}}));
}

TEST(TheWordingOfAPage, IsKnownFromItsPathAndItsForm)
{
    struct Row {
        chat::Endpoint endpoint;
        std::string_view suffix;
        BodyForm form;
        route::Wording wording;
    };
    using chat::Endpoint;
    using route::Wording;
    constexpr std::array rows{
        Row{Endpoint::chat, "/chat/completions", BodyForm::json, Wording::openai},
        Row{Endpoint::embeddings, "/embeddings", BodyForm::json, Wording::openai},
        Row{Endpoint::other, "/responses", BodyForm::json, Wording::responses},
        Row{Endpoint::other, "/responses/compact", BodyForm::json, Wording::none},
        Row{Endpoint::other, "/responses?model=", BodyForm::none, Wording::none},
        Row{Endpoint::other, "/messages", BodyForm::json, Wording::messages},
        Row{Endpoint::other, "/messages?beta=true", BodyForm::json, Wording::messages},
        Row{Endpoint::other, "/messages/count_tokens", BodyForm::json, Wording::none},
        Row{Endpoint::other, "/audio/transcriptions", BodyForm::multipart, Wording::none},
        Row{Endpoint::other, "/images/generations", BodyForm::json, Wording::none},
    };
    for (const auto& row : rows) {
        InferenceRequest request;
        request.arrival.endpoint = row.endpoint;
        request.suffix = row.suffix;
        request.form = row.form;
        EXPECT_EQ(wording_of(request), row.wording) << row.suffix;
    }
}

TEST_F(AClampedAnswer, ReplacesWhatTheRuleSetsByName)
{
    sends("max_tokens");
    plan_.parameters = {{"temperature", "0"}, {"max_completion_tokens", "900000"}};
    EXPECT_EQ(of(), (Overrides{{"temperature", "0"}, {"max_completion_tokens", "3000"}}));
}

TEST_F(AClampedAnswer, CoversWhatTheDeploymentAddsUnasked)
{
    plan_.limits.answer.reset();
    EXPECT_EQ(of(), Overrides{});
    deployment_.default_answer = Tokens{5'000};
    upstream_.rules.defaults = {{"max_completion_tokens", "5000"}};
    EXPECT_EQ(of(), (Overrides{{"max_completion_tokens", "3000"}}));
    sends("max_tokens");
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "3000"}}));
}

TEST_F(AClampedAnswer, LeavesTheRestToRulesThatClamp)
{
    plan_.limits.answer_fit = config::AnswerFit::as_asked;
    plan_.parameters = {{"max_tokens", "900000"}};
    EXPECT_EQ(of(), (Overrides{{"max_tokens", "900000"}}));
}

}  // namespace
}  // namespace spillway::gateway
