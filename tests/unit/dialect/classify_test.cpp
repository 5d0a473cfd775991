#include <gtest/gtest.h>

#include <string>

#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

using chat::FailureClass;

struct Case {
    int status;
    std::string body;
    FailureClass kind;
};

class Refusal : public testing::TestWithParam<Case> {};

TEST_P(Refusal, HasItsMeaning)
{
    EXPECT_EQ(classify(GetParam().status, GetParam().body, std::nullopt).kind, GetParam().kind)
        << GetParam().status << ' ' << GetParam().body;
}

std::string openai(std::string_view type, std::string_view code, std::string_view message = "m")
{
    return R"({"error":{"message":")" + std::string(message) + R"(","type":")" + std::string(type) +
           R"(","param":null,"code":")" + std::string(code) + "\"}}";
}

INSTANTIATE_TEST_SUITE_P(
    OpenAi, Refusal,
    testing::Values(
        Case{400, openai("invalid_request_error", "invalid_value"), FailureClass::rejected},
        Case{400, openai("invalid_request_error", "context_length_exceeded"),
             FailureClass::too_long},
        Case{400, openai("invalid_request_error", "content_policy_violation"),
             FailureClass::content_policy},
        Case{400, openai("", "content_filter", "The response was filtered"),
             FailureClass::content_policy},
        Case{401, openai("invalid_request_error", "invalid_api_key"), FailureClass::credential},
        Case{403, openai("invalid_request_error", "unsupported_country_region_territory"),
             FailureClass::credential},
        Case{404, openai("invalid_request_error", "model_not_found"), FailureClass::model_missing},
        Case{429, openai("requests", "rate_limit_exceeded"), FailureClass::rate_limited},
        Case{429,
             openai("insufficient_quota", "insufficient_quota", "You exceeded your current quota"),
             FailureClass::quota},
        Case{429, openai("x", "credit_balance_exhausted"), FailureClass::quota},
        Case{429, openai("x", "slow_down"), FailureClass::rate_limited},
        Case{500, openai("server_error", "x"), FailureClass::transient},
        Case{503, openai("server_error", "server_is_overloaded"), FailureClass::overloaded},
        Case{503, "", FailureClass::transient},
        Case{502, "<html><title>502 Bad Gateway</title></html>", FailureClass::transient},
        Case{504, "upstream request timeout", FailureClass::transient},
        Case{408, "", FailureClass::transient}, Case{409, "", FailureClass::transient},
        Case{402, "", FailureClass::quota}, Case{413, "", FailureClass::too_long},
        Case{422, R"({"detail":[{"msg":"field required"}]})", FailureClass::rejected},
        Case{529, "", FailureClass::overloaded}, Case{302, "", FailureClass::unknown},
        Case{501, "", FailureClass::unknown},
        Case{
            404,
            R"({"error":{"message":"Previous response with id 'resp_1' not found.","param":"previous_response_id"}})",
            FailureClass::rejected}));

INSTANTIATE_TEST_SUITE_P(
    Engines, Refusal,
    testing::Values(
        Case{503,
             R"({"error":"server busy, please try again.  maximum pending requests exceeded"})",
             FailureClass::overloaded},
        Case{503, R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
             FailureClass::loading},
        Case{503, R"({"error":"Model is currently loading","estimated_time":20.0})",
             FailureClass::loading},
        Case{500,
             R"({"error":{"message":"an exception while loading model x","type":"api_error"}})",
             FailureClass::transient},
        Case{
            501,
            R"({"error":{"code":501,"message":"This server does not support embeddings. Start it with `--embeddings`","type":"not_supported_error"}})",
            FailureClass::unknown},
        Case{503,
             R"({"error":{"message":"server busy","type":"api_error","param":null,"code":null}})",
             FailureClass::overloaded},
        Case{404, R"({"error":"model 'x' not found"})", FailureClass::model_missing},
        Case{404, "404 page not found", FailureClass::model_missing},
        Case{404, R"({"detail":"Not Found"})", FailureClass::model_missing},
        Case{
            404,
            R"({"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","code":404})",
            FailureClass::model_missing},
        Case{400, R"({"error":"\"x\" does not support thinking"})", FailureClass::unsupported},
        Case{400, R"({"error":"registry.ollama.ai/library/x:latest does not support tools"})",
             FailureClass::unsupported},
        Case{400, R"({"error":"\"x\" does not support chat"})", FailureClass::unsupported},
        Case{400, R"({"error":"registry.ollama.ai/library/x:latest does not support insert"})",
             FailureClass::unsupported},
        Case{404, R"({"error":"model \"x\" not found, try pulling it first"})",
             FailureClass::model_missing},
        Case{400,
             R"({"error":"the prompt is longer than the context length currently available to the )"
             R"(model; shorten the prompt"})",
             FailureClass::too_long},
        Case{400, R"({"error":"the input length exceeds the context length"})",
             FailureClass::too_long},
        Case{500,
             R"({"error":"{\"error\":{\"code\":400,\"message\":\"request (9 tokens) exceeds the )"
             R"(available context size\",\"type\":\"exceed_context_size_error\"}}"})",
             FailureClass::too_long},
        Case{500, "model runner has unexpectedly stopped", FailureClass::transient},
        Case{401, R"({"error":"Unauthorized"})", FailureClass::credential},
        Case{
            400,
            R"({"error":{"code":400,"message":"request (9 tokens) exceeds the available context size (8 tokens), try","type":"exceed_context_size_error"}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"error":"{\"error\":{\"code\":400,\"message\":\"too big\",\"type\":\"exceed_context_size_error\"}}"})",
            FailureClass::too_long},
        Case{
            500,
            R"({"error":{"code":500,"message":"input is too large to process. increase the physical batch size","type":"server_error"}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"error":{"code":400,"message":"request (5002 tokens) exceeds the available context size (4096 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":5002,"n_ctx":4096}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 512 output tokens and your prompt contains at least 3585 input tokens, for a total of at least 4097 tokens. Please reduce the length of the input prompt or the number of requested output tokens.","type":"BadRequestError","param":"input_tokens","code":400}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"error":{"message":"The decoder prompt (length 5000) is longer than the maximum model length of 4096. Make sure that `max_model_len` is no smaller than the number of text tokens.","type":"BadRequestError","param":null,"code":400}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 5000","type":"BadRequestError","code":400})",
            FailureClass::too_long}));

INSTANTIATE_TEST_SUITE_P(
    Clouds, Refusal,
    testing::Values(
        Case{
            400,
            R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 213462 tokens > 200000 maximum"}})",
            FailureClass::too_long},
        Case{
            400,
            R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})",
            FailureClass::quota},
        Case{
            429,
            R"({"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}})",
            FailureClass::quota},
        Case{429, R"({"type":"error","error":{"type":"rate_limit_error","message":"m"}})",
             FailureClass::rate_limited},
        Case{529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})",
             FailureClass::overloaded},
        Case{500, R"({"type":"error","error":{"type":"api_error","message":"Overloaded"}})",
             FailureClass::overloaded},
        Case{
            400,
            R"([{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}])",
            FailureClass::credential},
        Case{
            429,
            R"([{"error":{"code":429,"message":"You exceeded your current quota, please check your plan","status":"RESOURCE_EXHAUSTED"}}])",
            FailureClass::rate_limited},
        Case{
            503,
            R"({"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}})",
            FailureClass::overloaded},
        Case{402, R"({"error":{"message":"Insufficient Balance"}})", FailureClass::quota},
        Case{403,
             R"({"error":{"message":"m requires moderation. Your input was flagged","code":403}})",
             FailureClass::content_policy},
        Case{400, R"({"error":{"message":"x is not a valid model ID","code":400}})",
             FailureClass::model_missing},
        Case{
            400,
            R"({"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}})",
            FailureClass::content_policy}));

TEST(Classify, KeepsTheProvidersWords)
{
    const auto failure = classify(400, openai("t", "c", "Bad thing: \\n here"), Millis{5});
    EXPECT_EQ(failure.message, "Bad thing: ? here");
    EXPECT_EQ(failure.status, 400);
    EXPECT_EQ(failure.retry_after, Millis{5});
}

TEST(Classify, NeverGoesWithoutWords)
{
    EXPECT_EQ(classify(500, "", std::nullopt).message, "no reason given");
    EXPECT_EQ(classify(500, "{}", std::nullopt).message, "no reason given");
    EXPECT_EQ(
        classify(502, "<html><head><title>502 Bad Gateway</title></head>", std::nullopt).message,
        "502 Bad Gateway");
}

TEST(Classify, BoundsWhatAProviderSays)
{
    EXPECT_LE(
        classify(500, openai("t", "c", std::string(100'000, 'x')), std::nullopt).message.size(),
        500U);
    EXPECT_LE(classify(500, std::string(3'000'000, '['), std::nullopt).message.size(), 500U);
}

TEST(Classify, HidesKeysThatProvidersQuote)
{
    for (const auto* key :
         {"sk-proj-abcdefgh12345678", "sk-abcd*****************wxyz",
          "AIzaSyA1234567890abcdefghijk", "Bearer abcdefghijklmnop", "gsk_abcdefghijklmn"}) {
        const auto failure =
            classify(401, openai("t", "c", "Incorrect API key provided: " + std::string(key) + "."),
                     std::nullopt);
        EXPECT_EQ(failure.message.find(std::string(key).substr(0, 12)), std::string::npos)
            << failure.message;
    }
}

TEST(Classify, LeavesWordsThatOnlyLookLikeKeys)
{
    const std::string message =
        "risk-assessment_failed: the key-value_pairs of task-scheduling are wrong";
    EXPECT_EQ(classify(400, openai("t", "c", message), std::nullopt).message, message);
}

TEST(Classify, ReadsGooglesRetryDelay)
{
    const auto failure = classify(
        429,
        R"([{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{"@type":"x"},{"retryDelay":"31s"}]}}])",
        std::nullopt);
    EXPECT_EQ(failure.retry_after, Millis{31'000});
}

struct Overflow {
    int status;
    std::string message;
};

class SaysOverflow : public testing::TestWithParam<std::string> {};

TEST_P(SaysOverflow, InEveryProvidersWords)
{
    EXPECT_TRUE(says_context_overflow(400, GetParam()));
    EXPECT_FALSE(says_context_overflow(429, GetParam()));
}

INSTANTIATE_TEST_SUITE_P(
    Overflow, SaysOverflow,
    testing::Values("context_length_exceeded",
                    "Your input exceeds the context window of this model.",
                    "This model's maximum context length is 8,192 tokens.",
                    "input exceeds the model's maximum context length", "Prompt is too long: 5",
                    "exceed context limit: 3 + 4 > 5", "request_too_large",
                    "exceed_context_size_error",
                    "request (1 tokens) exceeds the available context size (1 tokens)",
                    "the prompt is longer than the context length currently available to the model",
                    "the input length exceeds the context length",
                    "prompt too long; exceeded max context length by 4",
                    "The decoder prompt (length 5) is longer than the maximum model length of 4.",
                    "The input token count (5) exceeds the maximum number of tokens allowed (4).",
                    "This model's maximum prompt length is 131072",
                    "Please reduce the length of the messages or completion.",
                    "longer than the model's context length", "greater than the context length",
                    "Prompt contains 5 tokens, too large for model with 4 maximum context length",
                    "Input is too long for requested model.", "maximum allowed input length of 5",
                    "context window exceeds limit", "exceeded model token limit: 5",
                    "Range of input length should be [1, 4]", "Prompt exceeds max length",
                    "ContextWindowExceededError: context window exceeded", "too many tokens"));

TEST(SaysContextOverflow, IsNotFooledByRateLimits)
{
    EXPECT_FALSE(says_context_overflow(400, "Rate limit reached: too many tokens per minute"));
    EXPECT_FALSE(says_context_overflow(400, "ThrottlingException: Too many tokens"));
    EXPECT_FALSE(says_context_overflow(400, "too many requests, too many tokens"));
    EXPECT_FALSE(says_context_overflow(0, "too many tokens\nrate_limit_exceeded"));
    EXPECT_FALSE(says_context_overflow(400, "the weather is fine"));
    EXPECT_FALSE(says_context_overflow(503, "prompt is too long"));
}

TEST(SaysContextOverflow, TakesHttp413ForOne)
{
    EXPECT_TRUE(says_context_overflow(413, "anything"));
}

TEST(SaysContextOverflow, IsLinearInALongMessage)
{
    EXPECT_FALSE(says_context_overflow(400, std::string(200'000, 'a') + "input token count"));
}

constexpr WallTime noon{std::chrono::seconds{784'111'777}};  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(ParseRetryAfter, TakesSecondsMillisecondsAndDates)
{
    EXPECT_EQ(parse_retry_after("2", "", noon), Millis{2000});
    EXPECT_EQ(parse_retry_after(" 1.5 ", "", noon), Millis{1500});
    EXPECT_EQ(parse_retry_after("9", "150", noon), Millis{150});
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:47 GMT", "", noon), Millis{10'000});
    EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:27 GMT", "", noon), Millis{0});
}

TEST(ParseRetryAfter, RefusesNonsense)
{
    for (const auto* text : {"", "-1", "soon", "nan", "inf", "1e", "Sun, 06 Nov", "5 apples"}) {
        EXPECT_EQ(parse_retry_after(text, "", noon), std::nullopt) << text;
    }
}

TEST(ParseRetryAfter, BoundsTheWait)
{
    EXPECT_EQ(parse_retry_after("1e300", "", noon), Millis{7LL * 24 * 3600 * 1000});
}

TEST(EstimateTokens, CountsFourBytesEachRoundedUp)
{
    EXPECT_EQ(estimate_tokens(0), Tokens{0});
    EXPECT_EQ(estimate_tokens(1), Tokens{1});
    EXPECT_EQ(estimate_tokens(8), Tokens{2});
}

}  // namespace
}  // namespace spillway::dialect
