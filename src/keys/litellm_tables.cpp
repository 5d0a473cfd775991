#include "spillway/keys/litellm_tables.hpp"

#include <array>

namespace spillway::keys::litellm {

namespace {

constexpr std::array<const char*, 1> key_ids{"token"};
constexpr std::array key_columns{
    Column{"token", Form::text},
    Column{"key_name", Form::text},
    Column{"key_alias", Form::text},
    Column{"spend", Form::text},
    Column{"expires", Form::moment},
    Column{"models", Form::list},
    Column{"aliases", Form::text},
    Column{"config", Form::text},
    Column{"router_settings", Form::text},
    Column{"user_id", Form::text},
    Column{"team_id", Form::text},
    Column{"agent_id", Form::text},
    Column{"project_id", Form::text},
    Column{"organization_id", Form::text},
    Column{"permissions", Form::text},
    Column{"max_parallel_requests", Form::text},
    Column{"metadata", Form::text},
    Column{"blocked", Form::text},
    Column{"tpm_limit", Form::text},
    Column{"rpm_limit", Form::text},
    Column{"max_budget", Form::text},
    Column{"budget_duration", Form::text},
    Column{"budget_reset_at", Form::moment},
    Column{"allowed_cache_controls", Form::list},
    Column{"allowed_routes", Form::list},
    Column{"policies", Form::list},
    Column{"access_group_ids", Form::list},
    Column{"model_max_budget", Form::text},
    Column{"budget_limits", Form::text},
    Column{"budget_id", Form::text},
    Column{"object_permission_id", Form::text},
    Column{"key_type", Form::text},
    Column{"auto_rotate", Form::text},
    Column{"rotation_interval", Form::text},
    Column{"created_at", Form::moment},
    Column{"created_by", Form::text},
    Column{"updated_at", Form::moment},
    Column{"updated_by", Form::text},
};

constexpr std::array<const char*, 1> team_ids{"team_id"};
constexpr std::array team_columns{
    Column{"team_id", Form::text},
    Column{"team_alias", Form::text},
    Column{"organization_id", Form::text},
    Column{"object_permission_id", Form::text},
    Column{"admins", Form::list},
    Column{"members", Form::list},
    Column{"members_with_roles", Form::text},
    Column{"metadata", Form::text},
    Column{"max_budget", Form::text},
    Column{"soft_budget", Form::text},
    Column{"spend", Form::text},
    Column{"models", Form::list},
    Column{"max_parallel_requests", Form::text},
    Column{"tpm_limit", Form::text},
    Column{"rpm_limit", Form::text},
    Column{"budget_duration", Form::text},
    Column{"budget_reset_at", Form::moment},
    Column{"budget_limits", Form::text},
    Column{"blocked", Form::text},
    Column{"model_max_budget", Form::text},
    Column{"router_settings", Form::text},
    Column{"team_member_permissions", Form::list},
    Column{"policies", Form::list},
    Column{"access_group_ids", Form::list},
    Column{"model_id", Form::text},
    Column{"created_at", Form::moment},
    Column{"updated_at", Form::moment},
};

constexpr std::array<const char*, 2> membership_ids{"team_id", "user_id"};
constexpr std::array membership_columns{
    Column{"team_id", Form::text},
    Column{"user_id", Form::text},
    Column{"spend", Form::text},
    Column{"budget_id", Form::text},
};

constexpr std::array<const char*, 1> user_ids{"user_id"};
constexpr std::array user_columns{
    Column{"user_id", Form::text},
    Column{"user_alias", Form::text},
    Column{"user_email", Form::text},
    Column{"user_role", Form::text},
    Column{"teams", Form::list},
    Column{"sso_user_id", Form::text},
    Column{"organization_id", Form::text},
    Column{"object_permission_id", Form::text},
    Column{"max_budget", Form::text},
    Column{"spend", Form::text},
    Column{"models", Form::list},
    Column{"metadata", Form::text},
    Column{"max_parallel_requests", Form::text},
    Column{"tpm_limit", Form::text},
    Column{"rpm_limit", Form::text},
    Column{"budget_duration", Form::text},
    Column{"budget_reset_at", Form::moment},
    Column{"allowed_cache_controls", Form::list},
    Column{"policies", Form::list},
    Column{"model_max_budget", Form::text},
    Column{"created_at", Form::moment},
    Column{"updated_at", Form::moment},
};

constexpr std::array<const char*, 1> customer_ids{"user_id"};
constexpr std::array customer_columns{
    Column{"user_id", Form::text},
    Column{"alias", Form::text},
    Column{"spend", Form::text},
    Column{"allowed_model_region", Form::text},
    Column{"default_model", Form::text},
    Column{"budget_id", Form::text},
    Column{"object_permission_id", Form::text},
    Column{"blocked", Form::text},
};

constexpr std::array<const char*, 1> budget_ids{"budget_id"};
constexpr std::array budget_columns{
    Column{"budget_id", Form::text},         Column{"max_budget", Form::text},
    Column{"soft_budget", Form::text},       Column{"max_parallel_requests", Form::text},
    Column{"tpm_limit", Form::text},         Column{"rpm_limit", Form::text},
    Column{"model_max_budget", Form::text},  Column{"budget_duration", Form::text},
    Column{"budget_reset_at", Form::moment}, Column{"created_at", Form::moment},
    Column{"created_by", Form::text},        Column{"updated_at", Form::moment},
    Column{"updated_by", Form::text},
};

constexpr std::array<const char*, 1> tag_ids{"tag_name"};
constexpr std::array tag_columns{
    Column{"tag_name", Form::text},   Column{"description", Form::text},
    Column{"models", Form::list},     Column{"spend", Form::text},
    Column{"budget_id", Form::text},  Column{"created_at", Form::moment},
    Column{"created_by", Form::text}, Column{"updated_at", Form::moment},
};

constexpr std::array<const char*, 1> organization_ids{"organization_id"};
constexpr std::array organization_columns{
    Column{"organization_id", Form::text},
    Column{"organization_alias", Form::text},
};

constexpr std::array<const char*, 1> model_ids{"id"};
constexpr std::array model_columns{
    Column{"id", Form::text},
    Column{"aliases", Form::text},
};

constexpr std::array<TableShape, 9> shapes{{
    {"LiteLLM_BudgetTable", budget_ids, budget_columns, "budget_id"},
    {"LiteLLM_OrganizationTable", organization_ids, organization_columns, "organization_alias"},
    {"LiteLLM_ModelTable", model_ids, model_columns, "id"},
    {"LiteLLM_TeamTable", team_ids, team_columns, "team_alias"},
    {"LiteLLM_TeamMembership", membership_ids, membership_columns, "user_id"},
    {"LiteLLM_UserTable", user_ids, user_columns, "user_email"},
    {"LiteLLM_EndUserTable", customer_ids, customer_columns, "alias"},
    {"LiteLLM_TagTable", tag_ids, tag_columns, "tag_name"},
    {"LiteLLM_VerificationToken", key_ids, key_columns, "key_name"},
}};

constexpr std::array<Reading, 9> order{{
    {&shapes[0], &Tables::budgets},
    {&shapes[1], &Tables::organizations},
    {&shapes[2], &Tables::model_aliases},
    {&shapes[3], &Tables::teams},
    {&shapes[4], &Tables::memberships},
    {&shapes[5], &Tables::users},
    {&shapes[6], &Tables::customers},
    {&shapes[7], &Tables::tags},
    {&shapes[8], &Tables::keys},
}};

}  // namespace

std::span<const Reading> readings() noexcept
{
    return order;
}

const TableShape& key_table() noexcept
{
    return shapes.back();
}

}  // namespace spillway::keys::litellm
