#include "spillway/engine/token_count.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace spillway::engine {
namespace {

using Json = nlohmann::json;

TEST(TokenCount, AsksEachEngineInItsWords)
{
    const auto llama_cpp = count_question(Kind::llama_cpp, "m", "the \"sun\"\n");
    ASSERT_TRUE(llama_cpp);
    EXPECT_EQ(llama_cpp->path, "/tokenize");
    EXPECT_EQ(Json::parse(llama_cpp->body), Json({{"content", "the \"sun\"\n"}}));
    const auto vllm = count_question(Kind::vllm, "org/m", "the sun");
    ASSERT_TRUE(vllm);
    EXPECT_EQ(vllm->path, "/tokenize");
    EXPECT_EQ(Json::parse(vllm->body),
              Json({{"model", "org/m"}, {"prompt", "the sun"}, {"add_special_tokens", false}}));
    EXPECT_FALSE(count_question(Kind::ollama, "m", "the sun"));
}

TEST(TokenCount, AsksAboutBytesThatAreNoText)
{
    const auto question = count_question(Kind::llama_cpp, "m", "a\xff");
    ASSERT_TRUE(question);
    EXPECT_TRUE(Json::accept(question->body));
}

TEST(TokenCount, ReadsBothAnswers)
{
    EXPECT_EQ(read_count(Kind::llama_cpp, R"({"tokens":[289,300,285]})").value(), Tokens{3});
    EXPECT_EQ(read_count(Kind::llama_cpp, R"({"tokens":[]})").value(), Tokens{0});
    EXPECT_EQ(read_count(Kind::vllm, R"({"count":7,"max_model_len":64,"tokens":[1]})").value(),
              Tokens{7});
}

TEST(TokenCount, RefusesTheAnswerOfSomebodyElse)
{
    for (const auto kind : {Kind::ollama, Kind::llama_cpp, Kind::vllm}) {
        for (const auto* body : {"", "[]", "{}", "<html>", R"({"tokens":3,"count":"3"})",
                                 R"({"tokens":null,"count":-1})", R"({"count":1.5})"}) {
            const auto read = read_count(kind, body);
            ASSERT_FALSE(read) << body;
            EXPECT_EQ(read.error().code(), Errc::upstream_bad_reply);
        }
    }
    EXPECT_FALSE(read_count(Kind::llama_cpp, R"({"count":7})"));
    EXPECT_FALSE(read_count(Kind::vllm, R"({"tokens":[1]})"));
}

}  // namespace
}  // namespace spillway::engine
