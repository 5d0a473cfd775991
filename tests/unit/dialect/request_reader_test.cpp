#include "spillway/dialect/request_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "padded.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

Result<chat::RequestFacts> read(std::string_view body, Endpoint endpoint = Endpoint::chat)
{
    RequestReader reader;
    const Padded padded(body);
    auto facts = reader.read(padded.view(), endpoint);
    if (facts) {
        facts->members.clear();  // They point into the body, which ends here.
    }
    return facts;
}

chat::RequestFacts facts_of(std::string_view body, Endpoint endpoint = Endpoint::chat)
{
    auto facts = read(body, endpoint);
    EXPECT_TRUE(facts) << facts.error().message();
    return facts.value_or(chat::RequestFacts{});
}

Error error_of(std::string_view body, Endpoint endpoint = Endpoint::chat)
{
    const auto facts = read(body, endpoint);
    EXPECT_FALSE(facts) << body;
    return facts ? Error{Errc::internal, "accepted"} : facts.error();
}

constexpr std::string_view hello = R"({"model":"m","messages":[{"role":"user","content":"hello"}])";

std::string hello_with(std::string_view more)
{
    return std::string(hello) + std::string(more) + "}";
}

TEST(RequestReader, TakesTheFactsOfAChat)
{
    const auto facts = facts_of(hello_with(
        R"(,"stream":true,"stream_options":{"include_usage":true},"max_tokens":77,"user":"ann")"));
    EXPECT_EQ(facts.model, "m");
    EXPECT_EQ(facts.delivery, chat::Delivery::stream);
    EXPECT_TRUE(facts.usage_asked);
    EXPECT_EQ(facts.max_tokens, Tokens{77});
    EXPECT_EQ(facts.end_user, "ann");
    EXPECT_EQ(facts.text_bytes, 5U);
}

TEST(RequestReader, SaysWhereEachMemberStands)
{
    RequestReader reader;
    const Padded body(R"({ "model" : "m" , "messages":[{"content":"x"}] ,"top_k": 5 })");
    const auto facts = reader.read(body.view(), Endpoint::chat);
    ASSERT_TRUE(facts);
    ASSERT_EQ(facts->members.size(), 3U);
    EXPECT_EQ(facts->members[0].key, "model");
    EXPECT_EQ(facts->members[0].entry.of(body.view()), R"("model" : "m")");
    EXPECT_EQ(facts->members[1].value.of(body.view()), R"([{"content":"x"}])");
    EXPECT_EQ(facts->members[2].entry.of(body.view()), R"("top_k": 5)");
}

TEST(RequestReader, UnescapesTheModel)
{
    EXPECT_EQ(facts_of(R"({"model":"a\/b\u0063","messages":[{"content":"x"}]})").model, "a/bc");
}

TEST(RequestReader, TakesAKeySpelledWithEscapesForWhatItIs)
{
    RequestReader reader;
    const Padded body(R"({"mod\u0065l":"m","messages":[{"content":"x"}],"\u0078":1})");
    const auto facts = reader.read(body.view(), Endpoint::chat);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->model, "m");
    EXPECT_EQ(facts->members[0].key, "model");
    EXPECT_EQ(facts->members[2].key, R"(\u0078)");
}

TEST(RequestReader, LetsUnknownFieldsPass)
{
    EXPECT_EQ(
        facts_of(hello_with(R"(,"min_p":0.1,"chat_template_kwargs":{"a":[null]},"x":1e99)")).model,
        "m");
}

TEST(RequestReader, TreatsNullAsNotSet)
{
    const auto facts = facts_of(hello_with(
        R"(,"stream":null,"stream_options":null,"max_tokens":null,"temperature":null,"n":null,"tools":null)"));
    EXPECT_EQ(facts.delivery, chat::Delivery::whole);
    EXPECT_EQ(facts.max_tokens, std::nullopt);
}

TEST(RequestReader, PrefersMaxCompletionTokens)
{
    EXPECT_EQ(facts_of(hello_with(R"(,"max_completion_tokens":9,"max_tokens":5)")).max_tokens,
              Tokens{9});
    EXPECT_EQ(facts_of(hello_with(R"(,"max_tokens":5,"max_completion_tokens":9)")).max_tokens,
              Tokens{9});
}

TEST(RequestReader, KeepsTokenLimitsWithinReason)
{
    EXPECT_EQ(facts_of(hello_with(R"(,"max_tokens":99999999999999999999)")).max_tokens,
              Tokens{1'000'000'000});
    EXPECT_EQ(facts_of(hello_with(R"(,"max_tokens":-1)")).max_tokens, std::nullopt);
}

TEST(RequestReader, CountsTextOfStringsPartsAndTools)
{
    const auto facts = facts_of(
        R"({"model":"m","messages":[{"role":"system","content":"12345"},)"
        R"({"role":"user","content":[{"type":"text","text":"678"},{"type":"text","text":"\u00e9"}]},)"
        R"({"role":"assistant","content":null,"tool_calls":[{"id":"x"}]}],"tools":[{"a":1}]})");
    EXPECT_EQ(facts.text_bytes, 5U + 3U + 2U + std::string_view(R"([{"id":"x"}])").size() +
                                    std::string_view(R"([{"a":1}])").size());
}

TEST(RequestReader, CountsImagesAndNotTheirBytes)
{
    const auto image = std::string(10'000, 'A');
    const auto facts = facts_of(
        R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"see"},)"
        R"({"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
        image + R"("}},{"type":"image","source":{"type":"base64","data":")" + image +
        R"("}},{"type":"input_audio","input_audio":{"data":")" + image +
        R"("}},{"type":"file","file":{"file_data":")" + image + R"("}}]}]})");
    EXPECT_EQ(facts.image_count, 2U);
    EXPECT_EQ(facts.enclosure_count, 2U);
    EXPECT_EQ(facts.text_bytes, 3U);
}

TEST(RequestReader, CountsTokenArraysOfCompletionsAndEmbeddings)
{
    EXPECT_EQ(facts_of(R"({"model":"m","prompt":["ab","c"]})", Endpoint::completions).text_bytes,
              3U);
    EXPECT_EQ(facts_of(R"({"model":"m","input":[[1,2],[3]]})", Endpoint::embeddings).text_bytes,
              12U);
}

TEST(RequestReader, CountsTheInputOfResponses)
{
    const auto facts = facts_of(
        R"({"model":"m","instructions":"ab","input":[{"role":"user","content":[{"type":"input_text","text":"cde"},)"
        R"({"type":"input_image","image_url":"data:x"}]},{"type":"function_call_output","output":"fg"}],"stream":true})",
        Endpoint::other);
    EXPECT_EQ(facts.text_bytes, 7U);
    EXPECT_EQ(facts.image_count, 1U);
    EXPECT_EQ(facts.delivery, chat::Delivery::stream);
}

TEST(RequestReader, ReadsTheEncodingOfEmbeddings)
{
    EXPECT_EQ(
        facts_of(R"({"model":"m","input":"x","encoding_format":"base64"})", Endpoint::embeddings)
            .encoding,
        chat::VectorEncoding::base64);
    EXPECT_EQ(facts_of(R"({"model":"m","input":"x"})", Endpoint::embeddings).encoding,
              chat::VectorEncoding::floats);
}

TEST(RequestReader, ReadsAfterALargeBodyAsBefore)
{
    RequestReader reader;
    const Padded large(R"({"model":"m","messages":[{"content":")" + std::string(2'000'000, 'x') +
                       "\"}]}");
    ASSERT_TRUE(reader.read(large.view(), Endpoint::chat));
    const Padded small(hello_with(""));
    EXPECT_TRUE(reader.read(small.view(), Endpoint::chat));
}

TEST(RequestReader, ReadsAfterARefusalAsBefore)
{
    RequestReader reader;
    const Padded twice(R"({"model":"m","model":"n","messages":[{"content":"x","content":"y"}]})");
    ASSERT_FALSE(reader.read(twice.view(), Endpoint::chat));
    const Padded small(hello_with(""));
    EXPECT_TRUE(reader.read(small.view(), Endpoint::chat));
}

// ---- what is refused -----------------------------------------------------------------------

class DuplicateKey : public testing::TestWithParam<std::string> {};

TEST_P(DuplicateKey, IsRefused)
{
    EXPECT_EQ(error_of(GetParam()).code(), Errc::duplicate_key);
}

INSTANTIATE_TEST_SUITE_P(
    RequestReader, DuplicateKey,
    testing::Values(
        R"({"model":"a","messages":[{"content":"x"}],"model":"b"})",
        R"({"model":"a","messages":[{"content":"x"}],"mod\u0065l":"a"})",
        R"({"model":"a","messages":[{"content":"x"}],"x\u0079":1,"\u0078y":1})",
        R"({"model":"a","messages":[{"content":"x"}],"messages":[{"content":"y"}]})",
        R"({"model":"a","messages":[{"role":"user","content":"x","content":"y"}]})",
        R"({"model":"a","messages":[{"role":"user","r\u006fle":"system","content":"x"}]})",
        R"({"model":"a","messages":[{"content":[{"type":"text","text":"x","text":"y"}]}]})",
        R"({"model":"a","messages":[{"content":"x"}],"stream_options":{"include_usage":true,"include_usage":false}})"));

/// Every pair of two letters is a key once: many share size, first letter and last letter's kind.
std::string keys_of_two_letters(std::size_t letters)
{
    std::string members;
    for (std::size_t first = 0; first < letters; ++first) {
        for (std::size_t second = 0; second < letters; ++second) {
            members += ",\"";
            members += static_cast<char>('a' + first);
            members += static_cast<char>('a' + second);
            members += "\":1";
        }
    }
    return members;
}

TEST(RequestReader, DoesNotTakeKeysThatLookAlikeForTheSame)
{
    for (const std::size_t letters : {2U, 3U, 4U, 26U}) {
        EXPECT_TRUE(read(hello_with(keys_of_two_letters(letters)))) << letters;
    }
}

TEST(RequestReader, FindsADuplicateAmongKeysThatLookAlike)
{
    for (const std::size_t letters : {2U, 3U, 4U, 26U}) {
        const auto members = keys_of_two_letters(letters) + ",\"ab\":2";
        EXPECT_EQ(error_of(hello_with(members)).code(), Errc::duplicate_key) << letters;
    }
}

TEST(RequestReader, AKeyMayComeAgainInAnotherObject)
{
    EXPECT_TRUE(read(
        R"({"content":1,"model":"m","messages":[{"model":1,"role":"user","content":[{"type":"text","text":"a"},)"
        R"({"type":"text","text":"b"}]},{"role":"user","content":"c"}],"role":1})"));
}

TEST(RequestReader, FindsADuplicateAroundANestedObject)
{
    EXPECT_EQ(
        error_of(
            R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"}],)"
            R"("role":"user"}]})")
            .code(),
        Errc::duplicate_key);
}

TEST(RequestReader, FindsADuplicateAmongManyKeys)
{
    std::string body = R"({"model":"m","messages":[{"content":"x"}])";
    for (int i = 0; i < 300; ++i) {
        body += ",\"k" + std::to_string(i) + "\":0";
    }
    EXPECT_TRUE(read(body + "}"));
    EXPECT_EQ(error_of(body + ",\"k7\":0}").code(), Errc::duplicate_key);
}

TEST(RequestReader, RefusesMoreParametersThanAnyApiHas)
{
    std::string body(hello);
    for (int i = 0; i < 2000; ++i) {
        body += ",\"k" + std::to_string(i) + "\":0";
    }
    EXPECT_EQ(error_of(body + "}").code(), Errc::invalid_request);
}

TEST(RequestReader, IsQuickWithAMessageOfManyKeys)
{
    std::string body = R"({"model":"m","messages":[{"content":"x")";
    for (int i = 0; i < 200'000; ++i) {
        body += ",\"k" + std::to_string(i) + "\":0";
    }
    EXPECT_TRUE(read(body + "}]}"));
    EXPECT_EQ(error_of(body + ",\"k7\":0}]}").code(), Errc::duplicate_key);
}

class InvalidJson : public testing::TestWithParam<std::string> {};

TEST_P(InvalidJson, IsRefused)
{
    const auto error = error_of(GetParam());
    EXPECT_EQ(error.code(), Errc::invalid_json);
    EXPECT_NE(error.message(), "");
}

INSTANTIATE_TEST_SUITE_P(
    RequestReader, InvalidJson,
    testing::Values("", "{", "not json", std::string(hello), std::string(hello) + "}}",
                    std::string(hello) + "} x", "\xEF\xBB\xBF" + std::string(hello) + "}",
                    std::string(hello) + ",\"a\":\"\xFF\"}", std::string(hello) + ",\"a\":\"\\q\"}",
                    std::string(hello) + ",\"a\":01}", std::string(hello) + ",\"a\":tru}",
                    std::string(hello) + ",\"a\":\"\n\"}", std::string(hello) + ",}",
                    std::string(hello) + ",\"a\":" + std::string(64, '[') + std::string(64, ']') +
                        "}",
                    std::string(hello) + std::string(1, '\0') + "}",
                    std::string(hello) + ",\"max_tokens\":1.}",
                    std::string(hello) + ",\"max_tokens\":--1}"));

struct WrongType {
    std::string more;
    std::string param;
    std::string message;
};

class WrongTypeInChat : public testing::TestWithParam<WrongType> {};

TEST_P(WrongTypeInChat, IsRefusedInOpenAisWords)
{
    const auto error = error_of(hello_with("," + GetParam().more));
    EXPECT_EQ(error.code(), Errc::invalid_request);
    EXPECT_EQ(error.param(), GetParam().param);
    EXPECT_EQ(error.message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    RequestReader, WrongTypeInChat,
    testing::Values(
        WrongType{R"("stream":"yes")", "stream",
                  "Invalid type for 'stream': expected a boolean, but got a string instead."},
        WrongType{R"("max_tokens":"5")", "max_tokens",
                  "Invalid type for 'max_tokens': expected an integer, but got a string instead."},
        WrongType{R"("max_tokens":5.5)", "max_tokens",
                  "Invalid type for 'max_tokens': expected an integer, but got a decimal number "
                  "instead."},
        WrongType{R"("max_completion_tokens":[])", "max_completion_tokens",
                  "Invalid type for 'max_completion_tokens': expected an integer, but got an array "
                  "instead."},
        WrongType{
            R"("stream_options":true)", "stream_options",
            "Invalid type for 'stream_options': expected an object, but got a boolean instead."},
        WrongType{R"("stream_options":{"include_usage":1})", "stream_options.include_usage",
                  "Invalid type for 'stream_options.include_usage': expected a boolean, but got an "
                  "integer instead."},
        WrongType{R"("n":"1")", "n",
                  "Invalid type for 'n': expected an integer, but got a string instead."},
        WrongType{R"("temperature":{})", "temperature",
                  "Invalid type for 'temperature': expected a decimal, but got an object instead."},
        WrongType{
            R"("tools":{})", "tools",
            "Invalid type for 'tools': expected an array of objects, but got an object instead."}));

TEST(RequestReader, RefusesABodyThatIsNoObject)
{
    EXPECT_EQ(error_of("[]").code(), Errc::invalid_request);
    EXPECT_EQ(error_of("\"x\"").code(), Errc::invalid_request);
    EXPECT_EQ(error_of("12").code(), Errc::invalid_request);
}

TEST(RequestReader, RefusesABodyWithoutAModel)
{
    for (const auto* body : {R"({"messages":[{"content":"x"}]})", R"({"model":"","messages":[{}]})",
                             R"({"model":null,"messages":[{}]})"}) {
        const auto error = error_of(body);
        EXPECT_EQ(error.code(), Errc::missing_model);
        EXPECT_EQ(error.param(), "model");
    }
}

TEST(RequestReader, RefusesAModelThatIsNoName)
{
    for (const auto* model : {"7", "[\"m\"]", R"("a\nb")", R"("a\u0000")", R"("\u007f")"}) {
        const auto error =
            error_of(R"({"model":)" + std::string(model) + R"(,"messages":[{"content":"x"}]})");
        EXPECT_EQ(error.code(), Errc::invalid_request) << model;
        EXPECT_EQ(error.param(), "model");
    }
    EXPECT_EQ(error_of(R"({"model":")" + std::string(600, 'm') + R"(","messages":[{}]})").param(),
              "model");
}

TEST(RequestReader, RefusesAChatWithoutMessages)
{
    for (const auto* body :
         {R"({"model":"m"})", R"({"model":"m","messages":[]})", R"({"model":"m","messages":"hi"})",
          R"({"model":"m","messages":null})"}) {
        const auto error = error_of(body);
        EXPECT_EQ(error.code(), Errc::invalid_request) << body;
        EXPECT_EQ(error.param(), "messages");
    }
}

TEST(RequestReader, NamesTheMessageAtFault)
{
    EXPECT_EQ(error_of(R"({"model":"m","messages":[{"content":"x"},"y"]})").param(), "messages[1]");
    EXPECT_EQ(error_of(R"({"model":"m","messages":[{"content":"x"},{"content":5}]})").param(),
              "messages[1].content");
}

TEST(RequestReader, RequiresWhatTheEndpointNeeds)
{
    EXPECT_EQ(error_of(R"({"model":"m"})", Endpoint::completions).param(), "prompt");
    EXPECT_EQ(error_of(R"({"model":"m"})", Endpoint::embeddings).param(), "input");
    EXPECT_EQ(error_of(R"({"model":"m","input":5})", Endpoint::embeddings).param(), "input");
    EXPECT_EQ(facts_of(R"({"model":"m"})", Endpoint::other).model, "m");
}

}  // namespace
}  // namespace spillway::dialect
