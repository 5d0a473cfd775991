#include "spillway/keys/grants.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "boundary_word.hpp"
#include "budgets.hpp"
#include "spillway/base/text.hpp"

namespace spillway::keys {
namespace {

using chat::Grant;
using chat::ScopeKind;
using Json = nlohmann::json;

bool holds(const std::vector<std::string>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// What the metadata of a key or a team says to the gateway itself.
struct Said {
    std::vector<std::string> tags;
    bool disable_fallbacks = false;
    bool stay_local = false;
};

/// What cannot be understood may have meant that nothing leaves.
bool keeps_local(const Json& boundary)
{
    if (!boundary.is_string())
        return !boundary.is_null();
    return says_local(boundary.get_ref<const std::string&>()).value_or(true);
}

Said read_metadata(const std::string& text)
{
    Said said;
    if (text.empty())
        return said;
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        return said;
    // What is neither yes nor no may have meant that nothing goes elsewhere.
    const auto is_true = [&json](const char* name) {
        const auto found = json.find(name);
        if (found == json.end() || found->is_null())
            return false;
        return yes_or_no(found->is_string() ? found->get<std::string>() : found->dump())
            .value_or(true);
    };
    said.disable_fallbacks = is_true("disable_fallbacks");
    said.stay_local = is_true("no_fallback") || keeps_local(json.value("boundary", Json()));
    if (const auto tags = json.find("tags"); tags != json.end() && tags->is_array())
        for (const auto& tag : *tags)
            if (tag.is_string())
                said.tags.push_back(tag.get<std::string>());
    return said;
}

void add_tags(const std::vector<std::string>& tags, Grant& grant)
{
    for (const auto& tag : tags)
        if (!tag.empty() && !holds(grant.tags, tag))
            grant.tags.push_back(tag);
}

void add_said(const Said& said, bool stay_local, Grant& grant)
{
    add_tags(said.tags, grant);
    grant.disable_fallbacks = grant.disable_fallbacks || said.disable_fallbacks;
    grant.stay_local = grant.stay_local || stay_local || said.stay_local;
}

/// Nothing for who may use all. LiteLLM's words for that: an empty list, "*", "all-proxy-models".
/// "no-default-models" is no model's name, so alone it allows none.
void add_models(ScopeKind whose, const std::vector<std::string>& names, Grant& grant)
{
    if (names.empty() || holds(names, "*") || holds(names, "all-proxy-models"))
        return;
    grant.models.push_back({whose, names});
}

void add_budget(chat::ScopeBudget budget, Grant& grant)
{
    if (!budget.hard.empty())
        grant.budgets.push_back(std::move(budget));
}

void add_rates(std::optional<chat::ScopeRates> rates, Grant& grant)
{
    if (rates)
        grant.rates.push_back(*std::move(rates));
}

void add_team(const Key& key, const Team& team, const Catalog& catalog, Grant& grant)
{
    grant.team_alias = team.team_alias;
    if (team.blocked && grant.state == Grant::State::active)
        grant.state = Grant::State::team_blocked;
    add_models(ScopeKind::team, team.models, grant);
    grant.aliases.insert(grant.aliases.end(), team.model_aliases.begin(), team.model_aliases.end());
    add_tags(team.tags, grant);
    grant.team_metadata = team.metadata;
    add_said(read_metadata(team.metadata), team.stay_local, grant);
    add_budget(team_budget(team.team_id, catalog), grant);
    add_rates(
        rates({ScopeKind::team, team.team_id}, completed(team.allowance, team.budget_id, catalog)),
        grant);
    const auto member = std::find_if(
        team.members.begin(), team.members.end(),
        [&key](const Member& each) { return !key.user_id.empty() && each.user_id == key.user_id; });
    if (member == team.members.end())
        return;
    add_budget(member_budget(team, *member, catalog), grant);
    add_rates(rates({ScopeKind::member, member_name(team.team_id, key.user_id)},
                    allowance_of(team, *member, catalog)),
              grant);
}

void add_user(const Key& key, const Catalog& catalog, const Defaults& defaults, Grant& grant)
{
    const bool personal = key.team_id.empty();
    // As LiteLLM has it: a team's key is held by the team's models and money, not by its user's.
    if (personal)
        add_budget(user_budget(key.user_id, catalog, defaults), grant);
    const auto user = catalog.user(key.user_id);
    if (!user)
        return;
    if (personal)
        add_models(ScopeKind::user, user->models, grant);
    add_rates(
        rates({ScopeKind::user, key.user_id}, completed(user->allowance, user->budget_id, catalog)),
        grant);
    if (user->user_role == "proxy_admin")
        grant.admin = chat::AdminRights::all;
    else if (user->user_role == "proxy_admin_viewer")
        grant.admin = chat::AdminRights::read;
}

/// LiteLLM keeps a key's type as groups of paths.
void add_paths(const Key& key, Grant& grant)
{
    grant.paths = key.allowed_routes;
    if (key.key_type == "llm_api")
        grant.paths.emplace_back("llm_api_routes");
    else if (key.key_type == "management")
        grant.paths.emplace_back("management_routes");
    else if (key.key_type == "read_only")
        grant.paths.emplace_back("info_routes");
}

Grant grant_of(const Key& key, const Catalog& catalog, const Defaults& defaults)
{
    Grant grant;
    grant.key_hash = account_of(key);
    grant.key_alias = key.key_alias;
    grant.team_id = key.team_id;
    grant.user_id = key.user_id;
    grant.expires = key.expires;
    grant.state = key.blocked ? Grant::State::blocked : Grant::State::active;
    // "all-team-models": the team's list alone decides.
    if (!holds(key.models, "all-team-models"))
        add_models(ScopeKind::key, key.models, grant);
    add_paths(key, grant);
    grant.aliases = key.aliases;
    add_tags(key.tags, grant);
    grant.metadata = key.metadata;
    add_said(read_metadata(key.metadata), key.stay_local, grant);
    add_budget(key_budget(key, catalog), grant);
    for (auto& budget : key_model_budgets(key, catalog))
        add_budget(std::move(budget), grant);
    add_rates(
        rates({ScopeKind::key, grant.key_hash}, completed(key.allowance, key.budget_id, catalog)),
        grant);
    if (const auto team = key.team_id.empty() ? nullptr : catalog.team(key.team_id))
        add_team(key, *team, catalog, grant);
    if (!key.user_id.empty())
        add_user(key, catalog, defaults, grant);
    return grant;
}

bool touches_everything(const Change& change)
{
    return change.kind == Kind::budget;
}

}  // namespace

void Grants::put(const Key& key, const Catalog& catalog, const Defaults& defaults)
{
    auto grant = grant_of(key, catalog, defaults);
    for (const auto& former : key.former) {
        auto old = grant;
        old.expires = std::min(former.until, grant.expires.value_or(former.until));
        by_token_.put(former.token, std::make_shared<const Grant>(std::move(old)));
    }
    by_token_.put(key.token, std::make_shared<const Grant>(std::move(grant)));
}

void Grants::drop(const Key& key)
{
    by_token_.erase(key.token);
    for (const auto& former : key.former)
        by_token_.erase(former.token);
}

void Grants::put(const Customer& customer, const Catalog& catalog, const Defaults& defaults)
{
    const auto name = end_user_name(customer.user_id);
    Patron patron;
    patron.blocked = customer.blocked;
    if (auto limits =
            rates({ScopeKind::end_user, name}, customer_allowance(customer, catalog, defaults)))
        patron.rates.push_back(*std::move(limits));
    patrons_.put(name, std::make_shared<const Patron>(std::move(patron)));
}

std::shared_ptr<const Patron> Grants::end_user(std::string_view name) const
{
    auto known = patrons_.find(name);
    if (known || !strangers_)
        return known;
    Patron stranger;
    stranger.rates.push_back(*strangers_);
    stranger.rates.back().scope.name = name;
    return std::make_shared<const Patron>(std::move(stranger));
}

Grants Grants::compile(const Catalog& catalog, const Defaults& defaults)
{
    Grants grants;
    grants.strangers_ =
        rates({ScopeKind::end_user, {}}, completed({}, defaults.end_user_budget, catalog));
    catalog.keys().each(
        [&](const std::string&, const auto& key) { grants.put(*key, catalog, defaults); });
    catalog.customers().each([&](const std::string&, const auto& customer) {
        grants.put(*customer, catalog, defaults);
    });
    return grants;
}

Grants Grants::with(const Catalog& before, const Catalog& after, std::span<const Change> changes,
                    const Defaults& defaults) const
{
    if (std::any_of(changes.begin(), changes.end(), touches_everything))
        return compile(after, defaults);
    Grants grants = *this;
    const auto put_all = [&](const auto& keys) {
        for (const auto& key : keys)
            grants.put(*key, after, defaults);
    };
    // What goes first: a token may pass from one key to another.
    for (const auto& change : changes)
        if (change.kind == Kind::key)
            if (const auto old = before.key(change.id))
                grants.drop(*old);
    for (const auto& change : changes) {
        switch (change.kind) {
            case Kind::key:
                if (const auto key = after.key(change.id))
                    grants.put(*key, after, defaults);
                break;
            case Kind::team:
                put_all(after.keys_of_team(change.id));
                break;
            case Kind::user:
                put_all(after.keys_of_user(change.id));
                break;
            case Kind::customer:
                if (const auto customer = after.customer(change.id))
                    grants.put(*customer, after, defaults);
                else
                    grants.patrons_.erase(end_user_name(change.id));
                break;
            case Kind::budget:
            case Kind::tag:
                break;
        }
    }
    return grants;
}

}  // namespace spillway::keys
