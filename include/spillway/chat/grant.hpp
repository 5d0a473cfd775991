#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"

/// What a virtual key allows, as plain values: compiled once when a key, its team or its user
/// changes, shared by every request of that key, and never changed.
namespace spillway::chat {

/// Whom a budget or a limit is about. The first four are the operator's configuration, the others
/// come with the caller and the request.
enum class ScopeKind : std::uint8_t {
    proxy,
    provider,
    deployment,
    group,
    key,
    team,
    user,    ///< The internal user that owns the key.
    member,  ///< A user within a team; named "team/user".
    end_user,
    tag,
    key_model,  ///< One model as a key may use it; named "SHA-256/group".
};

/// One scope; `name` is empty for the proxy, a SHA-256 in hex for a key.
struct Scope {
    ScopeKind kind = ScopeKind::proxy;
    std::string name;
    friend bool operator==(const Scope&, const Scope&) = default;
    friend auto operator<=>(const Scope&, const Scope&) = default;
};

/// So much more until then (`temp_budget_increase`).
struct Raise {
    NanoUsd by{};
    WallTime until{};
    friend bool operator==(const Raise&, const Raise&) = default;
};

/// The most that may be spent per period, in LiteLLM's grammar of durations ("1d", "30d", "1mo";
/// empty: for ever).
struct Cap {
    NanoUsd most{};
    std::string period;
    std::optional<Raise> raise = std::nullopt;
    friend bool operator==(const Cap&, const Cap&) = default;
};

/// At that moment so much was spent: what an imported key brings along, and what a reset says. The
/// spend of a window that holds `at` is `spent` and what is charged from `at` on; what was charged
/// before counts no more. Windows that begin later know nothing of it.
struct Opening {
    WallTime at{};
    NanoUsd spent{};
    friend bool operator==(const Opening&, const Opening&) = default;
};

/// The caps of one scope, several windows at once; all hold.
struct ScopeBudget {
    Scope scope;
    std::vector<Cap> hard;
    std::optional<NanoUsd> soft;  ///< Told, not held; per period of the first hard one.
    std::optional<Opening> opening = std::nullopt;
    std::string soft_period = {};  ///< Of `soft` where there is no hard one.
    friend bool operator==(const ScopeBudget&, const ScopeBudget&) = default;
};

/// Rates of one scope; empty: unlimited.
struct ScopeRates {
    Scope scope;
    std::optional<std::int64_t> requests_per_minute;
    std::optional<std::int64_t> tokens_per_minute;
    std::optional<std::int64_t> parallel_requests;
    /// Of single models (`model_rpm_limit`, `model_tpm_limit`): name of the group, limit.
    std::vector<std::pair<std::string, std::int64_t>> model_requests_per_minute;
    std::vector<std::pair<std::string, std::int64_t>> model_tokens_per_minute;
    friend bool operator==(const ScopeRates&, const ScopeRates&) = default;
};

/// The models that a key, its team or its user may use: names of models, groups and routes, or
/// "prefix*". Never empty: who may use all has no list.
struct ModelList {
    ScopeKind whose = ScopeKind::key;
    std::vector<std::string> names;
    friend bool operator==(const ModelList&, const ModelList&) = default;
};

/// Which of the operator's calls a key may make besides those about itself: by its user's role.
enum class AdminRights : std::uint8_t { none, read, all };

/// A virtual key with its team and user, as far as a request needs them.
struct Grant {
    /// SHA-256 of the key, lower-case hex; of a regenerated one, that of its first: what budgets,
    /// limits and records call it.
    std::string key_hash;
    std::string key_alias;
    std::string team_id;
    std::string team_alias;
    std::string user_id;
    std::optional<WallTime> expires;
    enum class State : std::uint8_t { active, blocked, team_blocked } state = State::active;
    std::vector<ModelList> models;   ///< Each must allow the model.
    std::vector<std::string> paths;  ///< `allowed_routes`; empty: all of a plain key.
    std::vector<std::pair<std::string, std::string>> aliases;  ///< Asked name, name instead.
    std::vector<std::string> tags;     ///< Of key and team; count as the request's own.
    std::string metadata;              ///< JSON object; empty when there is none.
    std::string team_metadata;         ///< The same of its team.
    std::vector<ScopeBudget> budgets;  ///< Key, team, member, user: who pays.
    std::vector<ScopeRates> rates;
    bool disable_fallbacks = false;
    bool stay_local = false;  ///< Nothing that it asks may leave this site.
    AdminRights admin = AdminRights::none;
    friend bool operator==(const Grant&, const Grant&) = default;
};

}  // namespace spillway::chat
