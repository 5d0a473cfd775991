#pragma once

#include <string>
#include <vector>

#include "edits.hpp"
#include "request_fields.hpp"
#include "spillway/keys/calls.hpp"

/// What the calls about teams and their members have in common. Private to `keys`.
namespace spillway::keys {

/// Reads all that a request may say of a team, but what names it and its members.
/// @return Members without effect, for the answer.
[[nodiscard]] std::vector<std::string> read_team(RequestFields& fields, const Surroundings& world,
                                                 Team& team);

/// Adds those whom a list, or one object, names to the team. Who is no user yet becomes one, as
/// LiteLLM has it.
[[nodiscard]] Result<std::vector<Member>> enlist(const Json& named, const Question& question,
                                                 const Surroundings& world, Team& team,
                                                 Edits<User>& users);

/// The place of a member by `user_id` or `user_email`; the end when there is none.
[[nodiscard]] std::vector<Member>::iterator find_member(Team& team, const Json& body);

/// `team_id`, which must be there and be a team.
[[nodiscard]] Result<Team> team_to_change(const Question& question, const Surroundings& world);

/// Takes a team out of the list of who was in it.
void leave_team(User& user, const std::string& team_id);
/// Takes a user out of a team.
void remove_member(Team& team, const std::string& user_id);

}  // namespace spillway::keys
