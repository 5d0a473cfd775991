#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "loading.hpp"

/// Files of one route, for tests of what `spillway check` says of rules.
namespace spillway::config {

inline constexpr std::string_view rule_rows = R"(model_list:
- {model_name: small, litellm_params: {model: ollama/llama3}, model_info: {max_input_tokens: 8192}}
- {model_name: cloud, litellm_params: {model: openai/gpt-4o, api_key: k}}
- {model_name: own, litellm_params: {model: openai/own, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}}
- {model_name: dear, litellm_params: {model: openai/own, api_key: k, input_cost_per_token: 0.000002, output_cost_per_token: 0.00002}}
- {model_name: unpriced, litellm_params: {model: openai/nobody-knows, api_key: k}}
routes:
  r:
    otherwise: [small]
)";

/// A file with the route `r`.
/// @param rules  Of the route, one a line, as `{...}`.
inline std::string file(std::string_view rules, std::string_view more)
{
    std::string text(rule_rows);
    text += std::string(more) + "    rules:\n";
    for (std::string_view rest = rules; !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size());
        text += "    - " + std::string(rest.substr(0, end)) + "\n";
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return text;
}

/// One file of rules.
struct Case {
    const char* name;
    const char* rules;
    const char* more = "";  ///< Of the route.
};

inline std::string name_of(const testing::TestParamInfo<Case>& tested)
{
    return tested.param.name;
}

/// `^` in the rules stands before the place that the error must name; it is no part of the file.
inline void expect_refused_at_the_mark(const Case& tested)
{
    auto text = file(tested.rules, tested.more);
    const auto mark = text.find('^');
    ASSERT_NE(mark, std::string::npos);
    text.erase(mark, 1);
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(mark), '\n') + 1;
    const auto column = mark - text.rfind('\n', mark);
    EXPECT_THAT(
        errors(load(text)),
        testing::ElementsAre(testing::StartsWith("c.yaml:" + std::to_string(line) + ":" +
                                                 std::to_string(column) + ": routes.r: rule ")))
        << text;
}

}  // namespace spillway::config
