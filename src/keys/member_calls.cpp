#include <algorithm>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "team_fields.hpp"

namespace spillway::keys {

namespace {

/// What a member may spend and ask within the team.
void read_share(RequestFields& fields, const Surroundings& world, Member& member)
{
    fields.usd("max_budget_in_team", member.allowance.max_budget);
    fields.period("budget_duration", member.allowance.budget_duration);
    fields.count("tpm_limit", member.allowance.tpm_limit);
    fields.count("rpm_limit", member.allowance.rpm_limit);
    read_budget_id(fields, world.catalog, member.budget_id);
}

Error no_member(const Team& team)
{
    return Error(Errc::invalid_request,
                 "`user_id` or `user_email` names nobody in the team `" + team.team_id + "`.")
        .about("user_id");
}

/// What nobody read has no effect on a member.
std::vector<std::string> left_over(RequestFields& fields)
{
    std::string nowhere;
    return keep_others(fields, {}, nowhere);
}

}  // namespace

Result<Decision> add_members(const Question& question, const Surroundings& world)
{
    auto team = team_to_change(question, world);
    if (!team)
        return fail(team.error());
    RequestFields fields(question.body);
    fields.take("team_id");
    const auto* named = fields.take("member");
    if (named == nullptr || named->empty())
        fields.refuse("member", "must be given.");
    Member share;
    read_share(fields, world, share);
    const auto ignored = left_over(fields);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    Edits<User> users;
    const auto added = enlist(*named, question, world, *team, users);
    if (!added)
        return fail(added.error());
    leave_traces(team->traces, question.asker, world.now);
    for (auto& member : team->members) {
        const bool is_new = std::any_of(added->begin(), added->end(), [&](const Member& one) {
            return one.user_id == member.user_id;
        });
        if (!is_new)
            continue;
        member.allowance = share.allowance;
        member.budget_id = share.budget_id;
    }
    Decision decision;
    decision.answer = row_of(*team);
    decision.spends.push_back(place_of(*team, world.catalog, ""));
    auto updated = Json::array();
    for (const auto& [id, user] : users.records()) {
        decision.spends.push_back(
            place_of(user, world.catalog, "/updated_users/" + std::to_string(updated.size())));
        updated.push_back(row_of(user));
    }
    auto memberships = Json::array();
    for (const auto& member : *added)
        memberships.push_back(
            row_of(*team, *find_member(*team, Json{{"user_id", member.user_id}}), world.catalog));
    decision.answer["updated_users"] = std::move(updated);
    decision.answer["updated_team_memberships"] = std::move(memberships);
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(*std::move(team)));
    users.append_to(decision.changes);
    return decision;
}

Result<Decision> delete_member(const Question& question, const Surroundings& world)
{
    auto team = team_to_change(question, world);
    if (!team)
        return fail(team.error());
    const auto place = find_member(*team, question.body);
    if (place == team->members.end())
        return fail(no_member(*team));
    const auto user_id = place->user_id;
    team->members.erase(place);
    leave_traces(team->traces, question.asker, world.now);
    Decision decision;
    // Who left the team has no keys in it, as in LiteLLM.
    for (const auto& key : world.catalog.keys_of_team(team->team_id))
        if (key->user_id == user_id)
            decision.changes.push_back(Change::remove(Kind::key, key->token, key->version));
    if (const auto stored = world.catalog.user(user_id)) {
        auto user = *stored;
        leave_team(user, team->team_id);
        decision.changes.push_back(Change::put(std::move(user)));
    }
    decision.answer = row_of(*team);
    decision.spends.push_back(place_of(*team, world.catalog, ""));
    decision.changes.push_back(Change::put(*std::move(team)));
    return decision;
}

Result<Decision> update_member(const Question& question, const Surroundings& world)
{
    auto team = team_to_change(question, world);
    if (!team)
        return fail(team.error());
    const auto place = find_member(*team, question.body);
    if (place == team->members.end())
        return fail(no_member(*team));
    RequestFields fields(question.body);
    for (const auto* named : {"team_id", "user_id", "user_email"})
        fields.take(named);
    fields.text("role", place->role);
    if (place->role != "admin" && place->role != "user")
        fields.refuse("role", "must be admin or user.");
    read_share(fields, world, *place);
    const auto ignored = left_over(fields);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(team->traces, question.asker, world.now);
    Json allowed = Json::object();
    const auto& share = place->allowance;
    allowed["max_budget_in_team"] = share.max_budget ? Json(usd_number(*share.max_budget)) : Json();
    allowed["tpm_limit"] = share.tpm_limit ? Json(*share.tpm_limit) : Json();
    allowed["rpm_limit"] = share.rpm_limit ? Json(*share.rpm_limit) : Json();
    Decision decision;
    decision.answer = Json{{"team_id", team->team_id},
                           {"user_id", place->user_id},
                           {"user_email", text_or_null(place->user_email)},
                           {"role", place->role}};
    decision.answer.update(allowed);
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(*std::move(team)));
    return decision;
}

}  // namespace spillway::keys
