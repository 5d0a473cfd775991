#include "../../../src/gateway/request_answers.hpp"

#include <gtest/gtest.h>

#include "spillway/dialect/request_reader.hpp"

namespace spillway::gateway {
namespace {

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
    return RequestAnswers(request, net::Fields{}, prompt).metadata(path);
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
    return RequestAnswers(request, net::Fields{}, prompt).metadata(path);
}

TEST(RequestAnswers, ReadMetadataOfForms)
{
    EXPECT_EQ(in_form("metadata", R"({"tier":"free"})", "tier"), "free");
    EXPECT_EQ(in_form("metadata[tier]", "free", "tier"), "free");
    EXPECT_EQ(in_form("metadata[app][plan]", "x", "app.plan"), "x");
    EXPECT_EQ(in_form("metadata[app]", "x", "app.plan"), "");
    EXPECT_EQ(in_form("metadata", std::string(100'000, '['), "tier"), "");
}

}  // namespace
}  // namespace spillway::gateway
