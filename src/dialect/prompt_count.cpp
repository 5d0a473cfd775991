// What counts as prompt text. Only lengths are taken, so that base64 payloads cost one pass of the
// tokenizer and nothing else; the words themselves are read by nobody here.
#include <algorithm>
#include <array>
#include <string>

#include "json_scalar.hpp"
#include "request_scan.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// A token given as its number stands for about this much text.
constexpr std::size_t bytes_per_token = 4;

enum class Part : unsigned char { text, nested, raw, image, kind, other };

/// What a member of a message, content part or Responses item means for counting.
Part part_of(std::string_view key)
{
    switch (key.size()) {
        case 4:
            return is(key, "text") ? Part::text : is(key, "type") ? Part::kind : Part::other;
        case 5:
            return is(key, "input") || is(key, "title") ? Part::raw : Part::other;
        case 6:
            return is(key, "output") ? Part::nested : Part::other;
        case 7:
            return is(key, "content")   ? Part::nested
                   : is(key, "refusal") ? Part::text
                                        : Part::other;
        case 8:
            return is(key, "thinking") || is(key, "document") ? Part::text : Part::other;
        case 9:
            if (is(key, "image_url")) {
                return Part::image;
            }
            return is(key, "reasoning") || is(key, "arguments") ? Part::text : Part::other;
        case 10:
            return is(key, "tool_calls") ? Part::raw : Part::other;
        case 13:
            return is(key, "function_call") ? Part::raw : Part::other;
        case 17:
            return is(key, "reasoning_content") ? Part::text : Part::other;
        default:
            return Part::other;
    }
}

/// Parts that are neither text nor a picture, in OpenAI's, Anthropic's and vLLM's words
/// (`attachment_kind`).
bool is_enclosure(std::string_view kind)
{
    constexpr std::array<std::string_view, 9> kinds{"input_audio", "audio_url",   "audio",
                                                    "video_url",   "input_video", "video",
                                                    "file",        "input_file",  "document"};
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void count_string(RequestScan& scan)
{
    if (const auto value = scan.json.string()) {
        scan.facts.text_bytes += value->decoded_size;
    }
}

void count_member(RequestScan& scan, std::string_view key)
{
    auto& json = scan.json;
    const bool is_string = json.peek() == '"';
    switch (part_of(key)) {
        case Part::text:
            if (is_string) {
                count_string(scan);
            }
            return;
        case Part::nested:
            count_prompt(scan);
            return;
        case Part::raw:
            count_raw(scan);
            return;
        case Part::image:
            scan.facts.image_count += json.peek() == 'n' ? 0 : 1;
            return;
        case Part::kind:
            // Anthropic's image part names its payload `source`, which is also a document's.
            if (is_string) {
                const auto kind = json.string();
                scan.facts.image_count += kind && kind->raw == "image" ? 1 : 0;
                scan.facts.enclosure_count += kind && is_enclosure(kind->raw) ? 1 : 0;
            }
            return;
        case Part::other:
            return;
    }
}

/// One object of prompt: a message, a content part, an item. `member` sees each key first.
template <class Member>
void read_object(RequestScan& scan, Member&& member)
{
    const auto mark = scan.keys.open();
    scan.json.object([&](const JsonKey& key) {
        scan.keys.add(key);
        member(key.text);
        if (scan.json.ok()) {
            count_member(scan, key.text);
        }
    });
    if (const auto twice = scan.keys.close(mark); twice.data() != nullptr) {
        scan.refuse({Errc::duplicate_key, "The key '" + printable(twice, 64) +
                                              "' appears twice in one object of the prompt."});
    }
}

void check_content(RequestScan& scan, std::size_t message)
{
    const char first = scan.json.peek();
    if (first != '"' && first != '[' && first != 'n') {
        scan.refuse_type("messages[" + std::to_string(message) + "].content",
                         "one of a string or array of objects");
    }
}

}  // namespace

void count_raw(RequestScan& scan)
{
    const auto begin = scan.json.offset();
    if (scan.json.peek() == 'n') {
        return;
    }
    if (scan.json.skip()) {
        scan.facts.text_bytes += scan.json.since(begin).size();
    }
}

void count_prompt(RequestScan& scan)
{
    auto& json = scan.json;
    const char first = json.peek();
    if (first == '"') {
        count_string(scan);
    } else if (first == '[') {
        json.array([&] { count_prompt(scan); });
    } else if (first == '{') {
        read_object(scan, [](std::string_view) {});
    } else if (first == '-' || is_digit(first)) {
        scan.facts.text_bytes += bytes_per_token;
        if (!json.plain_number()) {
            json.skip();
        }
    } else {
        json.skip();
    }
}

void read_messages(RequestScan& scan)
{
    auto& json = scan.json;
    if (json.peek() != '[') {
        scan.refuse_type("messages", "an array of objects");
        return;
    }
    std::size_t count = 0;
    json.array([&] {
        if (json.peek() != '{') {
            scan.refuse_type("messages[" + std::to_string(count) + "]", "an object");
            return;
        }
        read_object(scan, [&](std::string_view key) {
            if (is(key, "content")) {
                check_content(scan, count);
            }
        });
        ++count;
    });
    if (json.ok() && count == 0) {
        scan.refuse(Error{Errc::invalid_request,
                          "Invalid 'messages': empty array. Expected an array with minimum length "
                          "1, but got an empty array instead."}
                        .about("messages"));
    }
}

}  // namespace spillway::dialect
