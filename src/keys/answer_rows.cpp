#include "answer_rows.hpp"

#include <utility>

#include "budgets.hpp"
#include "request_fields.hpp"
#include "spillway/base/text.hpp"

namespace spillway::keys {

namespace {

template <class T>
Json value_or_null(const std::optional<T>& value)
{
    return value ? Json(*value) : Json();
}

Json usd_or_null(const std::optional<NanoUsd>& amount)
{
    return amount ? Json(usd_number(*amount)) : Json();
}

template <class T>
Json map_of(const std::vector<std::pair<std::string, T>>& pairs)
{
    auto out = Json::object();
    for (const auto& [name, value] : pairs)
        out[name] = value;
    return out;
}

/// A time that was never set is none.
Json moment(WallTime time)
{
    return time == WallTime{} ? Json() : Json(rfc3339(time));
}

Json windows_of(const std::vector<chat::Cap>& caps)
{
    if (caps.empty())
        return nullptr;
    auto out = Json::array();
    for (const auto& cap : caps)
        out.push_back(Json{{"budget_duration", cap.period}, {"max_budget", usd_number(cap.most)}});
    return out;
}

Json model_caps_of(const std::vector<ModelCap>& caps)
{
    auto out = Json::object();
    for (const auto& [model, cap] : caps)
        out[model] =
            Json{{"budget_limit", usd_number(cap.most)}, {"time_period", text_or_null(cap.period)}};
    return out;
}

/// What an allowance says, in the words of all tables.
void add_allowance(Json& row, const Allowance& allowance)
{
    row["max_budget"] = usd_or_null(allowance.max_budget);
    row["soft_budget"] = usd_or_null(allowance.soft_budget);
    row["budget_duration"] = text_or_null(allowance.budget_duration);
    row["budget_reset_at"] = nullptr;
    row["tpm_limit"] = value_or_null(allowance.tpm_limit);
    row["rpm_limit"] = value_or_null(allowance.rpm_limit);
    row["max_parallel_requests"] = value_or_null(allowance.max_parallel_requests);
    row["model_max_budget"] = model_caps_of(allowance.model_max_budget);
}

/// Metadata as LiteLLM has it: tags and limits of models are in it.
Json metadata_of(const std::string& metadata, const std::vector<std::string>& tags,
                 const Allowance& allowance)
{
    auto out = object_of(metadata);
    if (!tags.empty())
        out["tags"] = tags;
    if (!allowance.model_rpm_limit.empty())
        out["model_rpm_limit"] = map_of(allowance.model_rpm_limit);
    if (!allowance.model_tpm_limit.empty())
        out["model_tpm_limit"] = map_of(allowance.model_tpm_limit);
    return out;
}

void add_traces(Json& row, const Traces& traces)
{
    row["created_at"] = moment(traces.created_at);
    row["created_by"] = text_or_null(traces.created_by);
    row["updated_at"] = moment(traces.updated_at);
    row["updated_by"] = text_or_null(traces.updated_by);
}

/// The members that are only kept; they never hide one of ours.
void add_other(Json& row, const std::string& other)
{
    const auto kept = object_of(other);  // Named: `items` refers to it.
    for (const auto& [name, value] : kept.items())
        if (!row.contains(name))
            row[name] = value;
}

/// The budget table beside a record that has none of its own: the row that it names, else what it
/// says itself, else null.
Json budget_table_of(const std::string& budget_id, const Allowance& allowance,
                     const Catalog& catalog)
{
    if (const auto budget = catalog.budget(budget_id))
        return row_of(*budget);
    if (allowance == Allowance{})
        return nullptr;
    Json table{{"budget_id", nullptr}};
    add_allowance(table, allowance);
    return table;
}

template <class R>
SpendPlace place(chat::Scope scope, const R& record, const Catalog& catalog, std::string object)
{
    return {std::move(object), std::move(scope),
            completed(record.allowance, record.budget_id, catalog).budget_duration, record.opening};
}

Json member_row(const Member& member)
{
    return Json{{"role", member.role},
                {"user_id", text_or_null(member.user_id)},
                {"user_email", text_or_null(member.user_email)}};
}

}  // namespace

Json text_or_null(std::string_view text)
{
    return text.empty() ? Json() : Json(text);
}

Json time_or_null(const std::optional<WallTime>& time)
{
    return time ? Json(rfc3339(*time)) : Json();
}

Json object_of(std::string_view text)
{
    auto read = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
    return read.is_object() ? read : Json::object();
}

Json row_of(const Key& key, const Catalog& catalog)
{
    Json row{{"token", key.token},
             {"key_name", text_or_null(key.key_name)},
             {"key_alias", text_or_null(key.key_alias)},
             {"spend", 0.0},
             {"expires", time_or_null(key.expires)},
             {"models", key.models},
             {"aliases", map_of(key.aliases)},
             {"config", Json::object()},
             {"user_id", text_or_null(key.user_id)},
             {"team_id", text_or_null(key.team_id)},
             {"permissions", Json::object()}};
    // Here, where it says so; what is only kept may say more.
    const auto other = object_of(key.other);
    for (const auto* kept : {"config", "permissions"})
        if (other.contains(kept))
            row[kept] = other[kept];
    add_allowance(row, key.allowance);
    row["budget_limits"] = windows_of(key.allowance.budget_limits);
    row["budget_id"] = text_or_null(key.budget_id);
    row["temp_budget_increase"] = usd_or_null(key.temp_budget_increase);
    row["temp_budget_expiry"] = time_or_null(key.temp_budget_expiry);
    row["metadata"] = metadata_of(key.metadata, key.tags, key.allowance);
    row["blocked"] = key.blocked;
    row["allowed_routes"] = key.allowed_routes;
    row["key_type"] = text_or_null(key.key_type);
    if (key.stay_local)
        row["boundary"] = "local";
    const auto budget = catalog.budget(key.budget_id);
    row["litellm_budget_table"] = budget ? row_of(*budget) : Json();
    add_traces(row, key.traces);
    add_other(row, key.other);
    return row;
}

Json row_of(const Team& team)
{
    auto members = Json::array();
    for (const auto& member : team.members)
        members.push_back(member_row(member));
    Json row{{"team_id", team.team_id},
             {"team_alias", text_or_null(team.team_alias)},
             {"organization_id", nullptr},
             {"admins", Json::array()},
             {"members", Json::array()},
             {"members_with_roles", std::move(members)},
             {"spend", 0.0},
             {"models", team.models}};
    if (const auto other = object_of(team.other); other.contains("organization_id"))
        row["organization_id"] = other["organization_id"];
    add_allowance(row, team.allowance);
    row["budget_limits"] = windows_of(team.allowance.budget_limits);
    row["metadata"] = metadata_of(team.metadata, team.tags, team.allowance);
    row["blocked"] = team.blocked;
    row["litellm_model_table"] = nullptr;
    if (!team.model_aliases.empty())
        row["litellm_model_table"] = Json{{"model_aliases", map_of(team.model_aliases)}};
    if (team.each_member != Allowance{}) {
        Json table = Json::object();
        add_allowance(table, team.each_member);
        row["team_member_budget_table"] = std::move(table);
    }
    if (team.stay_local)
        row["boundary"] = "local";
    add_traces(row, team.traces);
    add_other(row, team.other);
    return row;
}

Json row_of(const User& user)
{
    Json row{{"user_id", user.user_id},
             {"user_alias", text_or_null(user.user_alias)},
             {"user_email", text_or_null(user.user_email)},
             {"user_role", text_or_null(user.user_role)},
             {"teams", user.teams},
             {"spend", 0.0},
             {"models", user.models}};
    add_allowance(row, user.allowance);
    row["metadata"] = metadata_of(user.metadata, {}, user.allowance);
    add_traces(row, user.traces);
    add_other(row, user.other);
    return row;
}

Json row_of(const Customer& customer, const Catalog& catalog)
{
    Json row{
        {"user_id", customer.user_id},
        {"blocked", customer.blocked},
        {"alias", text_or_null(customer.alias)},
        {"spend", 0.0},
        {"allowed_model_region", nullptr},
        {"default_model", nullptr},
        {"budget_id", text_or_null(customer.budget_id)},
        {"litellm_budget_table", budget_table_of(customer.budget_id, customer.allowance, catalog)}};
    const auto other = object_of(customer.other);
    for (const auto* kept : {"allowed_model_region", "default_model"})
        if (other.contains(kept))
            row[kept] = other[kept];
    add_other(row, customer.other);
    return row;
}

Json row_of(const BudgetRow& budget)
{
    Json row{{"budget_id", budget.budget_id}};
    add_allowance(row, budget.allowance);
    add_traces(row, budget.traces);
    add_other(row, budget.other);
    return row;
}

Json row_of(const Tag& tag, const Catalog& catalog)
{
    Json row{{"name", tag.name},
             {"description", text_or_null(tag.description)},
             {"models", tag.models},
             {"spend", 0.0},
             {"budget_id", text_or_null(tag.budget_id)},
             {"litellm_budget_table", budget_table_of(tag.budget_id, tag.allowance, catalog)}};
    add_traces(row, tag.traces);
    add_other(row, tag.other);
    return row;
}

Json row_of(const Team& team, const Member& member, const Catalog& catalog)
{
    return Json{
        {"user_id", member.user_id},
        {"team_id", team.team_id},
        {"budget_id", text_or_null(member.budget_id)},
        {"spend", 0.0},
        {"litellm_budget_table", budget_table_of(member.budget_id, member.allowance, catalog)}};
}

SpendPlace place_of(const Key& key, const Catalog& catalog, std::string object)
{
    return place({chat::ScopeKind::key, account_of(key)}, key, catalog, std::move(object));
}

SpendPlace place_of(const Team& team, const Catalog& catalog, std::string object)
{
    return place({chat::ScopeKind::team, team.team_id}, team, catalog, std::move(object));
}

SpendPlace place_of(const User& user, const Catalog& catalog, std::string object)
{
    return place({chat::ScopeKind::user, user.user_id}, user, catalog, std::move(object));
}

SpendPlace place_of(const Customer& customer, const Catalog& catalog, std::string object)
{
    return place({chat::ScopeKind::end_user, end_user_name(customer.user_id)}, customer, catalog,
                 std::move(object));
}

SpendPlace place_of(const Tag& tag, const Catalog& catalog, std::string object)
{
    return place({chat::ScopeKind::tag, tag.name}, tag, catalog, std::move(object));
}

SpendPlace place_of(const Team& team, const Member& member, const Catalog& catalog,
                    std::string object)
{
    return {std::move(object),
            {chat::ScopeKind::member, member_name(team.team_id, member.user_id)},
            allowance_of(team, member, catalog).budget_duration,
            member.opening};
}

}  // namespace spillway::keys
