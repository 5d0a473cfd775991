#include "spillway/engine/model_card.hpp"

#include <gtest/gtest.h>

namespace spillway::engine {
namespace {

TEST(TrainedWindow, StandsBehindTheArchitecture)
{
    EXPECT_EQ(trained_window(R"({"parameters":"num_ctx 4096","details":{"family":"qwen3"},
        "model_info":{"general.architecture":"qwen3","qwen3.block_count":36,
        "qwen3.context_length":40960},"capabilities":["completion"]})"),
              Tokens{40'960});
}

TEST(TrainedWindow, IsNotKnownWhereTheAnswerDoesNotSay)
{
    for (const auto* answer :
         {"", "[]", "{}", R"({"model_info":null})", R"({"model_info":{}})",
          R"({"model_info":{"llama.context_length":"8192"}})",
          R"({"model_info":{"llama.context_length":0}})", R"({"error":"model 'x' not found"})"}) {
        EXPECT_EQ(trained_window(answer), std::nullopt) << answer;
    }
}

TEST(CardQuestion, NamesTheModel)
{
    EXPECT_EQ(card_question("a\"b"), R"({"model":"a\"b"})");
}

}  // namespace
}  // namespace spillway::engine
