#include "../../../src/gateway/request_answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "spillway/dialect/request_reader.hpp"

namespace spillway::gateway {
namespace {

/// The one value; empty when there is none.
std::string only(std::vector<std::string> values)
{
    EXPECT_LE(values.size(), 1U);
    return values.empty() ? std::string() : values.front();
}

/// The answer of a JSON body with these metadata.
std::string in_json(const std::string& metadata, std::string_view path)
{
    const auto text =
        R"({"model":"m","messages":[{"role":"user","content":"x"}],"metadata":)" + metadata + "}";
    // What reads it may look a little beyond its end.
    const auto padded = text + std::string(dialect::body_padding, ' ');
    InferenceRequest request;
    request.body = std::string_view(padded).substr(0, text.size());
    auto facts = dialect::RequestReader{}.read(request.body, chat::Endpoint::chat);
    EXPECT_TRUE(facts) << metadata;
    request.facts = *std::move(facts);
    const chat::Prompt prompt;
    return only(RequestAnswers(request, net::Fields{}, prompt).metadata(path));
}

TEST(RequestAnswers, ReadMetadataWhetherTheyAreAnObjectOrATextOfOne)
{
    for (const auto* metadata : {R"({"tier":"free","app":{"plan":"x"}})",
                                 R"("{\"tier\":\"free\",\"app\":{\"plan\":\"x\"}}")"}) {
        EXPECT_EQ(in_json(metadata, "tier"), "free") << metadata;
        EXPECT_EQ(in_json(metadata, "app.plan"), "x") << metadata;
        EXPECT_EQ(in_json(metadata, "plan"), "") << metadata;
    }
    EXPECT_EQ(in_json(R"("tier free")", "tier"), "");
    EXPECT_EQ(in_json("7", "tier"), "");
}

std::string in_form(const std::string& name, const std::string& value, std::string_view path)
{
    const auto part = [](const std::string& of, const std::string& text) {
        return "--b\r\nContent-Disposition: form-data; name=\"" + of + "\"\r\n\r\n" + text + "\r\n";
    };
    const auto body = part(name, value) + part("model", "m") + "--b--\r\n";
    InferenceRequest request;
    request.body = body;
    request.form = BodyForm::multipart;
    auto facts = dialect::read_multipart(body, "multipart/form-data; boundary=b");
    EXPECT_TRUE(facts) << name;
    request.facts = *std::move(facts);
    const chat::Prompt prompt;
    return only(RequestAnswers(request, net::Fields{}, prompt).metadata(path));
}

TEST(RequestAnswers, ReadMetadataOfForms)
{
    EXPECT_EQ(in_form("metadata", R"({"tier":"free"})", "tier"), "free");
    EXPECT_EQ(in_form("metadata[tier]", "free", "tier"), "free");
    EXPECT_EQ(in_form("metadata[app][plan]", "x", "app.plan"), "x");
    EXPECT_EQ(in_form("litellm_metadata[app][plan]", "x", "app.plan"), "x");
    EXPECT_EQ(in_form("litellm_metadata", R"({"tier":"free"})", "tier"), "free");
    EXPECT_EQ(in_form("metadata[app]", "x", "app.plan"), "");
    EXPECT_EQ(in_form("metadata", std::string(100'000, '['), "tier"), "");
}

TEST(RequestAnswers, HoldAllThatRequestKeyAndTeamSay)
{
    const std::string body =
        R"({"metadata":{"secrecy":"low"},"litellm_metadata":{"secrecy":"some"}})";
    InferenceRequest request;
    request.body = body;
    request.facts.members = {{"metadata", {}, {12, 17}}, {"litellm_metadata", {}, {49, 18}}};
    auto grant = std::make_shared<chat::Grant>();
    grant->metadata = R"({"secrecy":"high"})";
    grant->team_metadata = R"({"secrecy":"team","floor":2})";
    request.arrival.caller.grant = grant;
    const chat::Prompt prompt;
    const net::Fields fields;
    const RequestAnswers answers(request, fields, prompt);
    EXPECT_THAT(answers.metadata("secrecy"),
                ::testing::UnorderedElementsAre("low", "some", "high", "team"));
    EXPECT_THAT(answers.metadata("floor"), ::testing::ElementsAre("2"));
    EXPECT_THAT(answers.metadata("door"), ::testing::IsEmpty());
}

}  // namespace
}  // namespace spillway::gateway
