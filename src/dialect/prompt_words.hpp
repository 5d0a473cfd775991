#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/chat/prompt.hpp"
#include "spillway/dialect/json_walk.hpp"

/// What the words of the protocols say of the values that stand with them.
namespace spillway::dialect {

/// Members whose strings may be base64 instead of text.
inline bool may_hold_payload(std::string_view key)
{
    return is(key, "url") || is(key, "data") || is(key, "file_data") || is(key, "image_url") ||
           is(key, "b64_json") || is(key, "file_url") || is(key, "images") ||
           is(key, "audio_url") || is(key, "video_url");
}

inline chat::Speaker speaker_of(std::string_view role)
{
    if (is(role, "system") || is(role, "developer"))
        return chat::Speaker::system;
    return is(role, "user") ? chat::Speaker::user : chat::Speaker::other;
}

inline bool carries_result(std::string_view kind)
{
    return is(kind, "tool") || is(kind, "function") || is(kind, "tool_result") ||
           is(kind, "function_call_output");
}

/// What a content part of that type carries, in OpenAI's, Anthropic's, vLLM's and OpenRouter's
/// words; empty for text and what is not known.
inline std::optional<chat::Attachment::Kind> attachment_kind(std::string_view word)
{
    using Kind = chat::Attachment::Kind;
    if (is(word, "image_url") || is(word, "input_image") || is(word, "image"))
        return Kind::image;
    if (is(word, "input_audio") || is(word, "audio") || is(word, "audio_url"))
        return Kind::audio;
    if (is(word, "file") || is(word, "input_file") || is(word, "document"))
        return Kind::file;
    if (is(word, "video_url") || is(word, "input_video") || is(word, "video"))
        return Kind::video;
    return std::nullopt;
}

/// What the object is that is being read: `data` is bytes by definition in `input_audio`, and in
/// Anthropic's `source` once that has said so; its `data` may also be a text.
enum class Place : std::uint8_t { other, source, bytes };

inline Place place_of(std::string_view name)
{
    if (is(name, "input_audio") || is(name, "input_video"))
        return Place::bytes;
    return is(name, "source") ? Place::source : Place::other;
}

}  // namespace spillway::dialect
