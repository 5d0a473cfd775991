#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"

namespace spillway::dialect {

/// Bytes that must be allocated behind a body handed to `RequestReader` (simdjson reads past the
/// end; 64 in 3.0.1).
inline constexpr std::size_t body_padding = 64;

/// Checks a JSON request body and takes its facts in one pass. One per shard (it owns simdjson's
/// scratch memory, given back when a body was large); not thread-safe.
class RequestReader {
public:
    RequestReader();
    ~RequestReader();

    /// @param body  Followed by `body_padding` readable bytes; must outlive the facts.
    /// @return `invalid_json` (grammar, UTF-8, depth over 64), `duplicate_key` (at the top, in a
    ///         message or in a content part; escaped spellings count as the same key),
    ///         `missing_model`, or `invalid_request` with `param` for a wrong type.
    [[nodiscard]] Result<chat::RequestFacts> read(std::string_view body, chat::Endpoint endpoint);

private:
    struct Scratch;
    std::unique_ptr<Scratch> scratch_;
};

/// The `model` of a multipart/form-data body and what its `metadata` say, found without copying the
/// parts. Two models are `duplicate_key`; none is `missing_model`. `members` are these fields,
/// under their names of the form.
[[nodiscard]] Result<chat::RequestFacts> read_multipart(std::string_view body,
                                                        std::string_view content_type);

}  // namespace spillway::dialect
