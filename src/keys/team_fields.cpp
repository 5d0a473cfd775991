#include "team_fields.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "spillway/base/text.hpp"

namespace spillway::keys {

namespace {

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 22> kept{"organization_id",
                                                "admins",
                                                "members",
                                                "guardrails",
                                                "policies",
                                                "prompts",
                                                "router_settings",
                                                "object_permission",
                                                "team_member_permissions",
                                                "access_group_ids",
                                                "allowed_passthrough_routes",
                                                "allowed_vector_store_indexes",
                                                "disable_global_guardrails",
                                                "tpm_limit_type",
                                                "rpm_limit_type",
                                                "mcp_rpm_limit",
                                                "tag_rpm_limit",
                                                "team_member_key_duration",
                                                "secret_manager_settings",
                                                "allow_team_guardrail_config",
                                                "default_team_member_models",
                                                "enforced_batch_output_expires_after"};

/// The user that a member names, by id or by e-mail; a new one when there is none.
User& user_of(const Member& named, const Question& question, const Surroundings& world,
              Edits<User>& users)
{
    if (auto* known = named.user_id.empty()
                          ? nullptr
                          : users.find(named.user_id, world.catalog.user(named.user_id)))
        return *known;
    if (named.user_id.empty()) {
        Catalog::Found<User> same;
        world.catalog.users().each([&](const std::string&, const Catalog::Found<User>& user) {
            if (user->user_email == named.user_email)
                same = user;
        });
        if (same)
            return *users.find(same->user_id, same);
    }
    User user;
    user.user_id = named.user_id.empty() ? uuid_of(world.draw()) : named.user_id;
    user.user_email = named.user_email;
    user.user_role = "internal_user";
    leave_traces(user.traces, question.asker, world.now);
    auto id = user.user_id;
    return users.add(std::move(id), std::move(user));
}

Result<Member> read_member(const Json& object)
{
    if (!object.is_object())
        return fail(
            Error(Errc::invalid_request, "A member is {\"role\": \"user\", \"user_id\": \"...\"}.")
                .about("member"));
    RequestFields fields(object);
    Member member;
    fields.text("user_id", member.user_id);
    fields.text("user_email", member.user_email);
    fields.text("role", member.role);
    if (member.role.empty())
        member.role = "user";
    if (member.role != "admin" && member.role != "user")
        fields.refuse("role", "must be admin or user.");
    if (member.user_id.empty() && member.user_email.empty())
        fields.refuse("user_id", "or `user_email` must be given for each member.");
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    return member;
}

}  // namespace

std::vector<std::string> read_team(RequestFields& fields, const Surroundings& world, Team& team)
{
    fields.text("team_alias", team.team_alias);
    read_budget_id(fields, world.catalog, team.budget_id);
    read_allowance(fields, team.allowance);
    fields.usd("team_member_budget", team.each_member.max_budget);
    fields.period("team_member_budget_duration", team.each_member.budget_duration);
    fields.count("team_member_rpm_limit", team.each_member.rpm_limit);
    fields.count("team_member_tpm_limit", team.each_member.tpm_limit);
    read_models(fields, "models", world.rules.models, team.models);
    fields.text_map("model_aliases", team.model_aliases);
    read_metadata(fields, team.metadata, team.tags, team.allowance);
    fields.flag("blocked", team.blocked);
    read_boundary(fields, team.stay_local);
    std::optional<NanoUsd> spend;
    fields.usd("spend", spend);
    if (spend && (*spend != NanoUsd{0} || team.version != 0))
        team.opening = chat::Opening{world.now, *spend};
    return keep_others(fields, kept, team.other);
}

Result<std::vector<Member>> enlist(const Json& named, const Question& question,
                                   const Surroundings& world, Team& team, Edits<User>& users)
{
    constexpr std::size_t most = 10'000;
    const auto list = named.is_array() ? named : Json::array({named});
    if (list.size() > most)
        return fail(Errc::invalid_request, "These are too many members at once.");
    std::vector<Member> added;
    for (const auto& object : list) {
        auto member = read_member(object);
        if (!member)
            return fail(std::move(member).error());
        auto& user = user_of(*member, question, world, users);
        member->user_id = user.user_id;
        if (member->user_email.empty())
            member->user_email = user.user_email;
        const bool there = std::any_of(team.members.begin(), team.members.end(),
                                       [&](auto& one) { return one.user_id == user.user_id; });
        if (there)
            return fail(Error(Errc::invalid_request,
                              "`" + printable(user.user_id, 80) + "` is in the team already.")
                            .about("member"));
        if (std::find(user.teams.begin(), user.teams.end(), team.team_id) == user.teams.end())
            user.teams.push_back(team.team_id);
        team.members.push_back(*member);
        added.push_back(*std::move(member));
    }
    return added;
}

std::vector<Member>::iterator find_member(Team& team, const Json& body)
{
    const auto is = [&](const char* name, const std::string& value) {
        const auto found = body.find(name);
        return found != body.end() && found->is_string() && !value.empty() && *found == value;
    };
    return std::find_if(team.members.begin(), team.members.end(), [&](const Member& member) {
        return is("user_id", member.user_id) || is("user_email", member.user_email);
    });
}

Result<Team> team_to_change(const Question& question, const Surroundings& world)
{
    const auto id = name_in(question.body, "team_id");
    if (!id)
        return fail(id.error());
    const auto team = world.catalog.team(*id);
    if (!team)
        return fail(no_such("team", *id, "team_id"));
    return *team;
}

void leave_team(User& user, const std::string& team_id)
{
    std::erase(user.teams, team_id);
}

void remove_member(Team& team, const std::string& user_id)
{
    std::erase_if(team.members, [&](const Member& member) { return member.user_id == user_id; });
}

}  // namespace spillway::keys
