#pragma once

#include <span>
#include <string_view>

#include "spillway/config/routes.hpp"
#include "spillway/config/values_routes.hpp"

namespace spillway::config {

/// One key of a `when:`, for the reader and the manual.
struct ConditionKey {
    std::string_view key;
    std::string_view type;  ///< How its value is written.
    std::string_view doc;
    bool (*read)(const Node&, Condition&, const Reading&);
};

/// Every key that a `when:` may hold.
[[nodiscard]] std::span<const ConditionKey> condition_keys();

/// Reads a `when:`, a map whose keys must all hold. False after reporting what is wrong; each part
/// knows where it stands.
bool read(const Node& node, Condition& out, const Reading& reading);

/// ">8000", "<= 0.5", "2000..8000"; `k` and `M` multiply by a thousand and a million. Both ends of
/// `a..b` are included. @param unit  What may stand behind the number: "%", "USD", or nothing.
[[nodiscard]] std::optional<Span> parse_span(std::string_view text, std::string_view unit);

/// Reads "complex", ">=complex", "trivial..moderate", or a score: ">0.6".
bool read_complexity(const Node& node, Condition& out, const Reading& reading);

/// "mon-fri 09:00-18:00", "sat,sun", "22:00-06:00": windows of the week, as minutes.
[[nodiscard]] std::optional<std::vector<TimeIs::Window>> parse_windows(std::string_view text);
/// What is wrong with a text that `parse_windows` does not take.
[[nodiscard]] std::string window_fault(std::string_view text);

[[nodiscard]] std::span<const std::pair<std::string_view, Content>> words_of(Content);
[[nodiscard]] std::span<const std::pair<std::string_view, Task>> words_of(Task);
[[nodiscard]] std::span<const std::pair<std::string_view, Where>> words_of(Where);
[[nodiscard]] std::span<const std::pair<std::string_view, GroupState>> words_of(GroupState);
/// Several kinds may share a word: `open_webui` is all its background calls.
struct ClientWord {
    std::string_view word;
    std::vector<ClientKind> kinds;
};
[[nodiscard]] std::span<const ClientWord> client_words();

}  // namespace spillway::config
