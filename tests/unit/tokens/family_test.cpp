#include "spillway/tokens/family.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace spillway::tokens {
namespace {

TEST(Family, IsKnownByTheBeginningOfAModelsName)
{
    const std::pair<std::string_view, Family> names[] = {
        {"gpt-4o", Family::o200k},
        {"gpt-4o-mini-2024-07-18", Family::o200k},
        {"gpt-4.1-nano", Family::o200k},
        {"gpt-5", Family::o200k},
        {"o1", Family::o200k},
        {"o3-mini", Family::o200k},
        {"gpt-oss:20b", Family::o200k},
        {"gpt-4", Family::cl100k},
        {"gpt-4-turbo", Family::cl100k},
        {"gpt-3.5-turbo", Family::cl100k},
        {"text-embedding-3-small", Family::cl100k},
        {"llama3.2:3b", Family::llama3},
        {"Llama-3.3-70B-Instruct", Family::llama3},
        {"qwen2.5-coder:7b", Family::qwen},
        {"QwQ-32B", Family::qwen},
        {"gemini-2.5-pro", Family::gemini},
        {"gemma3:4b", Family::gemini},
        {"claude-sonnet-4", Family::claude},
        {"mixtral-8x7b", Family::mistral},
        {"phi4", Family::generic},
        {"olmo2", Family::generic},
        {"", Family::generic},
    };
    for (const auto& [name, family] : names)
        EXPECT_EQ(family_of(name), family) << name;
}

TEST(Family, IgnoresTheProviderBeforeTheName)
{
    EXPECT_EQ(family_of("openai/gpt-4o"), Family::o200k);
    EXPECT_EQ(family_of("openrouter/meta-llama/llama-3.1-70b-instruct"), Family::llama3);
    EXPECT_EQ(family_of("bedrock/us.anthropic.claude-3-5-sonnet-20241022-v2:0"), Family::claude);
    EXPECT_EQ(family_of("ft:gpt-4o-mini:org::id"), Family::o200k);
}

TEST(Family, OfADistillationIsThatOfItsBase)
{
    EXPECT_EQ(family_of("deepseek-r1-distill-qwen-32b"), Family::qwen);
    EXPECT_EQ(family_of("deepseek-r1-distill-llama-8b"), Family::llama3);
}

TEST(Family, KnowsWhichCoefficientsWereMeasured)
{
    EXPECT_EQ(grounds_of(Family::qwen), Grounds::measured);
    EXPECT_EQ(grounds_of(Family::claude), Grounds::derived);
}

TEST(TemplateTokens, GrowWithTheMessages)
{
    EXPECT_EQ(template_tokens(Family::o200k, 1), Tokens{7});
    EXPECT_EQ(template_tokens(Family::o200k, 3), Tokens{15});
}

}  // namespace
}  // namespace spillway::tokens
