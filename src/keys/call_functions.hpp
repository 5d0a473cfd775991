#pragma once

#include "spillway/keys/calls.hpp"

/// The calls one by one; `answer_call` has seen to it that the asker may ask. Private to `keys`.
namespace spillway::keys {

using Call = Result<Decision> (*)(const Question&, const Surroundings&);

Result<Decision> generate_key(const Question& question, const Surroundings& world);
Result<Decision> update_key(const Question& question, const Surroundings& world);
Result<Decision> regenerate_key(const Question& question, const Surroundings& world);
Result<Decision> delete_keys(const Question& question, const Surroundings& world);
Result<Decision> block_key(const Question& question, const Surroundings& world);
Result<Decision> unblock_key(const Question& question, const Surroundings& world);
Result<Decision> reset_key_spend(const Question& question, const Surroundings& world);
Result<Decision> key_info(const Question& question, const Surroundings& world);
Result<Decision> list_keys(const Question& question, const Surroundings& world);
Result<Decision> list_key_aliases(const Question& question, const Surroundings& world);
Result<Decision> key_health(const Question& question, const Surroundings& world);

Result<Decision> new_team(const Question& question, const Surroundings& world);
Result<Decision> update_team(const Question& question, const Surroundings& world);
Result<Decision> team_info(const Question& question, const Surroundings& world);
Result<Decision> list_teams(const Question& question, const Surroundings& world);
Result<Decision> delete_teams(const Question& question, const Surroundings& world);
Result<Decision> block_team(const Question& question, const Surroundings& world);
Result<Decision> unblock_team(const Question& question, const Surroundings& world);
Result<Decision> add_members(const Question& question, const Surroundings& world);
Result<Decision> delete_member(const Question& question, const Surroundings& world);
Result<Decision> update_member(const Question& question, const Surroundings& world);

Result<Decision> new_user(const Question& question, const Surroundings& world);
Result<Decision> user_info(const Question& question, const Surroundings& world);
Result<Decision> update_user(const Question& question, const Surroundings& world);
Result<Decision> delete_users(const Question& question, const Surroundings& world);
Result<Decision> list_users(const Question& question, const Surroundings& world);

Result<Decision> new_customer(const Question& question, const Surroundings& world);
Result<Decision> customer_info(const Question& question, const Surroundings& world);
Result<Decision> update_customer(const Question& question, const Surroundings& world);
Result<Decision> delete_customers(const Question& question, const Surroundings& world);
Result<Decision> list_customers(const Question& question, const Surroundings& world);
Result<Decision> block_customers(const Question& question, const Surroundings& world);
Result<Decision> unblock_customers(const Question& question, const Surroundings& world);

Result<Decision> new_budget(const Question& question, const Surroundings& world);
Result<Decision> budget_info(const Question& question, const Surroundings& world);
Result<Decision> update_budget(const Question& question, const Surroundings& world);
Result<Decision> delete_budget(const Question& question, const Surroundings& world);
Result<Decision> list_budgets(const Question& question, const Surroundings& world);
Result<Decision> budget_settings(const Question& question, const Surroundings& world);

Result<Decision> new_tag(const Question& question, const Surroundings& world);
Result<Decision> tag_info(const Question& question, const Surroundings& world);
Result<Decision> update_tag(const Question& question, const Surroundings& world);
Result<Decision> delete_tag(const Question& question, const Surroundings& world);
Result<Decision> list_tags(const Question& question, const Surroundings& world);

}  // namespace spillway::keys
