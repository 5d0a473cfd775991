#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// JSON read where it lies: simdjson finds the tokens, a walker checks the grammar and hands out
/// views. Nothing is copied, no tree is built; every offset is an offset of the text.
namespace spillway::dialect {

/// Containers may nest this deep.
inline constexpr unsigned max_json_depth = 64;

/// Why a text is not JSON.
enum class JsonFault : std::uint8_t {
    none,
    stopped,  ///< The reader gave up itself (`JsonWalker::stop`).
    empty,
    not_utf8,
    raw_control,  ///< A control character inside a string that must be escaped.
    unclosed_string,
    bad_escape,
    bad_number,
    bad_token,
    unexpected_end,
    too_deep,
    trailing,  ///< Something follows the value.
    too_large,
};

/// A short reason in words, for an error message: "a string is not closed".
[[nodiscard]] std::string_view describe(JsonFault fault) noexcept;

/// Where the tokens of a JSON text begin. Holds simdjson's scratch memory: four bytes per byte of
/// the largest text scanned. Not thread-safe.
class JsonIndex {
public:
    JsonIndex();
    ~JsonIndex();
    JsonIndex(const JsonIndex&) = delete;
    JsonIndex& operator=(const JsonIndex&) = delete;

    /// Finds the tokens and checks UTF-8, string ends and control characters in strings.
    /// @param text  Followed by at least 64 readable bytes.
    [[nodiscard]] JsonFault scan(std::string_view text);
    /// A copy of a text without readable bytes behind it, to be scanned.
    /// @return The copy; lives until the next call.
    [[nodiscard]] std::string_view copy(std::string_view text);

    /// Where each token begins. One more number follows them: the size of the text.
    [[nodiscard]] std::span<const std::uint32_t> tokens() const noexcept;

    /// Gives scratch memory back when the last text was large.
    void shrink();

    /// One index per thread, for readers of answers that must not hold scratch memory per stream.
    /// Use it and let go of it within one function.
    [[nodiscard]] static JsonIndex& of_this_thread();

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
    std::string copy_;
};

/// A JSON string as it stands in the text.
struct JsonString {
    std::string_view raw;          ///< Between the quotes, escapes and all.
    std::size_t decoded_size = 0;  ///< Bytes once unescaped.

    [[nodiscard]] bool escaped() const noexcept { return decoded_size != raw.size(); }
    [[nodiscard]] std::string text() const;
};

/// A member's key. `text` is unescaped and lives until the member's value has been read when
/// `escaped`, else as long as the text.
struct JsonKey {
    std::string_view text;
    std::size_t offset = 0;  ///< Of the opening quote.
    bool escaped = false;
};

/// `text == literal`, compared in place: about twice as fast as string_view's own for short keys.
template <std::size_t N>
[[nodiscard]] constexpr bool is(std::string_view text, const char (&literal)[N])
{
    return text.size() == N - 1 && __builtin_memcmp(text.data(), literal, N - 1) == 0;
}

/// `raw`, the inside of a valid JSON string, unescaped. Lone surrogates become U+FFFD.
[[nodiscard]] std::string unescaped(std::string_view raw);

/// A number's value when it is a whole number that fits (`12`, `-3`, `12.0`).
[[nodiscard]] std::optional<std::int64_t> whole_number(std::string_view number);

/// Goes once through a text from front to back. After a fault every call does nothing and
/// returns false, so callers check `ok()` once at the end.
class JsonWalker {
public:
    /// @param text    As it was scanned: followed by at least 64 readable bytes.
    /// @param tokens  Of `text`, as `JsonIndex::tokens` gives them.
    JsonWalker(std::string_view text, std::span<const std::uint32_t> tokens)
        : text_(text), next_(tokens.data()), last_(tokens.data() + tokens.size())
    {}

    [[nodiscard]] bool ok() const noexcept { return fault_ == JsonFault::none; }
    [[nodiscard]] JsonFault fault() const noexcept { return fault_; }
    [[nodiscard]] std::size_t fault_offset() const noexcept { return fault_offset_; }
    void stop() { fail(JsonFault::stopped, offset()); }

    /// The first character of the next token; NUL at the end and after a fault.
    [[nodiscard]] char peek() const noexcept { return next_ != last_ ? text_[*next_] : '\0'; }
    /// Where the next token begins.
    [[nodiscard]] std::size_t offset() const noexcept
    {
        return next_ != last_ ? *next_ : text_.size();
    }
    /// Where the last token that was read ended.
    [[nodiscard]] std::size_t end() const noexcept { return end_; }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    /// The bytes from `begin` to the end of the last token that was read.
    [[nodiscard]] std::string_view since(std::size_t begin) const noexcept
    {
        return text_.substr(begin, end_ - begin);
    }

    /// Reads an object: `member(JsonKey)` for each; a value it leaves is skipped, checked.
    template <class Member>
    bool object(Member&& member);
    /// Reads an array: `item()` for each; a value it leaves is skipped, checked.
    template <class Item>
    bool array(Item&& item);
    [[nodiscard]] std::optional<JsonString> string();
    /// The bytes of a number.
    [[nodiscard]] std::optional<std::string_view> number();
    /// The value of a number written in digits alone, at most 18; leaves any other value.
    [[nodiscard]] std::optional<std::int64_t> plain_number();
    /// Skips one value and checks all of it.
    bool skip();
    /// Skips one value and checks only that its brackets match: for bulk that we did not ask for.
    bool skip_bulk();
    /// True when the text ends here.
    bool finish();

private:
    [[nodiscard]] std::size_t token_end() const noexcept;
    bool take(char wanted);
    bool take_comma() noexcept;
    bool enter(char opening);
    void leave() noexcept
    {
        --depth_;
        objects_ >>= 1U;
    }
    [[nodiscard]] bool in_object() const noexcept { return (objects_ & 1U) != 0; }
    bool take_string(JsonString& out);
    bool take_key(JsonKey& out);
    bool take_unusual_key(JsonKey& out);
    bool take_scalar();
    bool skip_container();
    bool next_in_container(unsigned floor);
    void find_escape(std::size_t from) noexcept;
    bool check_escapes(JsonString& string);
    bool fail(JsonFault fault, std::size_t offset);
    bool fail_wanting();

    std::string_view text_;
    const std::uint32_t* next_;  ///< The next token.
    const std::uint32_t* last_;  ///< Behind the last one.
    std::size_t end_ = 0;
    /// The first backslash not yet read: one search serves all strings in front of it.
    std::size_t next_escape_ = 0;
    unsigned depth_ = 0;
    std::uint64_t objects_ = 0;  ///< One bit per open container: 1 is an object.
    JsonFault fault_ = JsonFault::none;
    std::size_t fault_offset_ = 0;
    std::string key_text_;  ///< The last key that had escapes.
};

// The steps taken for every token are inline: they are most of the work of reading a request.

inline std::size_t JsonWalker::token_end() const noexcept
{
    std::size_t end = next_[1];
    for (char c = text_[end - 1]; c == ' ' || c == '\n' || c == '\r' || c == '\t';
         c = text_[end - 1]) {
        --end;
    }
    return end;
}

inline bool JsonWalker::take(char wanted)
{
    if (peek() != wanted) {
        return fail_wanting();
    }
    end_ = *next_ + std::size_t{1};
    ++next_;
    return true;
}

/// Goes on behind a comma; false when something else comes.
inline bool JsonWalker::take_comma() noexcept
{
    if (peek() != ',') {
        return false;
    }
    ++next_;
    return true;
}

inline bool JsonWalker::enter(char opening)
{
    if (!take(opening)) {
        return false;
    }
    if (depth_ == max_json_depth) {
        return fail(JsonFault::too_deep, end_ - 1);
    }
    ++depth_;
    objects_ = (objects_ << 1U) | (opening == '{' ? 1U : 0U);
    return true;
}

inline bool JsonWalker::take_string(JsonString& out)
{
    if (peek() != '"') {
        return fail_wanting();
    }
    const std::size_t begin = *next_;
    const auto end = token_end();
    // Between a string's last quote and the next token there are only blanks.
    if (end < begin + 2 || text_[end - 1] != '"') {
        return fail(JsonFault::bad_token, begin);
    }
    out.raw = text_.substr(begin + 1, end - begin - 2);
    out.decoded_size = out.raw.size();
    end_ = end;
    ++next_;
    if (next_escape_ <= begin) {
        find_escape(begin);
    }
    return next_escape_ >= end || check_escapes(out);
}

inline std::optional<JsonString> JsonWalker::string()
{
    JsonString string;
    if (!take_string(string)) {
        return std::nullopt;
    }
    return string;
}

inline bool JsonWalker::take_key(JsonKey& out)
{
    if (last_ - next_ < 2) {
        return take_unusual_key(out);
    }
    // As programs write it, `"key":` has no blanks and no escapes: then the two tokens say it all.
    const std::size_t begin = next_[0];
    const std::size_t colon = next_[1];
    const bool usual = text_[begin] == '"' && text_[colon] == ':' && colon >= begin + 2 &&
                       text_[colon - 1] == '"' && next_escape_ >= colon;
    if (!usual) {
        return take_unusual_key(out);
    }
    out = {{text_.data() + begin + 1, colon - begin - 2}, begin, false};
    next_ += 2;
    return true;
}

template <class Member>
bool JsonWalker::object(Member&& member)
{
    if (!enter('{')) {
        return false;
    }
    if (peek() != '}') {
        do {
            JsonKey key;
            if (!take_key(key)) {
                return false;
            }
            const auto* before = next_;
            member(static_cast<const JsonKey&>(key));
            if (next_ == before && !skip()) {
                return false;
            }
        } while (take_comma());
    }
    if (!take('}')) {
        return false;
    }
    leave();
    return true;
}

template <class Item>
bool JsonWalker::array(Item&& item)
{
    if (!enter('[')) {
        return false;
    }
    if (peek() != ']') {
        do {
            const auto* before = next_;
            item();
            if (next_ == before && !skip()) {
                return false;
            }
        } while (take_comma());
    }
    if (!take(']')) {
        return false;
    }
    leave();
    return true;
}

}  // namespace spillway::dialect
