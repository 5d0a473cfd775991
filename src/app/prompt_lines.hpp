#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/score/prompt_view.hpp"

namespace spillway::app {

/// One line of a file of prompts: {"id": ..., "prompt": "..."} or {"messages": [...]}, with labels
/// when it is for training.
struct PromptLine {
    std::string id;  ///< The line's number when it has none.
    std::string last_user;
    std::string system;
    score::PromptView facts;  ///< Everything but the two views; see `view`.
    std::string dataset;
    std::string split;
    double weak = -1;  ///< Below 0: not labelled.
    double strong = -1;
    double weight = 1;

    /// Valid as long as this line is not moved or changed.
    [[nodiscard]] score::PromptView view() const;
};

/// Reads one line. Errors name what is wrong, never the text of the prompt.
[[nodiscard]] Result<PromptLine> read_prompt_line(const std::string& line, std::size_t number);

/// Calls `see(line)` for every line of `in` that is not empty, until one cannot be read.
template <class See>
Result<void> each_prompt(std::istream& in, See see)
{
    std::string text;
    for (std::size_t number = 1; std::getline(in, text); ++number) {
        if (text.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const auto line = read_prompt_line(text, number);
        if (!line)
            return fail(line.error());
        see(*line);
    }
    return {};
}

}  // namespace spillway::app
