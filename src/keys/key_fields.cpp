#include "key_fields.hpp"

#include <algorithm>
#include <array>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"

namespace spillway::keys {

namespace {

constexpr std::size_t shortest_key = 16;
constexpr std::size_t longest_key = 256;

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 31> kept{"agent_id",
                                                "project_id",
                                                "organization_id",
                                                "config",
                                                "permissions",
                                                "guardrails",
                                                "policies",
                                                "prompts",
                                                "enforced_params",
                                                "allowed_cache_controls",
                                                "allowed_passthrough_routes",
                                                "allowed_vector_store_indexes",
                                                "object_permission",
                                                "access_group_ids",
                                                "router_settings",
                                                "rpm_limit_type",
                                                "tpm_limit_type",
                                                "mcp_rpm_limit",
                                                "tag_rpm_limit",
                                                "budget_fallbacks",
                                                "disable_global_guardrails",
                                                "throttle_on_budget_exceeded",
                                                "auto_rotate",
                                                "rotation_interval",
                                                "send_invite_email",
                                                "model_spend",
                                                "soft_budget_cooldown",
                                                "key_name",
                                                "created_by",
                                                "updated_by",
                                                "updated_at"};

constexpr std::array<std::string_view, 4> key_types{"llm_api", "management", "read_only",
                                                    "default"};

/// URL-safe base 64 without padding.
std::string base64url(std::span<const std::uint8_t> bytes)
{
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out;
    unsigned held = 0;
    unsigned bits = 0;
    for (const auto byte : bytes) {
        held = (held << 8U) | byte;
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            out += digits[(held >> bits) & 63U];
        }
    }
    if (bits > 0)
        out += digits[(held << (6 - bits)) & 63U];
    return out;
}

void check_owner(RequestFields& fields, const Catalog& catalog, const Key& key, const Key& before)
{
    if (key.team_id != before.team_id && !key.team_id.empty() && !catalog.team(key.team_id))
        fields.refuse("team_id", "names `" + printable(key.team_id, 80) + "`, which is no team.");
    // A user need not be known, as with LiteLLM: the default of internal users holds it until
    // /user/new says more.
    if (key.key_alias == before.key_alias || key.key_alias.empty())
        return;
    if (const auto other = catalog.key_by_alias(key.key_alias); other && other->token != key.token)
        fields.refuse("key_alias", "is `" + printable(key.key_alias, 80) +
                                       "`, as another key is called; aliases are unique.");
}

/// What the key lists must be among what its team may use.
void check_team_models(RequestFields& fields, const Catalog& catalog, const Key& key)
{
    const auto team = catalog.team(key.team_id);
    if (!team || team->models.empty())
        return;
    const auto allows = [&](const std::string& model) {
        return std::any_of(team->models.begin(), team->models.end(), [&](const auto& allowed) {
            return allowed == "all-proxy-models" || covers(allowed, model);
        });
    };
    for (const auto& model : key.models) {
        if (stands_for_models(model) || allows(model))
            continue;
        return fields.refuse(
            "models", "has `" + printable(model, 80) + "`, which the key's team may not use.");
    }
}

void read_lifetime(RequestFields& fields, WallTime now, std::optional<WallTime>& expires)
{
    std::string duration;
    fields.text("duration", duration);
    if (fields.is_null("duration"))
        expires.reset();
    if (duration.empty())
        return;
    const auto end = end_of(duration, now);
    if (!end)
        return fields.refuse(end.error());
    expires = *end;
}

/// Seconds of a duration, near enough to compare.
std::optional<std::int64_t> seconds_of(std::string_view text)
{
    using Unit = config::BudgetPeriod::Unit;
    const auto period = config::parse_budget_period(text);
    if (!period)
        return std::nullopt;
    constexpr std::int64_t day = 86'400;
    switch (period->unit) {
        case Unit::second:
            return period->count;
        case Unit::minute:
            return period->count * std::int64_t{60};
        case Unit::hour:
            return period->count * std::int64_t{3'600};
        case Unit::day:
            return period->count * day;
        case Unit::week:
            return period->count * 7 * day;
        case Unit::month:
            return period->count * 30 * day;
        case Unit::never:
            break;
    }
    return std::nullopt;
}

/// A number that grows with what is allowed; empty for what is none, or for ever.
std::optional<std::int64_t> size_of(std::string_view member, const Json& value)
{
    if (member.ends_with("duration"))
        return value.is_string() ? seconds_of(value.get_ref<const std::string&>()) : std::nullopt;
    const auto amount = usd_of(value);
    return amount ? std::optional(count(*amount)) : std::nullopt;
}

}  // namespace

std::vector<std::string> read_key(RequestFields& fields, const Surroundings& world, Key& key)
{
    const auto before = key;
    fields.text("key_alias", key.key_alias);
    fields.text("user_id", key.user_id);
    fields.text("team_id", key.team_id);
    read_budget_id(fields, world.catalog, key.budget_id);
    read_allowance(fields, key.allowance);
    fields.usd("temp_budget_increase", key.temp_budget_increase);
    read_time(fields, "temp_budget_expiry", key.temp_budget_expiry);
    if (key.temp_budget_increase && !key.temp_budget_expiry)
        fields.refuse("temp_budget_increase", "needs `temp_budget_expiry`.");
    read_models(fields, "models", world.rules.models, key.models);
    fields.text_map("aliases", key.aliases);
    fields.texts("allowed_routes", key.allowed_routes);
    fields.text("key_type", key.key_type);
    if (!key.key_type.empty() &&
        std::find(key_types.begin(), key_types.end(), key.key_type) == key_types.end())
        fields.refuse("key_type", "must be llm_api, management, read_only or default.");
    read_metadata(fields, key.metadata, key.tags, key.allowance);
    fields.flag("blocked", key.blocked);
    read_boundary(fields, key.stay_local);
    read_lifetime(fields, world.now, key.expires);
    std::optional<NanoUsd> spend;
    fields.usd("spend", spend);
    if (spend && (*spend != NanoUsd{0} || key.version != 0))
        key.opening = chat::Opening{world.now, *spend};
    check_owner(fields, world.catalog, key, before);
    if (key.models != before.models || key.team_id != before.team_id)
        check_team_models(fields, world.catalog, key);
    return keep_others(fields, kept, key.other);
}

Result<void> keep_within(Json& body, const std::vector<config::Parameter>& bounds, Missing missing)
{
    for (const auto& [member, text] : bounds) {
        const auto bound = Json::parse(text, nullptr, false);
        const auto most = size_of(member, bound);
        const auto found = body.find(member);
        const bool given = found != body.end() && !found->is_null();
        if (!most || (!given && missing == Missing::left_out && found == body.end()))
            continue;
        if (!given && missing == Missing::filled) {
            body[member] = bound;
            continue;
        }
        // What is no number is refused where it is read.
        const auto size = given ? size_of(member, *found) : std::nullopt;
        const bool unlimited = !given || *found == "-1" || *found == "permanent";
        if (unlimited || (size && *size > *most))
            return fail(Error(Errc::invalid_request,
                              "`" + member + "` must be at most " + json_text(bound) +
                                  ": litellm_settings.upperbound_key_generate_params says so.")
                            .about(member));
    }
    return {};
}

Result<FreshKey> fresh_key(std::string asked, std::string_view member, const Surroundings& world)
{
    const auto complain = [&](const std::string& what) {
        return fail(Error(Errc::invalid_request, "`" + std::string(member) + "` " + what)
                        .about(std::string(member)));
    };
    if (asked.empty())
        asked = "sk-" + base64url(world.draw());
    if (!asked.starts_with("sk-"))
        return complain("must begin with sk-.");
    if (asked.size() < shortest_key || asked.size() > longest_key)
        return complain("must have from 16 to 256 characters.");
    if (std::any_of(asked.begin(), asked.end(), [](char c) { return c <= ' ' || c > '~'; }))
        return complain("must have no blanks and nothing beyond ASCII.");
    FreshKey fresh{asked, sha256_hex(asked), "sk-..." + asked.substr(asked.size() - 4)};
    if (world.catalog.key_by_any_token(fresh.token) || world.catalog.key(fresh.token))
        return complain("is taken.");
    return fresh;
}

Key made_key(const FreshKey& fresh, const Question& question, const Surroundings& world)
{
    Key key;
    key.token = fresh.token;
    key.key_name = fresh.name;
    leave_traces(key.traces, question.asker, world.now);
    return key;
}

Catalog::Found<Key> find_key(const Catalog& catalog, std::string_view given)
{
    const auto token = given.starts_with("sk-") ? sha256_hex(given) : lower(given);
    if (auto key = catalog.key(token))
        return key;
    return catalog.key_by_any_token(token);
}

Decision answer_with_key(Key key, const FreshKey& fresh, const Catalog& catalog)
{
    Decision decision;
    decision.answer = Json{{"key", fresh.secret}, {"token_id", fresh.token}};
    auto row = row_of(key, catalog);
    for (const auto* member : {"tags", "model_rpm_limit", "model_tpm_limit"}) {
        const auto& metadata = row["metadata"];
        row[member] = metadata.contains(member) ? metadata[member] : Json();
    }
    decision.answer.update(row);
    decision.spends.push_back(place_of(key, catalog, ""));
    decision.changes.push_back(Change::put(std::move(key)));
    return decision;
}

}  // namespace spillway::keys
