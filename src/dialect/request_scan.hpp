#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

/// Remembers the keys of the objects being read and finds those that come twice. Cheap for the few
/// keys of a message, never quadratic for the thousands of an attack.
class KeyLedger {
public:
    /// Where an object's keys begin, and what was known of the object around it.
    struct Mark {
        std::size_t first = 0;
        std::uint64_t seen = 0;
        bool doubtful = false;
    };

    [[nodiscard]] Mark open() noexcept
    {
        const Mark mark{keys_.size(), seen_, doubtful_};
        seen_ = 0;
        doubtful_ = false;
        return mark;
    }
    void add(const JsonKey& key)
    {
        keys_.push_back(key.escaped ? std::string_view(unescaped_.emplace_back(key.text))
                                    : key.text);
        const auto bit = fingerprint(keys_.back());
        doubtful_ = doubtful_ || (seen_ & bit) != 0;
        seen_ |= bit;
    }
    /// Ends the object opened at `mark`. Returns a key that it holds twice; `data()` null if none.
    [[nodiscard]] std::string_view close(const Mark& mark)
    {
        const auto twice = doubtful_ ? find_twice(mark.first) : std::string_view();
        keys_.resize(mark.first);
        seen_ = mark.seen;
        doubtful_ = mark.doubtful;
        return twice;
    }
    void clear();

private:
    /// One of 64 bits. Equal keys have the same one; those of one object mostly different ones.
    [[nodiscard]] static std::uint64_t fingerprint(std::string_view key) noexcept
    {
        const auto letter = [](char c) -> std::size_t { return static_cast<unsigned char>(c); };
        const auto mixed =
            key.empty() ? 0 : 10 * (key.size() + letter(key.front())) + letter(key.back());
        return std::uint64_t{1} << (mixed & 63U);
    }
    [[nodiscard]] std::string_view find_twice(std::size_t first);

    std::vector<std::string_view> keys_;
    std::deque<std::string> unescaped_;
    std::uint64_t seen_ = 0;  ///< The fingerprints of the innermost object's keys.
    bool doubtful_ = false;   ///< Two of them were the same.
};

/// The state that the parts of the request reader share while they go through one body.
struct RequestScan {
    JsonWalker& json;
    KeyLedger& keys;
    chat::RequestFacts& facts;
    chat::Endpoint endpoint;
    std::optional<Error> error;
    /// Client fallbacks in LiteLLM's `{group: [model, ...]}` form wait here until the model is
    /// known.
    struct GroupFallback {
        std::optional<std::vector<std::string>>* target;
        std::string group;
        std::string model;
    };
    std::vector<GroupFallback> group_fallbacks;

    /// Ends the reading; the first refusal wins.
    void refuse(Error why);
    /// OpenAI's sentence for a next value that is not `expected` ("a boolean").
    void refuse_type(std::string_view param, std::string_view expected);
    void refuse_type(std::string_view param, std::string_view expected, std::string_view got);
};

/// "an array", "a string", ...: the next value's type in OpenAI's words.
[[nodiscard]] std::string_view type_of_next(const JsonWalker& json);

/// A parameter of the body's top level that is read, under its plain name. `read` reads the next
/// value or leaves it.
struct Parameter {
    std::string_view name;
    void (*read)(RequestScan&);
};

/// The parameter called `key`; null when it is none that is read.
[[nodiscard]] const Parameter* find_parameter(std::string_view key);

/// `messages` of a chat body: a non-empty array of objects.
void read_messages(RequestScan& scan);
/// Prompt text in any of its shapes (string, tokens, parts, items): counted, not kept.
void count_prompt(RequestScan& scan);
/// Prompt text that counts with its JSON: tools, functions.
void count_raw(RequestScan& scan);

/// Reads `key` when it is one of the client's controls of its own request. False when it is not.
[[nodiscard]] bool read_control(RequestScan& scan, std::string_view key);
/// Applies what could only be applied once the model was known.
void settle_controls(RequestScan& scan);
/// A list of tags, or a text of them; anything else says nothing.
void read_tags(RequestScan& scan);
/// `metadata` or `litellm_metadata`: an object, or a text that holds one.
void read_metadata(RequestScan& scan, std::string_view name);

/// Reads the next value as a string, boolean or whole number; null gives nothing, anything else
/// refuses `param`.
[[nodiscard]] std::optional<std::string> read_text(RequestScan& scan, std::string_view param);
[[nodiscard]] std::optional<bool> read_flag(RequestScan& scan, std::string_view param);
[[nodiscard]] std::optional<std::int64_t> read_whole(RequestScan& scan, std::string_view param);
void check_number(RequestScan& scan, std::string_view param);

}  // namespace spillway::dialect
