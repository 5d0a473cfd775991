#include "spillway/app/unpriced.hpp"
#include "source_dir.hpp"

#include <gtest/gtest.h>

namespace spillway::app {
namespace {

std::size_t warnings(const std::string& more)
{
    const config::Environment nothing = [](const std::string&) { return std::nullopt; };
    const auto loaded = config::load_text(
        "model_list:\n"
        "  - model_name: odd\n"
        "    litellm_params: {model: openai/nobody-knows-it, api_base: "
        "'https://relay.example.com/v1', api_key: k}\n"
        "  - model_name: known\n"
        "    litellm_params: {model: openai/gpt-4o, api_key: k}\n"
        "  - model_name: local\n"
        "    litellm_params: {model: openai/mine, api_base: 'http://127.0.0.1:1/v1'}\n" +
            more,
        "test.yaml", nothing);
    EXPECT_TRUE(loaded.config);
    const auto found = unpriced_under_caps(*loaded.config, nothing);
    for (const auto& warning : found)
        EXPECT_NE(warning.message.find("nobody-knows-it"), std::string::npos);
    return found.size();
}

TEST(Unpriced, IsWarnedOfWhereACapPays)
{
    EXPECT_EQ(warnings("general_settings: {max_budget: 10}\n"), 1U);
    EXPECT_EQ(warnings("budgets: {groups: {odd: {max_budget: 1}}}\n"), 1U);
}

TEST(Unpriced, IsNoMatterWhereNoneDoesOrItIsAllowed)
{
    EXPECT_EQ(warnings(""), 0U);
    EXPECT_EQ(warnings("budgets: {groups: {known: {max_budget: 1}}}\n"), 0U);
    EXPECT_EQ(warnings("general_settings: {max_budget: 10}\nbudgets: {unknown_prices: allow}\n"),
              0U);
}

TEST(Unpriced, IsNothingOfWhatPeopleBringFromLiteLlm)
{
    const config::Environment keys = [](const std::string&) { return "sk-some"; };
    const auto loaded =
        config::load_file(in_source_tree("config/examples/litellm-hybrid.yaml"), keys);
    ASSERT_TRUE(loaded.config);
    for (const auto& warning : unpriced_under_caps(*loaded.config, keys))
        ADD_FAILURE() << warning.message;
}

}  // namespace
}  // namespace spillway::app
