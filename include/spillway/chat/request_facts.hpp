#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// A range of bytes of the request body.
struct ByteRange {
    std::size_t offset = 0;
    std::size_t length = 0;

    [[nodiscard]] std::string_view of(std::string_view body) const
    {
        return body.substr(offset, length);
    }
};

/// One key of the body's top-level object, where it stands in the bytes.
struct Member {
    std::string_view key;  ///< Unescaped; lives as long as the facts' body.
    ByteRange entry;       ///< From the key's opening quote to the end of the value.
    ByteRange value;
};

enum class Delivery : std::uint8_t { whole, stream };
enum class VectorEncoding : std::uint8_t { floats, base64 };

/// What a client may say about its own request in the body (LiteLLM's client controls);
/// honoured and stripped before anything is forwarded.
struct RequestControls {
    std::optional<std::vector<std::string>> fallbacks;
    std::optional<std::vector<std::string>> context_window_fallbacks;
    std::optional<std::vector<std::string>> content_policy_fallbacks;
    std::optional<int> num_retries;
    std::optional<Millis> timeout;
    bool disable_fallbacks = false;
    bool mock_fallbacks = false;  ///< mock_testing_fallbacks: the first group is made to fail.
    bool mock_context_window_fallbacks = false;
    bool mock_content_policy_fallbacks = false;
    bool mock_rate_limit_error = false;  ///< The first attempt is taken as rate limited.
};

/// Facts of a request that routing, forwarding and the record need, taken in one pass over the
/// body. `members` and nothing else point into it.
struct RequestFacts {
    std::string model;  ///< As the client wrote it, unescaped.
    std::vector<Member> members;
    Delivery delivery = Delivery::whole;
    bool usage_asked = false;  ///< stream_options.include_usage is true.
    std::optional<Tokens> max_tokens;
    VectorEncoding encoding = VectorEncoding::floats;  ///< Embeddings only.
    std::size_t text_bytes = 0;  ///< Bytes of prompt text; base64 payloads are not counted.
    std::size_t image_count = 0;
    std::size_t enclosure_count = 0;  ///< Sounds and files, as far as their parts name them.
    std::string end_user;             ///< `user`; empty when absent.
    std::vector<std::string> tags;    ///< metadata.tags, tags and the header's.
    RequestControls controls;
    /// Inside `messages`: what only a deployment that speaks Ollama's own API takes. Ascending.
    std::vector<ByteRange> ollama_only{};
    bool stay_local = false;  ///< metadata.no_fallback: not beyond our own machines.
    bool explain = false;     ///< metadata.explain: the answer tells how it was routed.
};

}  // namespace spillway::chat
