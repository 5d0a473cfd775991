#pragma once

#include <string_view>
#include <vector>

#include "spillway/review/answer.hpp"

namespace spillway::review {

/// What is wrong with an answer whatever the question: found without a model.
enum class Fault : std::uint8_t {
    empty,          ///< Neither text nor a call.
    refused,        ///< The model, or a filter, declined.
    cut,            ///< Ended by its length limit.
    looping,        ///< Its end says one thing again and again.
    not_json,       ///< JSON was demanded.
    off_schema,     ///< JSON, but not of the demanded schema.
    no_call,        ///< A tool was to be called and none was.
    unknown_tool,   ///< A tool was called that nobody offered.
    bad_arguments,  ///< No JSON, or not of the tool's schema.
};
[[nodiscard]] std::string_view name(Fault fault);

/// In the order of the enumeration, each at most once.
[[nodiscard]] std::vector<Fault> faults(const Answer& answer, const Asked& asked);

/// Does the end of `text` repeat one passage of at most 240 bytes, six times and over 240 bytes at
/// least?
[[nodiscard]] bool is_looping(std::string_view text);

/// Does a short answer decline in so many words (English, German, French, Spanish)? An excuse
/// within a long answer is none.
[[nodiscard]] bool is_refusal(std::string_view text);

/// The text without the fence that models put around JSON.
[[nodiscard]] std::string_view unfenced(std::string_view text);

}  // namespace spillway::review
