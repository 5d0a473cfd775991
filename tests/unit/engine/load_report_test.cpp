#include "spillway/engine/load_report.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::engine {
namespace {

/// As llama.cpp b11434 writes it with --metrics.
constexpr auto llama_cpp_metrics =
    "# HELP llamacpp:prompt_tokens_total Number of prompt tokens processed.\n"
    "# TYPE llamacpp:prompt_tokens_total counter\n"
    "llamacpp:prompt_tokens_total 4\n"
    "# HELP llamacpp:requests_processing Number of requests processing.\n"
    "# TYPE llamacpp:requests_processing gauge\n"
    "llamacpp:requests_processing 2\n"
    "# HELP llamacpp:requests_deferred Number of requests deferred.\n"
    "# TYPE llamacpp:requests_deferred gauge\n"
    "llamacpp:requests_deferred 5\n";

/// Two engines behind one server of vLLM.
constexpr auto vllm_metrics =
    "# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
    "# TYPE vllm:num_requests_running gauge\n"
    "vllm:num_requests_running{engine=\"0\",model_name=\"org/a {b} \\\"c\\\"\"} 3.0\n"
    "vllm:num_requests_running{engine=\"1\",model_name=\"org/a {b} \\\"c\\\"\"} 1.0 1700000000000\n"
    "vllm:num_requests_waiting{engine=\"0\",model_name=\"org/a {b} \\\"c\\\"\"} 7.0\n"
    "vllm:num_requests_waiting_by_reason{engine=\"0\",reason=\"capacity\"} 100.0\n";

chat::ModelFacts load(std::string_view path, std::string_view body)
{
    chat::ModelFacts facts;
    const auto read = read_load(path, body, facts);
    EXPECT_TRUE(read) << (read ? "" : read.error().message());
    return facts;
}

TEST(LoadReport, AsksTheMostTellingFirst)
{
    ASSERT_EQ(load_paths(Kind::llama_cpp).size(), 2U);
    EXPECT_EQ(load_paths(Kind::llama_cpp).front(), "/metrics");
    EXPECT_EQ(load_paths(Kind::llama_cpp).back(), "/slots");
    ASSERT_EQ(load_paths(Kind::vllm).size(), 1U);
    EXPECT_EQ(load_paths(Kind::vllm).front(), "/metrics");
    EXPECT_TRUE(load_paths(Kind::ollama).empty());
}

TEST(LoadReport, LlamaCppTellsWhatItWorksOnAndWhatItDefers)
{
    const auto facts = load("/metrics", llama_cpp_metrics);
    EXPECT_EQ(facts.running, 2U);
    EXPECT_EQ(facts.waiting, 5U);
}

TEST(LoadReport, VllmIsAddedUpOverItsEngines)
{
    const auto facts = load("/metrics", vllm_metrics);
    EXPECT_EQ(facts.running, 4U);
    EXPECT_EQ(facts.waiting, 7U);
}

TEST(LoadReport, CountsSlotsThatAreBusy)
{
    const auto facts = load(
        "/slots", R"([{"id":0,"n_ctx":4096,"is_processing":true},{"id":1,"is_processing":false},
                          {"id":2,"is_processing":true,"prompt":"is not looked at"}])");
    EXPECT_EQ(facts.slots, 3U);
    EXPECT_EQ(facts.running, 2U);
    EXPECT_FALSE(facts.waiting);
}

TEST(LoadReport, ReadsTheSlotsOfOlderServers)
{
    EXPECT_EQ(load("/slots", R"([{"id":0,"state":1},{"id":1,"state":0}])").running, 1U);
}

TEST(LoadReport, RefusesTheAnswerOfSomebodyElseAndLeavesTheFacts)
{
    for (const auto* path : {"/metrics", "/slots"}) {
        for (const auto* body :
             {"", "null", "{}", "[]", "[1]", "<html>", "process_cpu_seconds_total 3\n",
              "llamacpp:requests_processing\n", "llamacpp:requests_processing nan\n",
              "llamacpp:requests_processing -1\n", "llamacpp:requests_processing 1e12\n",
              "llamacpp:requests_processing{a=\"b 3\n",
              R"({"error":{"code":501,"message":"not supported","type":"not_supported_error"}})"}) {
            chat::ModelFacts facts;
            facts.slots = 4;
            const auto read = read_load(path, body, facts);
            ASSERT_FALSE(read) << path << ' ' << body;
            EXPECT_EQ(read.error().code(), Errc::upstream_bad_reply);
            EXPECT_EQ(facts.slots, 4U);
            EXPECT_FALSE(facts.running);
        }
    }
}

TEST(Gauge, IsFoundBetweenLinesThatCannotBeRead)
{
    const std::string text = std::string("g{\"\n") + "g\n" + "g x\n" + "gg 5\r\n" + "g 2";
    EXPECT_EQ(gauge_in(text, "g"), 2);
    EXPECT_FALSE(gauge_in(text, "h"));
    EXPECT_FALSE(gauge_in("", "g"));
}

TEST(Loading, IsAStateThatLlamaCppSaysEverywhere)
{
    constexpr auto said =
        R"({"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})";
    EXPECT_TRUE(says_loading(503, said));
    EXPECT_FALSE(says_loading(500, said));
    EXPECT_FALSE(says_loading(200, said));
    for (const auto* body :
         {"", "[]", "{}", R"({"error":"Loading model"})", "Loading model",
          R"({"error":{"message":7}})", R"({"error":{"message":"no slot available"}})"})
        EXPECT_FALSE(says_loading(503, body)) << body;
}

}  // namespace
}  // namespace spillway::engine
