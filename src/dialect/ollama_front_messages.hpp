#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

/// The content of a message with images: OpenAI's list of parts, the images as data URIs.
/// @param text    A JSON string as it stands in the body; may be empty or `null`.
/// @param images  Insides of JSON strings: base64, or already a data URI.
[[nodiscard]] std::string content_with_images(std::string_view text,
                                              const std::vector<std::string_view>& images);

/// Reads an `images` array into `images`. @return False when it is none of strings.
[[nodiscard]] bool read_images(JsonWalker& json, std::vector<std::string_view>& images);

/// Ollama's messages as OpenAI's. Tool calls get ids where they have none, and each tool result the
/// id of the call that it answers: of the first one of its name that has no result yet.
class OllamaFrontMessages {
public:
    /// Reads the `messages` array. @return What is wrong with it, as a path; empty when nothing is.
    [[nodiscard]] std::string read(JsonWalker& json);
    /// OpenAI's array.
    [[nodiscard]] std::string text() const { return "[" + text_ + "]"; }
    /// Where in `text` the members stand that tell what models thought, each with its comma.
    [[nodiscard]] std::vector<chat::ByteRange> thoughts() const;
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    struct Message;
    struct Call {
        std::string name;
        std::string id;
    };

    void read_message(JsonWalker& json);
    void read_member(JsonWalker& json, const JsonKey& key, Message& message);
    void read_calls(JsonWalker& json, Message& message);
    void write(const Message& message);
    [[nodiscard]] std::string answered_call(const Message& message);
    [[nodiscard]] std::string new_id();

    std::string text_;
    std::vector<chat::ByteRange> thoughts_;  ///< In `text_`.
    std::size_t count_ = 0;
    std::size_t calls_ = 0;
    std::deque<Call> open_;  ///< Calls without a result.
    std::string fault_;
};

}  // namespace spillway::dialect
