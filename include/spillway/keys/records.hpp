#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"

/// Virtual keys and what belongs to them, as LiteLLM's tables hold it (litellm-surface 2.12): plain
/// values that the store keeps as documents. What they mean to a request is `chat::Grant`.
namespace spillway::keys {

/// Counts the store's commits; a record carries the one that wrote it. 0: it is not stored yet.
using Version = std::int64_t;

/// A cap on one model (`model_max_budget`).
struct ModelCap {
    std::string model;
    chat::Cap cap;
    friend bool operator==(const ModelCap&, const ModelCap&) = default;
};

using ModelLimit = std::pair<std::string, std::int64_t>;

/// What may be spent and asked: the part that keys, teams, members, users, customers, tags and rows
/// of `/budget/new` have in common. Empty: no limit of this record's own.
struct Allowance {
    std::optional<NanoUsd> max_budget;
    std::optional<NanoUsd> soft_budget;
    std::string budget_duration;           ///< LiteLLM's grammar ("30d"); empty: for ever.
    std::vector<chat::Cap> budget_limits;  ///< Further windows; all hold.
    std::vector<ModelCap> model_max_budget;
    std::optional<std::int64_t> tpm_limit;
    std::optional<std::int64_t> rpm_limit;
    std::optional<std::int64_t> max_parallel_requests;
    std::vector<ModelLimit> model_rpm_limit;
    std::vector<ModelLimit> model_tpm_limit;
    friend bool operator==(const Allowance&, const Allowance&) = default;
};

/// Who made a record and changed it last, and when. Names are user ids or "default_user_id" for the
/// operator, as LiteLLM has it.
struct Traces {
    WallTime created_at{};
    std::string created_by;
    WallTime updated_at{};
    std::string updated_by;
    friend bool operator==(const Traces&, const Traces&) = default;
};

/// A token that a regenerated key had before, good until then (`grace_period`).
struct FormerToken {
    std::string token;
    WallTime until{};
    friend bool operator==(const FormerToken&, const FormerToken&) = default;
};

/// A virtual key (LiteLLM_VerificationToken). The key itself is nowhere: only its hash.
struct Key {
    std::string token;     ///< SHA-256 of the key, lower-case hex. The record's id.
    std::string account;   ///< See `account_of`.
    std::string key_name;  ///< "sk-...abcd"
    std::string key_alias;
    std::string user_id;
    std::string team_id;
    std::string budget_id;  ///< A row that says what `allowance` leaves open.
    Allowance allowance;
    std::optional<NanoUsd> temp_budget_increase;  ///< Of `max_budget`, until `temp_budget_expiry`.
    std::optional<WallTime> temp_budget_expiry;
    std::optional<chat::Opening> opening;
    std::vector<std::string> models;
    std::vector<std::pair<std::string, std::string>> aliases;  ///< Asked model, model instead.
    std::vector<std::string> allowed_routes;
    std::string key_type;  ///< "llm_api", "management", "read_only", "default" or empty.
    std::vector<std::string> tags;
    std::string metadata;  ///< JSON object; empty: none.
    std::optional<WallTime> expires;
    bool blocked = false;
    bool stay_local = false;  ///< `boundary: local`: what it asks leaves this site for no one.
    std::vector<FormerToken> former;
    Traces traces;
    std::string other;  ///< JSON object of fields that are only kept and given back.
    Version version = 0;
    friend bool operator==(const Key&, const Key&) = default;
};

/// What budgets, limits and spend records call the key: the token that it was made with. It stays
/// when the key is regenerated, so its spend stays with it, also that of calls under way.
[[nodiscard]] inline const std::string& account_of(const Key& key)
{
    return key.account.empty() ? key.token : key.account;
}

/// A user within a team. What it may spend there (`max_budget_in_team`) is `allowance.max_budget`.
struct Member {
    std::string user_id;
    std::string user_email;
    std::string role;  ///< "admin" or "user".
    std::string budget_id;
    Allowance allowance;
    std::optional<chat::Opening> opening;
    friend bool operator==(const Member&, const Member&) = default;
};

/// LiteLLM_TeamTable with LiteLLM_TeamMembership.
struct Team {
    std::string team_id;  ///< The record's id.
    std::string team_alias;
    std::string budget_id;
    Allowance allowance;
    Allowance each_member;  ///< `team_member_budget` and its like: of members with no own.
    std::optional<chat::Opening> opening;
    std::vector<std::string> models;
    std::vector<std::pair<std::string, std::string>> model_aliases;
    std::vector<Member> members;
    std::vector<std::string> tags;
    std::string metadata;
    bool blocked = false;
    bool stay_local = false;
    Traces traces;
    std::string other;
    Version version = 0;
    friend bool operator==(const Team&, const Team&) = default;
};

/// LiteLLM_UserTable: an internal user, who owns keys.
struct User {
    std::string user_id;  ///< The record's id.
    std::string user_email;
    std::string user_alias;
    std::string user_role;  ///< "proxy_admin", "proxy_admin_viewer", "internal_user" ...
    std::string budget_id;
    Allowance allowance;
    std::optional<chat::Opening> opening;
    std::vector<std::string> models;
    std::vector<std::string> teams;
    std::string metadata;
    Traces traces;
    std::string other;
    Version version = 0;
    friend bool operator==(const User&, const User&) = default;
};

/// LiteLLM_EndUserTable: the `user` of requests, about whom something is known.
struct Customer {
    std::string user_id;  ///< The record's id.
    std::string alias;
    std::string budget_id;
    Allowance allowance;
    std::optional<chat::Opening> opening;
    bool blocked = false;
    Traces traces;
    std::string other;
    Version version = 0;
    friend bool operator==(const Customer&, const Customer&) = default;
};

/// LiteLLM_BudgetTable: limits that several records share the words of; each counts for itself.
struct BudgetRow {
    std::string budget_id;  ///< The record's id.
    Allowance allowance;
    Traces traces;
    std::string other;
    Version version = 0;
    friend bool operator==(const BudgetRow&, const BudgetRow&) = default;
};

/// LiteLLM_TagTable.
struct Tag {
    std::string name;  ///< The record's id.
    std::string description;
    std::vector<std::string> models;
    std::string budget_id;
    Allowance allowance;
    std::optional<chat::Opening> opening;
    Traces traces;
    std::string other;
    Version version = 0;
    friend bool operator==(const Tag&, const Tag&) = default;
};

enum class Kind : std::uint8_t { key, team, user, customer, budget, tag };

/// How stores name it: "key", "team", ...
[[nodiscard]] std::string_view word(Kind kind);
/// Empty for what a newer spillway may have written.
[[nodiscard]] std::optional<Kind> parse_kind(std::string_view word);

using Record = std::variant<Key, Team, User, Customer, BudgetRow, Tag>;

[[nodiscard]] Kind kind_of(const Record& record);
[[nodiscard]] const std::string& id_of(const Record& record);
[[nodiscard]] Version version_of(const Record& record);

/// The record as a JSON document; not its id and not its version, which the store has columns for.
[[nodiscard]] std::string encode(const Record& record);
/// @return `io_error` for a body that is none. Members that are not known are left out; those that
///         are missing are as they are by default.
[[nodiscard]] Result<Record> decode(Kind kind, std::string id, Version version,
                                    std::string_view body);

}  // namespace spillway::keys
