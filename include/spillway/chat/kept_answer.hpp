#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace spillway::chat {

/// A complete answer as its client got it, kept for whoever asks the same again.
struct KeptAnswer {
    enum class Form : std::uint8_t { whole, stream };

    Form form = Form::whole;
    int status = 200;
    std::string headers;  ///< Lines, CRLF-ended; none that belongs to one request alone.
    std::string body;     ///< Of a stream: its events, byte for byte.
    std::string call_id;  ///< Of the request that it was made for.
    // For the records of those who get it again.
    std::string group;
    std::string deployment_id;
    std::string provider;
    std::string upstream_model;

    [[nodiscard]] std::size_t bytes() const { return headers.size() + body.size(); }
    friend bool operator==(const KeptAnswer&, const KeptAnswer&) = default;
};

/// Shared by those who send it, on any thread, while it is kept or not.
using KeptAnswerPtr = std::shared_ptr<const KeptAnswer>;

}  // namespace spillway::chat
