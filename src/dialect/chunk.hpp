#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "error_words.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "usage_tally.hpp"

namespace spillway::dialect {

/// What one JSON object of an answer says: a chunk or event of a stream, or a whole answer, of
/// chat, completions, Responses or Messages. The views live as long as the text that was walked.
struct Chunk {
    enum class Choices : unsigned char { none, empty, some };
    enum class Report : unsigned char { none, null, tokens };

    Choices choices = Choices::none;
    Report usage = Report::none;
    std::string type;  ///< `type` of Responses, Messages and other events.
    std::string_view model;
    std::string finish_reason;     ///< Of any choice, or Anthropic's stop_reason; empty when none.
    std::size_t output_bytes = 0;  ///< Text, reasoning, arguments: what was generated.
    bool has_output = false;       ///< Anything generated, also of unknown kind.
    std::optional<ErrorWords> error;
    /// The bytes to cut for a stream without `"usage":null`.
    chat::ByteRange usage_cut;
};

/// What is done with the text that was generated.
enum class Output : unsigned char {
    counted,
    passed_over,  ///< Neither counted nor checked: of it, only the brackets have to match.
};

/// Reads one object and merges its usage into `usage`. The walker says whether it was JSON.
[[nodiscard]] Chunk read_chunk(JsonWalker& json, UsageTally& usage, Output output);

}  // namespace spillway::dialect
