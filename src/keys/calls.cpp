#include "spillway/keys/calls.hpp"

#include <algorithm>
#include <array>

#include "call_functions.hpp"

namespace spillway::keys {

namespace {

using chat::AdminRights;

struct CallRow {
    CallName name;
    Call answer;
    /// What the asker must have; `none`: every key, which then sees what is its own.
    AdminRights needs;
};

constexpr auto everyone = AdminRights::none;
constexpr auto reader = AdminRights::read;
constexpr auto administrator = AdminRights::all;

constexpr std::array table{
    CallRow{CallName::key_generate, generate_key, administrator},
    CallRow{CallName::key_info, key_info, everyone},
    CallRow{CallName::key_update, update_key, administrator},
    CallRow{CallName::key_delete, delete_keys, administrator},
    CallRow{CallName::key_block, block_key, administrator},
    CallRow{CallName::key_unblock, unblock_key, administrator},
    CallRow{CallName::key_regenerate, regenerate_key, administrator},
    CallRow{CallName::key_list, list_keys, everyone},
    CallRow{CallName::key_aliases, list_key_aliases, everyone},
    CallRow{CallName::key_reset_spend, reset_key_spend, administrator},
    CallRow{CallName::key_health, key_health, everyone},
    CallRow{CallName::team_new, new_team, administrator},
    CallRow{CallName::team_update, update_team, administrator},
    CallRow{CallName::team_info, team_info, reader},
    CallRow{CallName::team_list, list_teams, reader},
    CallRow{CallName::team_delete, delete_teams, administrator},
    CallRow{CallName::team_block, block_team, administrator},
    CallRow{CallName::team_unblock, unblock_team, administrator},
    CallRow{CallName::team_member_add, add_members, administrator},
    CallRow{CallName::team_member_delete, delete_member, administrator},
    CallRow{CallName::team_member_update, update_member, administrator},
    CallRow{CallName::user_new, new_user, administrator},
    CallRow{CallName::user_info, user_info, everyone},
    CallRow{CallName::user_update, update_user, administrator},
    CallRow{CallName::user_delete, delete_users, administrator},
    CallRow{CallName::user_list, list_users, reader},
    CallRow{CallName::customer_new, new_customer, administrator},
    CallRow{CallName::customer_info, customer_info, reader},
    CallRow{CallName::customer_update, update_customer, administrator},
    CallRow{CallName::customer_delete, delete_customers, administrator},
    CallRow{CallName::customer_list, list_customers, reader},
    CallRow{CallName::customer_block, block_customers, administrator},
    CallRow{CallName::customer_unblock, unblock_customers, administrator},
    CallRow{CallName::budget_new, new_budget, administrator},
    CallRow{CallName::budget_info, budget_info, reader},
    CallRow{CallName::budget_update, update_budget, administrator},
    CallRow{CallName::budget_list, list_budgets, reader},
    CallRow{CallName::budget_delete, delete_budget, administrator},
    CallRow{CallName::budget_settings, budget_settings, reader},
    CallRow{CallName::tag_new, new_tag, administrator},
    CallRow{CallName::tag_info, tag_info, reader},
    CallRow{CallName::tag_update, update_tag, administrator},
    CallRow{CallName::tag_delete, delete_tag, administrator},
    CallRow{CallName::tag_list, list_tags, reader},
};

const CallRow& row_of(CallName name) noexcept
{
    return *std::find_if(table.begin(), table.end(),
                         [&](const CallRow& row) { return row.name == name; });
}

}  // namespace

std::string_view Question::operator[](std::string_view name) const noexcept
{
    const auto found = std::find_if(query.begin(), query.end(),
                                    [&](const auto& one) { return one.first == name; });
    return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

Result<Decision> answer_call(CallName name, const Question& question, const Surroundings& world)
{
    const auto& row = row_of(name);
    if (question.asker.rights < row.needs)
        return fail(Errc::forbidden,
                    "Only the master key and the keys of proxy_admin users may do "
                    "this.");
    return row.answer(question, world);
}

bool only_looks(CallName name) noexcept
{
    return row_of(name).needs != administrator;
}

}  // namespace spillway::keys
