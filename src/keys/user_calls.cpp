#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "key_fields.hpp"
#include "spillway/base/text.hpp"
#include "team_fields.hpp"

namespace spillway::keys {

namespace {

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 16> kept{"organizations",
                                                "organization_id",
                                                "sso_user_id",
                                                "send_invite_email",
                                                "config",
                                                "permissions",
                                                "guardrails",
                                                "policies",
                                                "prompts",
                                                "object_permission",
                                                "allowed_cache_controls",
                                                "budget_fallbacks",
                                                "mcp_rpm_limit",
                                                "tag_rpm_limit",
                                                "agent_id",
                                                "key_type"};

constexpr std::array<std::string_view, 6> roles{
    "proxy_admin",          "proxy_admin_viewer",      "internal_user",
    "internal_user_viewer", "internal_user_view_only", "org_admin"};

/// Reads all that a request may say of a user, but what names it, its teams and its first key.
std::vector<std::string> read_user(RequestFields& fields, const Surroundings& world, User& user)
{
    const auto before = user.user_email;
    fields.text("user_email", user.user_email);
    fields.text("user_alias", user.user_alias);
    fields.text("user_role", user.user_role);
    if (!user.user_role.empty() &&
        std::find(roles.begin(), roles.end(), user.user_role) == roles.end())
        fields.refuse("user_role",
                      "must be proxy_admin, proxy_admin_viewer, internal_user or "
                      "internal_user_viewer.");
    read_budget_id(fields, world.catalog, user.budget_id);
    read_allowance(fields, user.allowance);
    read_models(fields, "models", world.rules.models, user.models);
    std::vector<std::string> tags;
    read_metadata(fields, user.metadata, tags, user.allowance);
    std::optional<NanoUsd> spend;
    fields.usd("spend", spend);
    if (spend && (*spend != NanoUsd{0} || user.version != 0))
        user.opening = chat::Opening{world.now, *spend};
    world.catalog.users().each([&](const std::string& id, const Catalog::Found<User>& other) {
        if (user.user_email != before && !user.user_email.empty() && id != user.user_id &&
            lower(other->user_email) == lower(user.user_email))
            fields.refuse("user_email", "is that of another user.");
    });
    // A password would be of no use here, and is nothing to keep.
    fields.take("password");
    return keep_others(fields, kept, user.other);
}

/// Makes the user a member of those that a list names: ids, or objects with a role and a budget.
Result<void> join(const Json& named, const Surroundings& world, User& user, Edits<Team>& teams)
{
    for (const auto& entry : named) {
        const bool plain = entry.is_string();
        const Json object = plain ? Json{{"team_id", entry}} : entry;
        if (!object.is_object())
            return fail(
                Error(Errc::invalid_request, "`teams` must be a list of team ids.").about("teams"));
        RequestFields fields(object);
        std::string id;
        Member member;
        fields.text("team_id", id);
        fields.text("user_role", member.role);
        fields.usd("max_budget_in_team", member.allowance.max_budget);
        if (const auto fine = fields.verdict(); !fine)
            return fail(fine.error());
        auto* team = teams.find(id, world.catalog.team(id));
        if (team == nullptr)
            return fail(Error(Errc::invalid_request,
                              "`teams` names `" + printable(id, 80) + "`, which is no team.")
                            .about("teams"));
        if (std::find(user.teams.begin(), user.teams.end(), id) != user.teams.end())
            continue;
        member.role = member.role == "admin" ? "admin" : "user";
        member.user_id = user.user_id;
        member.user_email = user.user_email;
        remove_member(*team, user.user_id);
        team->members.push_back(std::move(member));
        user.teams.push_back(std::move(id));
    }
    return {};
}

/// What a request for a user says of the key that comes with it, as a request for the key.
Json first_key_of(RequestFields& fields)
{
    auto body = Json::object();
    for (const auto* member : {"key_alias", "duration", "team_id", "aliases", "allowed_routes"})
        if (const auto* value = fields.take(member))
            body[member] = *value;
    return body;
}

Result<Decision> with_first_key(const Json& asked, const User& user, const Question& question,
                                const Surroundings& world)
{
    const auto& given = world.rules.given;
    auto body = with_defaults(asked, given.key_defaults);
    if (auto kept_within = keep_within(body, given.key_bounds, Missing::filled); !kept_within)
        return fail(std::move(kept_within).error());
    const auto fresh = fresh_key({}, "key", world);
    if (!fresh)
        return fail(fresh.error());
    auto key = made_key(*fresh, question, world);
    key.user_id = user.user_id;
    RequestFields fields(body);
    const auto ignored = read_key(fields, world, key);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    auto decision = answer_with_key(std::move(key), *fresh, world.catalog);
    report_ignored(decision.answer, ignored);
    return decision;
}

/// By `user_id`, else by `user_email`.
Result<User> user_to_change(const Question& question, const Surroundings& world)
{
    const bool by_email =
        !question.body.contains("user_id") && question.body.contains("user_email");
    const auto name = name_in(question.body, by_email ? "user_email" : "user_id");
    if (!name)
        return fail(name.error());
    Catalog::Found<User> found = by_email ? nullptr : world.catalog.user(*name);
    if (by_email)
        world.catalog.users().each([&](const std::string&, const Catalog::Found<User>& user) {
            if (lower(user->user_email) == lower(*name))
                found = user;
        });
    if (!found)
        return fail(no_such("user", *name, by_email ? "user_email" : "user_id"));
    return *found;
}

std::vector<std::string> split(std::string_view text)
{
    std::vector<std::string> out;
    while (!text.empty()) {
        const auto end = std::min(text.find(','), text.size());
        if (const auto part = trimmed(text.substr(0, end)); !part.empty())
            out.emplace_back(part);
        text.remove_prefix(std::min(text.size(), end + 1));
    }
    return out;
}

/// Does a list of users show this one?
bool is_listed(const User& user, const Question& question, const std::vector<std::string>& ids)
{
    const auto role = question["role"];
    const auto email = question["user_email"];
    const auto team = question["team"];
    return (role.empty() || user.user_role == role) &&
           (ids.empty() || std::find(ids.begin(), ids.end(), user.user_id) != ids.end()) &&
           lower(user.user_email).find(lower(email)) != std::string::npos &&
           (team.empty() ||
            std::find(user.teams.begin(), user.teams.end(), team) != user.teams.end());
}

}  // namespace

Result<Decision> new_user(const Question& question, const Surroundings& world)
{
    const auto body = with_defaults(question.body, world.rules.given.user_defaults);
    RequestFields fields(body);
    User user;
    fields.text("user_id", user.user_id);
    if (user.user_id.empty())
        user.user_id = uuid_of(world.draw());
    if (world.catalog.user(user.user_id))
        fields.refuse("user_id", "is that of another user.");
    bool with_key = true;
    if (fields.has("auto_create_key"))
        fields.flag("auto_create_key", with_key);
    else
        fields.take("auto_create_key");
    const auto first = first_key_of(fields);
    const auto* teams_named = fields.take("teams");
    const auto ignored = read_user(fields, world, user);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    if (user.user_role.empty())
        user.user_role = "internal_user";
    leave_traces(user.traces, question.asker, world.now);
    Edits<Team> teams;
    auto named = Json::array();
    if (teams_named != nullptr && teams_named->is_array())
        named = *teams_named;
    else if (teams_named != nullptr)
        named.push_back(*teams_named);
    if (first.contains("team_id"))
        named.push_back(first["team_id"]);
    if (auto joined = join(named, world, user, teams); !joined)
        return fail(std::move(joined).error());
    Decision decision;
    if (with_key) {
        auto made = with_first_key(first, user, question, world);
        if (!made)
            return made;
        decision = *std::move(made);
        decision.spends.clear();
    } else {
        decision.answer = Json{{"key", ""}};
    }
    decision.answer.update(row_of(user));
    decision.spends.push_back(place_of(user, world.catalog, ""));
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(std::move(user)));
    teams.append_to(decision.changes);
    return decision;
}

Result<Decision> user_info(const Question& question, const Surroundings& world)
{
    const auto& asker = question.asker;
    const auto asked = question["user_id"];
    const std::string id(asked.empty() ? std::string_view(asker.user_id) : asked);
    if (asker.rights == chat::AdminRights::none && (id.empty() || id != asker.user_id))
        return fail(Errc::forbidden, "A key may ask about its own user only.");
    if (id.empty())
        return fail(Error(Errc::invalid_request, "`user_id` must be given.").about("user_id"));
    const auto user = world.catalog.user(id);
    if (!user)
        return fail(no_such("user", id, "user_id"));
    Decision decision;
    decision.spends.push_back(place_of(*user, world.catalog, "/user_info"));
    auto keys = Json::array();
    for (const auto& key : world.catalog.keys_of_user(id)) {
        decision.spends.push_back(
            place_of(*key, world.catalog, "/keys/" + std::to_string(keys.size())));
        keys.push_back(row_of(*key, world.catalog));
    }
    auto teams = Json::array();
    for (const auto& team_id : user->teams) {
        const auto team = world.catalog.team(team_id);
        if (!team)
            continue;
        decision.spends.push_back(
            place_of(*team, world.catalog, "/teams/" + std::to_string(teams.size())));
        teams.push_back(row_of(*team));
    }
    decision.answer = Json{{"user_id", id},
                           {"user_info", row_of(*user)},
                           {"keys", std::move(keys)},
                           {"teams", std::move(teams)}};
    return decision;
}

Result<Decision> update_user(const Question& question, const Surroundings& world)
{
    auto user = user_to_change(question, world);
    if (!user)
        return fail(user.error());
    RequestFields fields(question.body);
    fields.take("user_id");
    if (const auto* teams = fields.take("teams"); teams != nullptr && *teams != Json(user->teams))
        fields.refuse("teams",
                      "are not changed here; use /team/member_add and "
                      "/team/member_delete.");
    const auto ignored = read_user(fields, world, *user);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(user->traces, question.asker, world.now);
    Decision decision;
    decision.answer = Json{{"user_id", user->user_id}, {"data", row_of(*user)}};
    decision.spends.push_back(place_of(*user, world.catalog, "/data"));
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(*std::move(user)));
    return decision;
}

Result<Decision> delete_users(const Question& question, const Surroundings& world)
{
    const auto ids = names_in(question.body, "user_ids");
    if (!ids)
        return fail(ids.error());
    Decision decision;
    Edits<Team> teams;
    std::set<std::string> gone;
    for (const auto& id : *ids) {
        const auto user = world.catalog.user(id);
        if (!user)
            return fail(no_such("user", id, "user_ids"));
        if (!gone.insert(id).second)
            continue;
        decision.changes.push_back(Change::remove(Kind::user, id, user->version));
        for (const auto& key : world.catalog.keys_of_user(id))
            decision.changes.push_back(Change::remove(Kind::key, key->token, key->version));
        for (const auto& team_id : user->teams)
            if (auto* team = teams.find(team_id, world.catalog.team(team_id)))
                remove_member(*team, id);
    }
    teams.append_to(decision.changes);
    decision.answer = gone.size();
    return decision;
}

Result<Decision> list_users(const Question& question, const Surroundings& world)
{
    const auto page = page_of(question, "page_size", 25);
    if (!page)
        return fail(page.error());
    const auto ids = split(question["user_ids"]);
    std::vector<Catalog::Found<User>> users;
    world.catalog.users().each([&](const std::string&, const Catalog::Found<User>& user) {
        if (is_listed(*user, question, ids))
            users.push_back(user);
    });
    std::sort(users.begin(), users.end(), [](const auto& a, const auto& b) {
        return std::tie(b->traces.created_at, a->user_id) <
               std::tie(a->traces.created_at, b->user_id);
    });
    Decision decision;
    auto rows = Json::array();
    const auto end = std::min(users.size(), page->first() + page->size);
    for (auto i = page->first(); i < end; ++i) {
        decision.spends.push_back(
            place_of(*users[i], world.catalog, "/users/" + std::to_string(rows.size())));
        auto row = row_of(*users[i]);
        row["key_count"] = world.catalog.keys_of_user(users[i]->user_id).size();
        rows.push_back(std::move(row));
    }
    decision.answer = Json{{"users", std::move(rows)},
                           {"total", users.size()},
                           {"page", page->number},
                           {"page_size", page->size},
                           {"total_pages", page->pages(users.size())}};
    return decision;
}

}  // namespace spillway::keys
