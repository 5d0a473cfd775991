#include "spillway/dialect/ollama_request.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace spillway::dialect {
namespace {

using nlohmann::json;

/// A chat with one message and `members`.
std::string chat_with(const std::string& members)
{
    return R"({"model":"m","messages":[{"role":"user","content":"x"}])" +
           (members.empty() ? "" : "," + members) + "}";
}

json translated(const std::string& body, const OllamaDefaults& defaults = {},
                std::optional<Tokens> window = std::nullopt)
{
    const auto request = ollama_chat_request(body, defaults, window);
    if (!request) {
        ADD_FAILURE() << request.error().message();
        return {};
    }
    return json::parse(request->body);
}

struct Mapped {
    std::string openai;  ///< Members of the request.
    std::string ollama;  ///< What is added to the least request.
};

class OllamaParameters : public testing::TestWithParam<Mapped> {};

TEST_P(OllamaParameters, GoOverUnderTheirOwnNames)
{
    auto wanted = translated(chat_with(""));
    wanted.update(json::parse(GetParam().ollama));
    EXPECT_EQ(translated(chat_with(GetParam().openai)), wanted) << GetParam().openai;
}

INSTANTIATE_TEST_SUITE_P(
    Table, OllamaParameters,
    testing::Values(
        Mapped{R"("stream":true)", R"({"stream":true})"},
        Mapped{R"("stream":null)", R"({"stream":false})"},
        Mapped{R"("max_tokens":5)", R"({"options":{"num_predict":5}})"},
        Mapped{R"("max_completion_tokens":5)", R"({"options":{"num_predict":5}})"},
        Mapped{R"("stop":"x")", R"({"options":{"stop":["x"]}})"},
        Mapped{R"("stop":["x","y"])", R"({"options":{"stop":["x","y"]}})"},
        Mapped{R"("stop":null,"seed":null)", "{}"},
        Mapped{R"("repetition_penalty":1.5)", R"({"options":{"repeat_penalty":1.5}})"},
        Mapped{R"("min_p":0.1,"top_k":3)", R"({"options":{"min_p":0.1,"top_k":3}})"},
        Mapped{R"("options":{"top_k":3,"mirostat":1})", R"({"options":{"top_k":3,"mirostat":1}})"},
        Mapped{R"("top_k":9,"options":{"top_k":3})", R"({"options":{"top_k":9}})"},
        Mapped{R"("options":{"num_ctx":9,"num_gpu":1,"num_batch":8,"use_mmap":false})", "{}"},
        Mapped{R"("num_ctx":9,"num_thread":2)", "{}"},
        Mapped{R"("n":3,"logit_bias":{"1":1},"user":"u","parallel_tool_calls":true)", "{}"},
        Mapped{R"("logprobs":true,"top_logprobs":2)", R"({"logprobs":true,"top_logprobs":2})"},
        Mapped{R"("keep_alive":0)", "{}"}, Mapped{R"("keep_alive":-1)", "{}"},
        Mapped{R"("keep_alive":"-5m")", "{}"}, Mapped{R"("keep_alive":"soon")", "{}"},
        Mapped{R"("keep_alive":{"a":1})", "{}"}, Mapped{R"("keep_alive":"nanh")", "{}"},
        Mapped{R"("keep_alive":"1h-5m")", "{}"},
        Mapped{R"("keep_alive":"90.m")", R"({"keep_alive":"1h"})"},
        Mapped{R"("keep_alive":"10m")", R"({"keep_alive":"10m"})"},
        Mapped{R"("keep_alive":"1m30.5s")", R"({"keep_alive":"1m30.5s"})"},
        Mapped{R"("keep_alive":600)", R"({"keep_alive":600})"},
        Mapped{R"("keep_alive":"1ms")", R"({"keep_alive":"1m"})"},
        Mapped{R"("keep_alive":0.5)", R"({"keep_alive":"1m"})"},
        Mapped{R"("keep_alive":"1000h")", R"({"keep_alive":"1h"})"},
        Mapped{R"("keep_alive":1e9)", R"({"keep_alive":"1h"})"},
        Mapped{R"("reasoning_effort":"none")", R"({"think":false})"},
        Mapped{R"("reasoning_effort":"minimal")", R"({"think":"low"})"},
        Mapped{R"("reasoning_effort":"medium")", R"({"think":"medium"})"},
        Mapped{R"("reasoning_effort":"xhigh")", R"({"think":"max"})"},
        Mapped{R"("reasoning":{"effort":"high"})", R"({"think":"high"})"},
        Mapped{R"("thinking":{"type":"enabled","budget_tokens":5})", R"({"think":true})"},
        Mapped{R"("thinking":{"type":"disabled"})", R"({"think":false})"},
        Mapped{R"("think":false,"reasoning_effort":"high")", R"({"think":false})"},
        Mapped{R"("response_format":{"type":"text"})", "{}"},
        Mapped{R"("response_format":{"type":"json_object"})", R"({"format":"json"})"},
        Mapped{R"("response_format":{"type":"json_schema","json_schema":{"name":"n"}})",
               R"({"format":"json"})"},
        Mapped{R"("response_format":{"json_schema":{"schema":{"a":1}},"type":"json_schema"})",
               R"({"format":{"a":1}})"},
        Mapped{R"("format":"json")", R"({"format":"json"})"},
        Mapped{R"("tools":[{"function":{"name":"a"}}],"tool_choice":"none")", "{}"},
        Mapped{R"("tools":[{"function":{"name":"a"}}],"tool_choice":"required")",
               R"({"tools":[{"function":{"name":"a"}}]})"}));

TEST(OllamaChatRequest, SetsWhatTheFileSaysForThoseWhoSayNothing)
{
    OllamaDefaults defaults;
    defaults.members = {{"temperature", "0.2"},
                        {"num_ctx", "512"},
                        {"num_gpu", "9"},
                        {"reasoning_effort", R"("low")"},
                        {"options", R"({"top_k":7,"temperature":1,"num_ctx":5})"}};
    const auto silent = translated(chat_with(""), defaults, Tokens{4'096});
    EXPECT_EQ(silent["options"], json::parse(R"({"num_ctx":4096,"temperature":0.2,"num_gpu":9,
                                                "top_k":7})"));
    EXPECT_EQ(silent["think"], "low");
    const auto said =
        translated(chat_with(R"("temperature":0.9,"options":{"top_k":1,"num_gpu":1},"think":true)"),
                   defaults, Tokens{4'096});
    EXPECT_EQ(said["options"], json::parse(R"({"num_ctx":4096,"temperature":0.9,"top_k":1,
                                              "num_gpu":9})"));
    EXPECT_EQ(said["think"], true);
}

TEST(OllamaChatRequest, TakesAClientsWindowOnlyWhereTheFileLetsIt)
{
    const auto body = chat_with(R"("options":{"num_ctx":1000})");
    const auto kept = ollama_chat_request(body, {}, Tokens{4'096});
    EXPECT_EQ(kept->num_ctx, Tokens{4'096});
    EXPECT_EQ(json::parse(kept->body)["options"]["num_ctx"], 4'096);
    OllamaDefaults open;
    open.window = WindowChoice::clients;
    const auto taken = ollama_chat_request(body, open, Tokens{4'096});
    EXPECT_EQ(taken->num_ctx, Tokens{1'000});
    EXPECT_EQ(json::parse(taken->body)["options"]["num_ctx"], 1'000);
    EXPECT_EQ(ollama_chat_request(chat_with(""), open, Tokens{4'096})->num_ctx, Tokens{4'096});
}

TEST(OllamaChatRequest, LetsTheFileSayHowLongAModelIsHeld)
{
    const auto held = [](const std::string& asked, const std::string& files,
                         KeepAliveChoice choice = KeepAliveChoice::bounded) {
        OllamaDefaults defaults;
        defaults.members = {{"keep_alive", files}};
        defaults.keep_alive = choice;
        return translated(chat_with("\"keep_alive\":" + asked), defaults)["keep_alive"];
    };
    EXPECT_EQ(held("0", R"("30m")"), "30m");
    EXPECT_EQ(held("-1", R"("30m")"), "30m");
    EXPECT_EQ(held(R"("20m")", R"("30m")"), "20m");
    EXPECT_EQ(held(R"("50m")", R"("30m")"), "50m");
    EXPECT_EQ(held(R"("5h")", R"("30m")"), "1h");
    EXPECT_EQ(held(R"("5h")", R"("8h")"), "5h");
    EXPECT_EQ(held(R"("9h")", R"("8h")"), "8h");
    EXPECT_EQ(held(R"("9h")", "-1"), "9h");
    EXPECT_EQ(held("0", "-1"), -1);
    EXPECT_EQ(held("0", R"("30m")", KeepAliveChoice::clients), 0);
    EXPECT_EQ(held("-1", R"("30m")", KeepAliveChoice::clients), -1);
}

TEST(OllamaChatRequest, NamesTheToolOfAResultByTheCallThatAskedForIt)
{
    const auto messages = translated(R"({"model":"m","messages":[
        {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"a","arguments":"{}"}},
                                          {"id":"2","function":{"arguments":"","name":"b"}}]},
        {"tool_call_id":"2","content":"two","role":"tool"},
        {"role":"tool","content":"one","tool_call_id":"1"},
        {"role":"function","name":"old","content":"three"}]})")["messages"];
    EXPECT_EQ(messages[0]["tool_calls"][1]["function"],
              json::parse(R"({"index":1,"name":"b","arguments":{}})"));
    EXPECT_EQ(messages[1]["tool_name"], "b");
    EXPECT_EQ(messages[2]["tool_name"], "a");
    EXPECT_EQ(messages[3], json::parse(R"({"role":"tool","content":"three","tool_name":"old"})"));
}

TEST(OllamaChatRequest, TakesTheLastOfTwoListsOfMessages)
{
    const auto messages = translated(R"({"model":"m","messages":[{"role":"user","content":"x"}],
        "messages":[{"role":"user","content":"y"}]})")["messages"];
    EXPECT_EQ(messages, json::parse(R"([{"role":"user","content":"y"}])"));
}

TEST(OllamaChatRequest, TakesTheOldWordForACallBesideTheNewOne)
{
    const auto messages = translated(R"({"model":"m","messages":[
        {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"a"}}],
         "function_call":{"name":"b","arguments":"{}"}}]})")["messages"];
    EXPECT_EQ(messages[0]["tool_calls"], json::parse(R"([
        {"id":"1","function":{"index":0,"name":"a","arguments":{}}},
        {"function":{"index":1,"name":"b","arguments":{}}}])"));
}

struct Refused {
    std::string body;
    Errc code;
    std::string param;
};

class OllamaRefusal : public testing::TestWithParam<Refused> {};

TEST_P(OllamaRefusal, NamesWhatCannotBeSaid)
{
    const auto request = ollama_chat_request(GetParam().body, {}, std::nullopt);
    ASSERT_FALSE(request) << request->body;
    EXPECT_EQ(request.error().code(), GetParam().code);
    EXPECT_EQ(request.error().param(), GetParam().param);
}

std::string with_part(const std::string& part)
{
    return R"({"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},)" +
           part + "]}]}";
}

INSTANTIATE_TEST_SUITE_P(
    Table, OllamaRefusal,
    testing::Values(
        Refused{with_part(R"({"type":"image_url","image_url":{"url":"https://x.org/a.png"}})"),
                Errc::not_translatable, "messages[0]"},
        Refused{with_part(R"({"type":"image_url","image_url":{"url":"data:image/png,abc"}})"),
                Errc::not_translatable, "messages[0]"},
        Refused{with_part(R"({"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}})"),
                Errc::not_translatable, "messages[0]"},
        Refused{with_part(R"({"type":"file","file":{"file_id":"f"}})"), Errc::not_translatable,
                "messages[0]"},
        Refused{R"({"model":"m","messages":[]})", Errc::invalid_request, "messages"},
        Refused{R"({"model":"m"})", Errc::invalid_request, "messages"},
        Refused{R"({"model":"m","messages":[{"role":"user","content":"x"},7]})",
                Errc::invalid_request, "messages[1]"},
        Refused{chat_with(R"("reasoning_effort":"huge")"), Errc::invalid_request,
                "reasoning_effort"},
        Refused{chat_with(R"("response_format":{"type":"grammar"})"), Errc::not_translatable,
                "response_format"},
        Refused{R"({"model":"m","messages":[{"role":"assistant","tool_calls":[
                   {"id":"1","function":{"name":"a","arguments":"{not json"}}]}]})",
                Errc::not_translatable, "messages[0]"}));

TEST(OllamaGenerateRequest, TakesOnePromptAndGivesOneAnswer)
{
    const auto refused = [](const std::string& members) {
        const auto request =
            ollama_generate_request(R"({"model":"m",)" + members + "}", {}, Tokens{4'096});
        return request ? "taken: " + request->body : request.error().param();
    };
    for (const auto* prompt :
         {R"(["a","b"])", "[]", "[1,2]", "[[1]]", R"("")", R"([""])", "null", R"({"a":"b"})"}) {
        EXPECT_EQ(refused(std::string(R"("prompt":)") + prompt), "prompt") << prompt;
    }
    EXPECT_EQ(refused(R"("n":1)"), "prompt");
    const std::string prompt = R"("prompt":"x",)";
    EXPECT_EQ(refused(prompt + R"("n":2)"), "n");
    EXPECT_EQ(refused(prompt + R"("best_of":3)"), "best_of");
    EXPECT_EQ(refused(prompt + R"("echo":true)"), "echo");
    EXPECT_EQ(refused(prompt + R"("logprobs":0)"), "logprobs");
    EXPECT_EQ(refused(prompt + R"("n":1,"best_of":null,"echo":false,"logprobs":null)"),
              R"(taken: {"model":"m","prompt":"x","stream":false,"truncate":false,"shift":false,)"
              R"("options":{"num_ctx":4096}})");
}

TEST(OllamaEmbedRequest, CutsATextWhereTheClientSaysSo)
{
    const auto cuts = [](const std::string& members) {
        const auto request =
            ollama_embed_request(R"({"model":"m","input":"x")" + members + "}", {}, std::nullopt);
        return json::parse(request->body)["truncate"];
    };
    EXPECT_EQ(cuts(""), false);
    EXPECT_EQ(cuts(R"(,"truncate":null)"), false);
    EXPECT_EQ(cuts(R"(,"truncate":false)"), false);
    EXPECT_EQ(cuts(R"(,"truncate":true)"), true);
}

TEST(OllamaEmbedRequest, TakesNoTokens)
{
    for (const std::string input : {"[1,2]", "[[1]]", "7", "null"}) {
        const auto request =
            ollama_embed_request(R"({"model":"m","input":)" + input + "}", {}, std::nullopt);
        ASSERT_FALSE(request) << input;
        EXPECT_EQ(request.error().param(), "input");
    }
}

TEST(OllamaLoadRequest, SaysAllThatRequestsWillSayOfHowItIsLoaded)
{
    OllamaDefaults defaults;
    defaults.members = {{"num_gpu", "9"}, {"keep_alive", R"("1h")"}, {"think", "true"}};
    EXPECT_EQ(json::parse(ollama_load_request("a\"b", OllamaTask::chat, defaults, Tokens{4'096})),
              json::parse(R"({"model":"a\"b","messages":[],"stream":false,"truncate":false,
                              "shift":false,"keep_alive":"1h",
                              "options":{"num_ctx":4096,"num_gpu":9}})"));
    EXPECT_EQ(json::parse(ollama_load_request("m", OllamaTask::embed, {}, std::nullopt)),
              json::parse(R"({"model":"m","input":"","truncate":false})"));
}

TEST(ConfiguredWindow, IsFoundWhereverTheFileHasIt)
{
    using Members = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(configured_window({}), std::nullopt);
    EXPECT_EQ(configured_window(Members{{"num_ctx", "8192"}}), Tokens{8'192});
    EXPECT_EQ(configured_window(Members{{"options", R"({"a":1,"num_ctx":16})"}}), Tokens{16});
    EXPECT_EQ(configured_window(Members{{"options", R"({"num_ctx":16})"}, {"num_ctx", "32"}}),
              Tokens{32});
    EXPECT_EQ(configured_window(Members{{"num_ctx", "\"8192\""}}), std::nullopt);
    EXPECT_EQ(configured_window(Members{{"num_ctx", "-1"}}), std::nullopt);
}

}  // namespace
}  // namespace spillway::dialect
