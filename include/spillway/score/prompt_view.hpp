#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::score {

/// What of a request is scored. Views only: the caller keeps the text alive during `extract`.
struct PromptView {
    /// All text of the last user turn, parts joined by a newline. Harness text in it (reminders,
    /// environment blocks, tool listings) is cut out by `extract`.
    std::string_view last_user;
    /// All system and developer text; empty when there is none.
    std::string_view system;
    std::uint32_t turns = 1;              ///< Messages that are neither system nor developer.
    std::uint32_t tool_result_turns = 0;  ///< Messages that carry results of tools.
    std::uint32_t tools = 0;              ///< Tools offered.
    std::uint32_t images = 0;
    bool has_schema = false;        ///< A JSON schema or JSON mode is demanded of the answer.
    std::uint32_t max_tokens = 0;   ///< 0: the client sets no limit.
    std::uint64_t total_bytes = 0;  ///< Text of all messages; 0: just the two views above.
};

}  // namespace spillway::score
