#include "error_words.hpp"

#include <charconv>
#include <cmath>

#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// What is kept of a provider's text while it is looked at.
constexpr std::size_t kept_text = 4096;

void set_text(JsonWalker& json, std::string& target)
{
    if (const auto text = json.string(); text && target.empty()) {
        target = text->text().substr(0, kept_text);
    }
}

bool starts_number(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

/// A string, or a number as its digits; anything else is left.
void set_word(JsonWalker& json, std::string& target)
{
    if (json.peek() == '"') {
        set_text(json, target);
    } else if (starts_number(json.peek())) {
        const auto number = json.number();
        target = number ? std::string(number->substr(0, 32)) : target;
    }
}

/// Google's "31s" or "0.5s".
std::optional<Millis> parse_seconds(std::string_view text)
{
    double seconds = 0;
    const auto* last = text.data() + text.size();
    const auto [end, problem] = std::from_chars(text.data(), last, seconds);
    constexpr double longest = 7.0 * 24 * 3600;
    if (problem != std::errc{} || end == last || *end != 's' || !(seconds >= 0) ||
        seconds > longest) {
        return std::nullopt;
    }
    return Millis{static_cast<std::int64_t>(std::ceil(seconds * 1000))};
}

/// One entry of Google's `details`, Anthropic's `details`, Azure's `innererror`, FastAPI's
/// `detail`.
void read_detail(JsonWalker& json, ErrorWords& words)
{
    if (json.peek() != '{') {
        return;
    }
    json.object([&](const JsonKey& key) {
        if (json.peek() != '"') {
            return;
        }
        if (key.text == "retryDelay") {
            if (const auto delay = json.string(); delay && !delay->raw.empty()) {
                words.retry_after = parse_seconds(delay->text());
            }
        } else if (key.text == "error_code" || key.text == "reason" || key.text == "code") {
            std::string reason;
            set_text(json, reason);
            words.code.append(words.code.empty() ? "" : " ").append(reason);
        } else if (key.text == "msg") {
            set_text(json, words.message);
        }
    });
}

void read_details(JsonWalker& json, ErrorWords& words)
{
    if (json.peek() == '[') {
        json.array([&] { read_detail(json, words); });
        return;
    }
    if (json.peek() == '"') {
        set_text(json, words.message);
        return;
    }
    read_detail(json, words);
}

/// Inner words win: they are the provider's, the outer ones often a relay's.
void merge(ErrorWords& words, const ErrorWords& inner)
{
    const auto take = [](std::string& outer, const std::string& word) {
        outer = word.empty() ? std::move(outer) : word;
    };
    take(words.message, inner.message);
    take(words.type, inner.type);
    take(words.code, inner.code);
    take(words.param, inner.param);
    words.retry_after = inner.retry_after ? inner.retry_after : words.retry_after;
}

/// Any JSON body: `{"error": ...}`, the bare object, or either in an array (Gemini's).
void read_error_json(JsonWalker& json, ErrorWords& words)
{
    if (json.peek() == '[') {
        json.array([&] {
            if (words.message.empty()) {
                read_error_json(json, words);
            }
        });
        return;
    }
    if (json.peek() != '{') {
        if (json.peek() == '"') {
            set_text(json, words.message);
        }
        return;
    }
    json.object([&](const JsonKey& key) {
        if (key.text != "error") {
            read_error_member(json, key, words);
            return;
        }
        if (const auto inner = read_error_value(json)) {
            merge(words, *inner);
        }
    });
}

/// The words of a JSON text; nothing when it is not JSON.
std::optional<ErrorWords> parse_error_body(std::string_view body)
{
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(body);
    if (index.scan(text) != JsonFault::none) {
        return std::nullopt;
    }
    ErrorWords words;
    JsonWalker json(text, index.tokens());
    read_error_json(json, words);
    const bool understood = json.finish();
    index.shrink();
    return understood ? std::optional(std::move(words)) : std::nullopt;
}

std::string_view between(std::string_view text, std::string_view open, std::string_view close)
{
    const auto begin = text.find(open);
    if (begin == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(begin + open.size());
    return text.substr(0, text.find(close));
}

ErrorWords plain_words(std::string_view body)
{
    ErrorWords words;
    const bool html = trimmed(body).substr(0, 1) == "<";
    words.message = html ? between(body.substr(0, kept_text), "<title>", "</title>")
                         : trimmed(body.substr(0, kept_text));
    return words;
}

}  // namespace

void read_error_member(JsonWalker& json, const JsonKey& key, ErrorWords& words)
{
    const auto name = key.text;
    if (name == "message") {
        if (json.peek() == '"') {
            set_text(json, words.message);
        }
    } else if (name == "type") {
        set_word(json, words.type);
    } else if (name == "status") {
        if (json.peek() == '"') {
            set_text(json, words.type);
        }
    } else if (name == "code") {
        set_word(json, words.code);
    } else if (name == "param") {
        set_word(json, words.param);
    } else if (name == "details" || name == "innererror" || name == "detail") {
        read_details(json, words);
    }
}

std::optional<ErrorWords> read_error_value(JsonWalker& json)
{
    ErrorWords words;
    if (json.peek() == '"') {
        set_text(json, words.message);
    } else if (json.peek() == '{') {
        json.object([&](const JsonKey& key) { read_error_member(json, key, words); });
    } else {
        // `"error": true` with the words beside it; null and false say that there is none.
        return json.peek() == 't' ? std::optional(words) : std::nullopt;
    }
    const bool says_nothing = words.message.empty() && words.type.empty() && words.code.empty();
    return says_nothing ? std::nullopt : std::optional(std::move(words));
}

ErrorWords read_error_body(std::string_view body)
{
    // Far more than any error says; what is longer is not worth parsing.
    constexpr std::size_t longest = 1024 * 1024;
    auto words = parse_error_body(body.substr(0, longest));
    if (!words) {
        return plain_words(body);
    }
    // Ollama passes its engine's error on as a string that holds JSON.
    if (words->message.substr(0, 1) == "{") {
        if (const auto inner = parse_error_body(words->message)) {
            merge(*words, *inner);
        }
    }
    return std::move(*words);
}

}  // namespace spillway::dialect
