#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/keys/calls.hpp"

/// Which page stands at which path (litellm-surface 2.9).
namespace spillway::admin {

enum class Page : std::uint8_t {
    liveness,
    readiness,
    health,
    metrics,
    spend_logs,
    spend_logs_page,
    spend_keys,
    spend_users,
    spend_tags,
    calculate_spend,
    global_spend,
    global_spend_logs,
    global_spend_keys,
    global_spend_models,
    global_spend_teams,
    global_spend_tags,
    global_spend_provider,
    global_spend_end_users,
    spend_report,
    reset_spend,
    activity,
    activity_by_model,
    user_activity,
    team_activity,
    tag_activity,
    models,
    model_groups,
    key_call,  ///< Which one: `Place::call`.
    provider_budgets,
};

/// Who may ask: everybody; every valid key, which then sees what is its own; who administers.
enum class Access : std::uint8_t { anyone, key_holder, operator_only };

/// How a page is asked. A HEAD is a `get`.
enum class Verb : std::uint8_t { get, post, delete_ };

/// One row of the table. A segment `{}` of the path stands for any one segment.
struct Place {
    std::string_view path;
    Verb verb;
    Page page;
    Access access;
    keys::CallName call{};  ///< Of a `key_call`.
};

/// All places.
[[nodiscard]] std::span<const Place> places() noexcept;

/// A page, and what its path held.
struct Found {
    Page page = Page::liveness;
    Access access = Access::operator_only;
    std::string segment{};  ///< What stood for `{}`, decoded; empty when the path has none.
    keys::CallName call{};
};

/// Is the path one of ours, with or without `/v1` in front and a slash behind? On the way of every
/// request.
[[nodiscard]] bool is_place(std::string_view path) noexcept;

/// The page at `path`.
/// @return `unknown_path`, or `method_not_allowed` naming the methods that are.
[[nodiscard]] Result<Found> find_page(Verb verb, std::string_view path,
                                      std::span<const Place> table = places());

/// What an `Allow` header says for the path of a page: "GET, HEAD, OPTIONS".
[[nodiscard]] std::string allowed_methods(std::string_view path,
                                          std::span<const Place> table = places());

}  // namespace spillway::admin
