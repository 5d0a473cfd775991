#pragma once

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
    [[nodiscard]] std::size_t open() const noexcept { return keys_.size(); }
    void add(const JsonKey& key);
    /// Ends the object opened at `mark`. Returns a key that it holds twice; `data()` null if none.
    [[nodiscard]] std::string_view close(std::size_t mark);
    void clear();

private:
    std::vector<std::string_view> keys_;
    std::deque<std::string> unescaped_;
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
    /// OpenAI's sentence for a value that is not `expected` ("a boolean").
    void refuse_type(std::string_view param, std::string_view expected);
};

/// "an array", "a string", ...: the next value's type in OpenAI's words.
[[nodiscard]] std::string_view type_of_next(const JsonWalker& json);

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

/// Reads the next value as a string, boolean or whole number; null gives nothing, anything else
/// refuses `param`.
[[nodiscard]] std::optional<std::string> read_text(RequestScan& scan, std::string_view param);
[[nodiscard]] std::optional<bool> read_flag(RequestScan& scan, std::string_view param);
[[nodiscard]] std::optional<std::int64_t> read_whole(RequestScan& scan, std::string_view param);
void check_number(RequestScan& scan, std::string_view param);

}  // namespace spillway::dialect
