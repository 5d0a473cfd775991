#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway::keys {

using Json = nlohmann::ordered_json;

/// Reads the members of a request, each once, and remembers the first that cannot be taken.
///
/// A member that is absent changes nothing; null clears what it is about. Numbers may also be
/// written as text, as LiteLLM's own models take them.
class RequestFields {
public:
    /// @param body  An object; outlives the fields.
    explicit RequestFields(const Json& body) : body_(body) {}
    RequestFields(Json&&) = delete;

    /// Is the member there with a value?
    [[nodiscard]] bool has(std::string_view name) const;
    /// Is it there, and null?
    [[nodiscard]] bool is_null(std::string_view name) const;

    void text(std::string_view name, std::string& into);
    void texts(std::string_view name, std::vector<std::string>& into);
    void flag(std::string_view name, bool& into);
    /// USD, 0 or more, exact to the nano-dollar (what is finer is rounded up).
    void usd(std::string_view name, std::optional<NanoUsd>& into);
    /// A whole number, 0 or more.
    void count(std::string_view name, std::optional<std::int64_t>& into);
    /// A duration in LiteLLM's grammar, as it is written; empty for none.
    void period(std::string_view name, std::string& into);
    /// An object as JSON text; empty for an object without members.
    void object(std::string_view name, std::string& into);
    /// An object whose values are texts.
    void text_map(std::string_view name, std::vector<std::pair<std::string, std::string>>& into);
    /// An object whose values are whole numbers.
    void count_map(std::string_view name, std::vector<std::pair<std::string, std::int64_t>>& into);

    /// The member as it is; null when it is not there or null. It counts as read.
    const Json* take(std::string_view name);
    /// A complaint about a member, unless there is one already.
    void refuse(std::string_view name, const std::string& what);
    void refuse(Error error);

    /// Members that nobody read, in the order of the request.
    [[nodiscard]] std::vector<std::string> unread() const;
    /// The members that were asked for; valid as long as the fields.
    [[nodiscard]] std::vector<std::string_view> names_read() const;
    /// The first complaint.
    [[nodiscard]] Result<void> verdict() const;

private:
    /// Null when the member is absent; it counts as read.
    const Json* find(std::string_view name);
    /// What `read` makes of the member; null clears it.
    template <class T>
    void number(std::string_view name, std::optional<T>& into,
                std::optional<T> (*read)(const Json&), const char* wanted);

    const Json& body_;
    std::set<std::string, std::less<>> read_;
    std::optional<Error> fault_;
};

/// Text of `value`; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_text(const Json& value);

/// The amount that a JSON number, or a text with one, is.
[[nodiscard]] std::optional<NanoUsd> usd_of(const Json& value);

/// A USD amount as LiteLLM's clients read it: the nearest number.
[[nodiscard]] double usd_number(NanoUsd amount);

}  // namespace spillway::keys
