#include "spillway/admin/places.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "spillway/base/text.hpp"

namespace spillway::admin {

namespace {

using keys::CallName;

/// A call that only looks: every key may knock, and sees what it may see.
constexpr Place looks(std::string_view path, Verb verb, CallName call)
{
    return {path, verb, Page::key_call, Access::key_holder, call};
}

constexpr Place changes(std::string_view path, CallName call)
{
    return {path, Verb::post, Page::key_call, Access::operator_only, call};
}

constexpr std::array table_of_pages{
    Place{"/health/liveliness", Verb::get, Page::liveness, Access::anyone},
    Place{"/health/liveness", Verb::get, Page::liveness, Access::anyone},
    Place{"/health/readiness", Verb::get, Page::readiness, Access::anyone},
    Place{"/health", Verb::get, Page::health, Access::operator_only},
    Place{"/metrics", Verb::get, Page::metrics, Access::operator_only},
    Place{"/spend/logs", Verb::get, Page::spend_logs, Access::key_holder},
    Place{"/spend/logs/ui", Verb::get, Page::spend_logs_page, Access::key_holder},
    Place{"/spend/logs/v2", Verb::get, Page::spend_logs_page, Access::key_holder},
    Place{"/spend/keys", Verb::get, Page::spend_keys, Access::key_holder},
    Place{"/spend/users", Verb::get, Page::spend_users, Access::key_holder},
    Place{"/spend/tags", Verb::get, Page::spend_tags, Access::key_holder},
    Place{"/spend/calculate", Verb::post, Page::calculate_spend, Access::key_holder},
    Place{"/global/spend", Verb::get, Page::global_spend, Access::operator_only},
    Place{"/global/spend/logs", Verb::get, Page::global_spend_logs, Access::operator_only},
    Place{"/global/spend/keys", Verb::get, Page::global_spend_keys, Access::operator_only},
    Place{"/global/spend/models", Verb::get, Page::global_spend_models, Access::operator_only},
    Place{"/global/spend/teams", Verb::get, Page::global_spend_teams, Access::operator_only},
    Place{"/global/spend/tags", Verb::get, Page::global_spend_tags, Access::operator_only},
    Place{"/global/spend/provider", Verb::get, Page::global_spend_provider, Access::operator_only},
    Place{"/global/spend/end_users", Verb::post, Page::global_spend_end_users,
          Access::operator_only},
    Place{"/global/spend/report", Verb::get, Page::spend_report, Access::operator_only},
    Place{"/global/spend/reset", Verb::post, Page::reset_spend, Access::operator_only},
    Place{"/global/activity", Verb::get, Page::activity, Access::operator_only},
    Place{"/global/activity/model", Verb::get, Page::activity_by_model, Access::operator_only},
    Place{"/user/daily/activity", Verb::get, Page::user_activity, Access::key_holder},
    Place{"/team/daily/activity", Verb::get, Page::team_activity, Access::operator_only},
    Place{"/tag/daily/activity", Verb::get, Page::tag_activity, Access::operator_only},
    Place{"/model/info", Verb::get, Page::models, Access::operator_only},
    Place{"/model_group/info", Verb::get, Page::model_groups, Access::operator_only},
    Place{"/provider/budgets", Verb::get, Page::provider_budgets, Access::operator_only},
    changes("/key/generate", CallName::key_generate),
    looks("/key/info", Verb::get, CallName::key_info),
    changes("/key/update", CallName::key_update),
    changes("/key/delete", CallName::key_delete),
    changes("/key/block", CallName::key_block),
    changes("/key/unblock", CallName::key_unblock),
    changes("/key/regenerate", CallName::key_regenerate),
    changes("/key/{}/regenerate", CallName::key_regenerate),
    changes("/key/{}/reset_spend", CallName::key_reset_spend),
    looks("/key/list", Verb::get, CallName::key_list),
    looks("/key/aliases", Verb::get, CallName::key_aliases),
    looks("/key/health", Verb::post, CallName::key_health),
    changes("/team/new", CallName::team_new),
    changes("/team/update", CallName::team_update),
    looks("/team/info", Verb::get, CallName::team_info),
    looks("/team/list", Verb::get, CallName::team_list),
    changes("/team/delete", CallName::team_delete),
    changes("/team/block", CallName::team_block),
    changes("/team/unblock", CallName::team_unblock),
    changes("/team/member_add", CallName::team_member_add),
    changes("/team/member_delete", CallName::team_member_delete),
    changes("/team/member_update", CallName::team_member_update),
    changes("/user/new", CallName::user_new),
    looks("/user/info", Verb::get, CallName::user_info),
    changes("/user/update", CallName::user_update),
    changes("/user/delete", CallName::user_delete),
    looks("/user/list", Verb::get, CallName::user_list),
    changes("/customer/new", CallName::customer_new),
    looks("/customer/info", Verb::get, CallName::customer_info),
    changes("/customer/update", CallName::customer_update),
    changes("/customer/delete", CallName::customer_delete),
    looks("/customer/list", Verb::get, CallName::customer_list),
    changes("/customer/block", CallName::customer_block),
    changes("/customer/unblock", CallName::customer_unblock),
    changes("/end_user/new", CallName::customer_new),
    looks("/end_user/info", Verb::get, CallName::customer_info),
    changes("/end_user/update", CallName::customer_update),
    changes("/end_user/delete", CallName::customer_delete),
    looks("/end_user/list", Verb::get, CallName::customer_list),
    changes("/end_user/block", CallName::customer_block),
    changes("/end_user/unblock", CallName::customer_unblock),
    changes("/budget/new", CallName::budget_new),
    looks("/budget/info", Verb::post, CallName::budget_info),
    changes("/budget/update", CallName::budget_update),
    looks("/budget/list", Verb::get, CallName::budget_list),
    changes("/budget/delete", CallName::budget_delete),
    looks("/budget/settings", Verb::get, CallName::budget_settings),
    changes("/tag/new", CallName::tag_new),
    looks("/tag/info", Verb::post, CallName::tag_info),
    changes("/tag/update", CallName::tag_update),
    changes("/tag/delete", CallName::tag_delete),
    looks("/tag/list", Verb::get, CallName::tag_list),
};

constexpr std::string_view any_segment = "{}";

std::string_view bare(std::string_view path) noexcept
{
    if (path.starts_with("/v1/"))
        path.remove_prefix(3);
    if (path.ends_with('/'))
        path.remove_suffix(1);
    return path;
}

/// Takes the first segment, behind its slash, off `path`.
std::string_view take_segment(std::string_view& path) noexcept
{
    if (path.empty())
        return {};
    const auto end = std::min(path.find('/', 1), path.size());
    const auto segment = path.substr(1, end - 1);
    path.remove_prefix(end);
    return segment;
}

struct Match {
    std::string_view segment;  ///< What stood for `{}`.
};

std::optional<Match> match(std::string_view pattern, std::string_view path) noexcept
{
    if (pattern.find('{') == std::string_view::npos)
        return pattern == path ? std::optional(Match{}) : std::nullopt;
    Match found;
    while (!pattern.empty() && !path.empty()) {
        const auto wanted = take_segment(pattern);
        const auto given = take_segment(path);
        if (wanted == any_segment && !given.empty())
            found.segment = given;
        else if (wanted != given)
            return std::nullopt;
    }
    return pattern.empty() && path.empty() ? std::optional(found) : std::nullopt;
}

/// Of the first two letters behind the slash, where places differ from most paths of clients.
constexpr std::size_t beginning_of(std::string_view path) noexcept
{
    return (static_cast<std::size_t>(path[1]) & 31U) * 32 +
           (static_cast<std::size_t>(path[2]) & 31U);
}

/// Whether any place begins so: asked of each request that comes in.
constexpr auto beginnings = [] {
    std::array<bool, std::size_t{32} * 32> known{};
    for (const auto& place : table_of_pages)
        known[beginning_of(place.path)] = true;
    return known;
}();

std::string_view words_of(Verb verb) noexcept
{
    switch (verb) {
        case Verb::get:
            return "GET, HEAD";
        case Verb::post:
            return "POST";
        case Verb::delete_:
            return "DELETE";
    }
    return {};
}

std::string methods_at(std::string_view path, std::span<const Place> table)
{
    std::string methods;
    for (const auto& place : table) {
        if (match(place.path, path))
            methods.append(words_of(place.verb)).append(", ");
    }
    return methods;
}

}  // namespace

std::span<const Place> places() noexcept
{
    return table_of_pages;
}

bool is_place(std::string_view path) noexcept
{
    path = bare(path);
    return path.size() > 2 && beginnings[beginning_of(path)] &&
           std::any_of(table_of_pages.begin(), table_of_pages.end(),
                       [&](const Place& place) { return match(place.path, path).has_value(); });
}

Result<Found> find_page(Verb verb, std::string_view path, std::span<const Place> table)
{
    path = bare(path);
    for (const auto& place : table) {
        const auto matched = place.verb == verb ? match(place.path, path) : std::nullopt;
        if (!matched)
            continue;
        auto segment = percent_decoded(matched->segment);
        if (!segment)
            return fail(Errc::invalid_request, "The path holds a malformed escape.");
        return Found{place.page, place.access, *std::move(segment), place.call};
    }
    auto methods = methods_at(path, table);
    if (methods.empty())
        return fail(Errc::unknown_path, "There is no such page.");
    methods.resize(methods.size() - 2);
    return fail(Errc::method_not_allowed, "This method is not allowed here; use " + methods + ".");
}

std::string allowed_methods(std::string_view path, std::span<const Place> table)
{
    return methods_at(bare(path), table) + "OPTIONS";
}

}  // namespace spillway::admin
