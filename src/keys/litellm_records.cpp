#include <algorithm>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "litellm_rows.hpp"
#include "request_fields.hpp"
#include "spillway/base/sha256_name.hpp"
#include "spillway/base/text.hpp"
#include "spillway/keys/litellm_import.hpp"

namespace spillway::keys::litellm {

namespace {

/// Makes records of the tables, one after the other.
class Importer {
public:
    Importer(const Tables& tables, WallTime now) : tables_(tables), now_(now) {}

    Result<Imported> run()
    {
        for (const auto& row : tables_.model_aliases)
            if (const auto found = row.find("aliases"); found != row.end())
                aliases_[row.at("id")] = found->second;
        using Take = Result<void> (Importer::*)(const TableRow&);
        const std::pair<std::vector<TableRow> Tables::*, Take> steps[] = {
            {&Tables::budgets, &Importer::take_budget},
            {&Tables::memberships, &Importer::note_membership},
            {&Tables::teams, &Importer::take_team},
            {&Tables::users, &Importer::take_user},
            {&Tables::customers, &Importer::take_customer},
            {&Tables::tags, &Importer::take_tag},
            {&Tables::keys, &Importer::take_key},
        };
        for (const auto& [rows, take] : steps) {
            shape_ = shape_of(rows);
            for (const auto& row : tables_.*rows)
                if (auto taken = (this->*take)(row); !taken)
                    return fail(std::move(taken).error());
        }
        for (const auto& row : tables_.organizations)
            out_.left_out.push_back(
                {"organization " + printable(row.at("organization_id"), 80),
                 "there are no organizations here; a budget of its own holds no longer"});
        return std::move(out_);
    }

private:
    static const TableShape* shape_of(std::vector<TableRow> Tables::* rows)
    {
        const auto all = readings();
        return std::find_if(all.begin(), all.end(),
                            [&](const Reading& each) { return each.rows == rows; })
            ->shape;
    }

    Result<Json> open(const TableRow& row) { return json_of(*shape_, row); }

    /// The first complaint about a row, with its place.
    Result<void> verdict(const RequestFields& fields, const TableRow& row) const
    {
        const auto fine = fields.verdict();
        if (fine)
            return {};
        const auto& column = fine.error().param();
        return fail(Errc::invalid_request,
                    place_of(*shape_, row, column) + ": " + fine.error().message());
    }

    /// What was spent in the budget window that still runs, or ever.
    std::optional<chat::Opening> opening_of(RequestFields& fields, const Json& json,
                                            const std::string& budget_id)
    {
        std::optional<NanoUsd> spend;
        fields.usd("spend", spend);
        auto resets = moment_in(json, "budget_reset_at");
        if (const auto found = resets_.find(budget_id); !resets && found != resets_.end())
            resets = found->second;
        if (!spend || *spend == NanoUsd{0} || (resets && *resets <= now_))
            return std::nullopt;
        return chat::Opening{now_, *spend};
    }

    static Traces traces_of(const Json& json)
    {
        Traces traces;
        traces.created_at = moment_in(json, "created_at").value_or(WallTime{});
        traces.updated_at = moment_in(json, "updated_at").value_or(WallTime{});
        traces.created_by = text_in(json, "created_by");
        traces.updated_by = text_in(json, "updated_by");
        return traces;
    }

    /// Keeps members that do nothing here, and counts those that say something.
    void keep(const Json& json, std::initializer_list<const char*> columns, std::string& other)
    {
        auto kept = object_of(other);
        for (const auto* column : columns) {
            const auto found = json.find(column);
            if (found == json.end() || found->is_null() || found->empty() || *found == "" ||
                *found == Json(false))
                continue;
            kept[column] = *found;
            ++out_.without_effect[column];
        }
        other = kept.empty() ? std::string() : json_text(kept);
    }

    Result<void> take_budget(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        BudgetRow budget;
        fields.text("budget_id", budget.budget_id);
        read_allowance(fields, budget.allowance);
        budget.traces = traces_of(*json);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        if (const auto resets = moment_in(*json, "budget_reset_at"))
            resets_[budget.budget_id] = *resets;
        rows_[budget.budget_id] = budget.allowance;
        out_.records.emplace_back(std::move(budget));
        return {};
    }

    Result<void> note_membership(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        Member member;
        std::string team;
        fields.text("team_id", team);
        fields.text("user_id", member.user_id);
        fields.text("budget_id", member.budget_id);
        member.opening = opening_of(fields, *json, member.budget_id);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        memberships_[{team, member.user_id}] = std::move(member);
        return {};
    }

    /// Those of `members_with_roles`; older versions had two lists.
    std::vector<Member> members_of(const Json& json, const std::string& team) const
    {
        std::vector<Member> out;
        const auto add = [&](Member member) {
            const bool there = std::any_of(out.begin(), out.end(), [&](const Member& one) {
                return one.user_id == member.user_id;
            });
            if (there || member.user_id.empty())
                return;
            const auto known = memberships_.find(std::pair(team, member.user_id));
            if (known != memberships_.end()) {
                member.budget_id = known->second.budget_id;
                member.opening = known->second.opening;
            }
            out.push_back(std::move(member));
        };
        const auto texts = [&](const char* column, const char* role) {
            for (const auto& id : json.value(column, Json::array()))
                if (id.is_string())
                    add({id.get<std::string>(), {}, role, {}, {}, {}});
        };
        for (const auto& entry : json.value("members_with_roles", Json::array())) {
            if (!entry.is_object())
                continue;
            const auto role = text_in(entry, "role");
            add({text_in(entry, "user_id"),
                 text_in(entry, "user_email"),
                 role == "admin" ? "admin" : "user",
                 {},
                 {},
                 {}});
        }
        texts("admins", "admin");
        texts("members", "user");
        return out;
    }

    Result<void> take_team(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        Team team;
        fields.text("team_id", team.team_id);
        fields.text("team_alias", team.team_alias);
        read_allowance(fields, team.allowance);
        fields.texts("models", team.models);
        read_metadata(fields, team.metadata, team.tags, team.allowance);
        fields.flag("blocked", team.blocked);
        team.opening = opening_of(fields, *json, {});
        team.members = members_of(*json, team.team_id);
        if (const auto found = aliases_.find(text_in(*json, "model_id")); found != aliases_.end()) {
            const auto named = Json{{"model_aliases", object_of(found->second)}};
            RequestFields(named).text_map("model_aliases", team.model_aliases);
        }
        // LiteLLM names the members' budget in the metadata.
        auto metadata = object_of(team.metadata);
        if (const auto found = rows_.find(text_in(metadata, "team_member_budget_id"));
            found != rows_.end()) {
            team.each_member = found->second;
            metadata.erase("team_member_budget_id");
            team.metadata = metadata.empty() ? std::string() : json_text(metadata);
        }
        team.traces = traces_of(*json);
        keep(*json,
             {"organization_id", "object_permission_id", "router_settings",
              "team_member_permissions", "policies", "access_group_ids"},
             team.other);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        out_.records.emplace_back(std::move(team));
        return {};
    }

    Result<void> take_user(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        User user;
        std::vector<std::string> tags;
        fields.text("user_id", user.user_id);
        fields.text("user_alias", user.user_alias);
        fields.text("user_email", user.user_email);
        fields.text("user_role", user.user_role);
        fields.texts("teams", user.teams);
        fields.texts("models", user.models);
        read_allowance(fields, user.allowance);
        read_metadata(fields, user.metadata, tags, user.allowance);
        user.opening = opening_of(fields, *json, {});
        user.traces = traces_of(*json);
        keep(*json,
             {"sso_user_id", "organization_id", "object_permission_id", "allowed_cache_controls",
              "policies"},
             user.other);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        out_.records.emplace_back(std::move(user));
        return {};
    }

    Result<void> take_customer(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        Customer customer;
        fields.text("user_id", customer.user_id);
        fields.text("alias", customer.alias);
        fields.text("budget_id", customer.budget_id);
        fields.flag("blocked", customer.blocked);
        customer.opening = opening_of(fields, *json, customer.budget_id);
        keep(*json, {"allowed_model_region", "default_model", "object_permission_id"},
             customer.other);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        out_.records.emplace_back(std::move(customer));
        return {};
    }

    Result<void> take_tag(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        Tag tag;
        fields.text("tag_name", tag.name);
        fields.text("description", tag.description);
        fields.texts("models", tag.models);
        fields.text("budget_id", tag.budget_id);
        tag.opening = opening_of(fields, *json, tag.budget_id);
        tag.traces = traces_of(*json);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        out_.records.emplace_back(std::move(tag));
        return {};
    }

    /// Why a key is not taken over; empty when it is.
    static std::string unfit(const Key& key)
    {
        if (key.team_id == "litellm-dashboard")
            return "it is a session of LiteLLM's dashboard";
        return is_sha256_hex(key.token) ? std::string() : "its token is no SHA-256";
    }

    Result<void> take_key(const TableRow& row)
    {
        const auto json = open(row);
        if (!json)
            return fail(json.error());
        RequestFields fields(*json);
        Key key;
        fields.text("token", key.token);
        fields.text("key_name", key.key_name);
        fields.text("key_alias", key.key_alias);
        fields.text("user_id", key.user_id);
        fields.text("team_id", key.team_id);
        fields.text("budget_id", key.budget_id);
        fields.text("key_type", key.key_type);
        read_allowance(fields, key.allowance);
        fields.texts("models", key.models);
        fields.text_map("aliases", key.aliases);
        fields.texts("allowed_routes", key.allowed_routes);
        read_metadata(fields, key.metadata, key.tags, key.allowance);
        fields.flag("blocked", key.blocked);
        key.expires = moment_in(*json, "expires");
        if (!key.expires && !text_in(*json, "expires").empty())
            fields.refuse("expires", "is no moment.");
        key.opening = opening_of(fields, *json, key.budget_id);
        key.traces = traces_of(*json);
        lift_raise(fields, key);
        keep(*json,
             {"config", "router_settings", "agent_id", "project_id", "organization_id",
              "permissions", "allowed_cache_controls", "policies", "access_group_ids",
              "object_permission_id", "auto_rotate", "rotation_interval"},
             key.other);
        if (auto fine = verdict(fields, row); !fine)
            return fine;
        if (const auto why = unfit(key); !why.empty())
            out_.left_out.push_back({"key " + printable(key.key_name, 80), why});
        else
            out_.records.emplace_back(std::move(key));
        return {};
    }

    /// A raise of the budget for a while, which LiteLLM keeps in the metadata.
    static void lift_raise(RequestFields& fields, Key& key)
    {
        auto metadata = object_of(key.metadata);
        RequestFields inner(metadata);
        inner.usd("temp_budget_increase", key.temp_budget_increase);
        read_time(inner, "temp_budget_expiry", key.temp_budget_expiry);
        if (const auto fine = inner.verdict(); !fine)
            return fields.refuse("metadata", fine.error().message());
        if (!key.temp_budget_increase || !key.temp_budget_expiry) {
            key.temp_budget_increase.reset();
            key.temp_budget_expiry.reset();
            return;
        }
        metadata.erase("temp_budget_increase");
        metadata.erase("temp_budget_expiry");
        key.metadata = metadata.empty() ? std::string() : json_text(metadata);
    }

    const Tables& tables_;
    const WallTime now_;
    const TableShape* shape_ = nullptr;
    std::map<std::string, std::string> aliases_;  ///< By `model_id` of a team.
    std::map<std::string, WallTime> resets_;      ///< Of budget rows.
    std::map<std::string, Allowance> rows_;       ///< Budget rows.
    std::map<std::pair<std::string, std::string>, Member> memberships_;
    Imported out_;
};

}  // namespace

Result<Imported> records_of(const Tables& tables, WallTime now)
{
    return Importer(tables, now).run();
}

}  // namespace spillway::keys::litellm
