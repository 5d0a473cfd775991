#include <algorithm>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "team_fields.hpp"

namespace spillway::keys {

namespace {

/// The row of a team after a change, and the change.
Decision changed(Team team, const Catalog& catalog)
{
    Decision decision;
    decision.answer = row_of(team);
    decision.spends.push_back(place_of(team, catalog, ""));
    decision.changes.push_back(Change::put(std::move(team)));
    return decision;
}

Result<Decision> set_blocked(const Question& question, const Surroundings& world, bool blocked)
{
    auto team = team_to_change(question, world);
    if (!team)
        return fail(team.error());
    team->blocked = blocked;
    leave_traces(team->traces, question.asker, world.now);
    return changed(*std::move(team), world.catalog);
}

/// Rows of the team's keys, with their places for spend.
Json keys_of(const Team& team, const Catalog& catalog, const std::string& at,
             std::vector<SpendPlace>& spends)
{
    auto rows = Json::array();
    for (const auto& key : catalog.keys_of_team(team.team_id)) {
        spends.push_back(place_of(*key, catalog, at + "/" + std::to_string(rows.size())));
        rows.push_back(row_of(*key, catalog));
    }
    return rows;
}

Json memberships_of(const Team& team, const Catalog& catalog, const std::string& at,
                    std::vector<SpendPlace>& spends)
{
    auto rows = Json::array();
    for (const auto& member : team.members) {
        spends.push_back(place_of(team, member, catalog, at + "/" + std::to_string(rows.size())));
        rows.push_back(row_of(team, member, catalog));
    }
    return rows;
}

bool has_member(const Team& team, std::string_view user_id)
{
    return std::any_of(team.members.begin(), team.members.end(),
                       [&](const Member& member) { return member.user_id == user_id; });
}

}  // namespace

Result<Decision> new_team(const Question& question, const Surroundings& world)
{
    const auto body = with_defaults(question.body, world.rules.given.team_defaults);
    RequestFields fields(body);
    Team team;
    fields.text("team_id", team.team_id);
    if (team.team_id.empty())
        team.team_id = uuid_of(world.draw());
    if (world.catalog.team(team.team_id))
        fields.refuse("team_id", "is that of another team.");
    leave_traces(team.traces, question.asker, world.now);
    const auto* members = fields.take("members_with_roles");
    const auto ignored = read_team(fields, world, team);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    Edits<User> users;
    if (members != nullptr) {
        if (const auto added = enlist(*members, question, world, team, users); !added)
            return fail(added.error());
    }
    auto decision = changed(std::move(team), world.catalog);
    users.append_to(decision.changes);
    report_ignored(decision.answer, ignored);
    return decision;
}

Result<Decision> update_team(const Question& question, const Surroundings& world)
{
    auto team = team_to_change(question, world);
    if (!team)
        return fail(team.error());
    RequestFields fields(question.body);
    fields.take("team_id");
    if (fields.take("members_with_roles") != nullptr)
        fields.refuse("members_with_roles",
                      "is not changed here; use /team/member_add and /team/member_delete.");
    const auto ignored = read_team(fields, world, *team);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(team->traces, question.asker, world.now);
    auto decision = changed(*std::move(team), world.catalog);
    Json answer{{"team_id", decision.answer["team_id"]}, {"data", std::move(decision.answer)}};
    decision.answer = std::move(answer);
    decision.spends.front().object = "/data";
    report_ignored(decision.answer, ignored);
    return decision;
}

Result<Decision> team_info(const Question& question, const Surroundings& world)
{
    const std::string id(question["team_id"]);
    if (id.empty())
        return fail(Error(Errc::invalid_request, "`team_id` must be given.").about("team_id"));
    const auto team = world.catalog.team(id);
    if (!team)
        return fail(no_such("team", id, "team_id"));
    Decision decision;
    decision.spends.push_back(place_of(*team, world.catalog, "/team_info"));
    decision.answer = Json{{"team_id", id}, {"team_info", row_of(*team)}};
    decision.answer["keys"] = keys_of(*team, world.catalog, "/keys", decision.spends);
    decision.answer["team_memberships"] =
        memberships_of(*team, world.catalog, "/team_memberships", decision.spends);
    return decision;
}

Result<Decision> list_teams(const Question& question, const Surroundings& world)
{
    const auto user = question["user_id"];
    std::vector<Catalog::Found<Team>> teams;
    world.catalog.teams().each([&](const std::string&, const Catalog::Found<Team>& team) {
        if (user.empty() || has_member(*team, user))
            teams.push_back(team);
    });
    std::sort(teams.begin(), teams.end(), [](const auto& a, const auto& b) {
        return std::tie(a->traces.created_at, a->team_id) <
               std::tie(b->traces.created_at, b->team_id);
    });
    Decision decision;
    decision.answer = Json::array();
    for (const auto& team : teams) {
        const auto at = "/" + std::to_string(decision.answer.size());
        decision.spends.push_back(place_of(*team, world.catalog, at));
        auto row = row_of(*team);
        row["team_memberships"] =
            memberships_of(*team, world.catalog, at + "/team_memberships", decision.spends);
        row["keys"] = keys_of(*team, world.catalog, at + "/keys", decision.spends);
        decision.answer.push_back(std::move(row));
    }
    return decision;
}

Result<Decision> delete_teams(const Question& question, const Surroundings& world)
{
    const auto ids = names_in(question.body, "team_ids");
    if (!ids)
        return fail(ids.error());
    Decision decision;
    Edits<User> users;
    std::set<std::string> gone;
    for (const auto& id : *ids) {
        const auto team = world.catalog.team(id);
        if (!team)
            return fail(no_such("team", id, "team_ids"));
        if (!gone.insert(id).second)
            continue;
        decision.changes.push_back(Change::remove(Kind::team, id, team->version));
        for (const auto& key : world.catalog.keys_of_team(id))
            decision.changes.push_back(Change::remove(Kind::key, key->token, key->version));
        for (const auto& member : team->members)
            if (auto* user = users.find(member.user_id, world.catalog.user(member.user_id)))
                leave_team(*user, id);
    }
    users.append_to(decision.changes);
    decision.answer = Json{{"deleted_teams", *ids}};
    return decision;
}

Result<Decision> block_team(const Question& question, const Surroundings& world)
{
    return set_blocked(question, world, true);
}

Result<Decision> unblock_team(const Question& question, const Surroundings& world)
{
    return set_blocked(question, world, false);
}

}  // namespace spillway::keys
