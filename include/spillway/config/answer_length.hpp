#pragma once

#include <string_view>

namespace spillway::config {

/// Is it a name of the answer's length, in whose words ever?
[[nodiscard]] constexpr bool is_answer_length(std::string_view parameter)
{
    return parameter == "max_tokens" || parameter == "max_completion_tokens" ||
           parameter == "max_output_tokens";
}

}  // namespace spillway::config
