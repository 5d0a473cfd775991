#pragma once

#include <memory>
#include <string_view>

#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/prompt.hpp"

namespace spillway::dialect {

/// Takes the text out of a request that `RequestReader` has accepted: every string, number and key
/// of the body, so that whoever looks for sensitive text sees what a model would see. Left out are
/// base64 payloads, prompts given as lists of tokens, and the words of the protocol itself
/// (`"role"`, `"type": "text"`). Only done for routes that ask for it. One per shard; not
/// thread-safe.
class PromptReader {
public:
    PromptReader();
    ~PromptReader();

    /// @param body  Valid JSON, followed by `body_padding` readable bytes.
    /// @return Views into the body and into this reader; valid until the next call.
    [[nodiscard]] const chat::Prompt& read(std::string_view body);

private:
    struct Scratch;
    std::unique_ptr<Scratch> scratch_;
};

}  // namespace spillway::dialect
