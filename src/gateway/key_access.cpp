#include "spillway/gateway/key_access.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"
#include "spillway/gateway/settle.hpp"

namespace spillway::gateway {
namespace {

using chat::ScopeKind;

constexpr std::size_t names_in_error = 20;

/// As LiteLLM prints a list: "['gpt-4o', 'auto']".
std::string list_text(const std::vector<std::string>& names)
{
    std::string text = "[";
    for (std::size_t i = 0; i < names.size() && i < names_in_error; ++i)
        text.append(i == 0 ? "'" : ", '").append(printable(names[i], 80)).append("'");
    return text + (names.size() > names_in_error ? ", ...]" : "]");
}

std::string_view without_version(std::string_view path)
{
    return path.starts_with("/v1/") ? path.substr(3) : path;
}

bool names_kind(std::string_view group, PathKind kind)
{
    if (group == "llm_api_routes" || group == "openai_routes")
        return kind == PathKind::inference || kind == PathKind::models;
    if (group == "info_routes")
        return kind == PathKind::models || kind == PathKind::reading;
    if (group == "management_routes")
        return kind == PathKind::reading || kind == PathKind::changing;
    return false;
}

/// "/v1/chat/completions" and "/chat/completions" are one place; "/key/*" is all behind it.
bool names_path(std::string_view allowed, std::string_view path)
{
    allowed = without_version(allowed);
    path = without_version(path);
    return allowed.ends_with('*') ? path.starts_with(allowed.substr(0, allowed.size() - 1))
                                  : path == allowed;
}

std::string_view word(ScopeKind whose)
{
    return whose == ScopeKind::team ? "team" : whose == ScopeKind::user ? "user" : "key";
}

Errc code_of(ScopeKind whose)
{
    return whose == ScopeKind::team   ? Errc::team_model_denied
           : whose == ScopeKind::user ? Errc::user_model_denied
                                      : Errc::key_model_denied;
}

/// The group that a name leads to; of an alias of a route, the route. Empty for a route, for a
/// name that one captures, and for what is not served.
std::string_view group_of(std::string_view model, const Snapshot& snapshot)
{
    if (snapshot.rules.book.find(model) != nullptr)
        return snapshot.rules.book.stands_for(model);
    const auto place = snapshot.table.resolve(model);
    return place ? std::string_view(snapshot.table[place->group].name) : std::string_view();
}

/// A cap on a name that several models answer to cannot be told from the ledger.
Result<void> check_model_caps(const chat::Grant& grant, const std::string& model,
                              std::string_view group)
{
    for (const auto& budget : grant.budgets) {
        if (budget.scope.kind != ScopeKind::key_model)
            continue;
        const auto capped = std::string_view(budget.scope.name).substr(grant.key_hash.size() + 1);
        if (capped == model && capped != group && !group.empty())
            return fail(Error(Errc::invalid_request,
                              "The key has a budget for model '" + printable(model, 80) +
                                  "', which is another name of '" + printable(group, 80) +
                                  "' here. Name that one in its model_max_budget.")
                            .about("model"));
    }
    return {};
}

Result<void> check_model(const chat::Grant& grant, const std::string& model,
                         const Snapshot& snapshot)
{
    const auto group = group_of(model, snapshot);
    if (const auto* list = route::denying_list(grant, model, group)) {
        const auto whose = std::string(word(list->whose));
        return fail(
            Error(code_of(list->whose), whose + " not allowed to access model. This " + whose +
                                            " can only access models=" + list_text(list->names) +
                                            ". Tried to access " + printable(model, 100))
                .about("model"));
    }
    return check_model_caps(grant, model, group);
}

}  // namespace

Result<void> check_path(const chat::Caller& caller, std::string_view path, PathKind kind)
{
    if (!caller.grant || caller.grant->paths.empty())
        return {};
    const auto& paths = caller.grant->paths;
    const bool allowed = std::any_of(paths.begin(), paths.end(), [&](const std::string& each) {
        return names_kind(each, kind) || names_path(each, path);
    });
    if (allowed)
        return {};
    return fail(Errc::forbidden,
                "Virtual key is not allowed to call this route. Only allowed to call routes: " +
                    list_text(paths) + ". Tried to call route: " + printable(path, 100));
}

Result<void> apply_grant(InferenceRequest& request, const keys::Grants& grants)
{
    auto& facts = request.facts;
    if (!facts.end_user.empty()) {
        const auto patron = grants.end_user(recorded_name(facts.end_user));
        if (patron && patron->blocked)
            return fail(Errc::forbidden, "User blocked from making LLM API Calls. User=" +
                                             printable(facts.end_user, 80));
    }
    const auto* grant = request.arrival.caller.grant.get();
    if (grant == nullptr)
        return {};
    const auto alias =
        std::find_if(grant->aliases.begin(), grant->aliases.end(),
                     [&facts](const auto& each) { return each.first == facts.model; });
    if (alias != grant->aliases.end())
        facts.model = alias->second;
    facts.controls.disable_fallbacks = facts.controls.disable_fallbacks || grant->disable_fallbacks;
    return check_model(*grant, facts.model, *request.arrival.snapshot);
}

route::Access access_of(const chat::Caller& caller, const Snapshot& snapshot)
{
    route::Access access;
    if (!caller.grant || caller.grant->models.empty())
        return access;
    access.grant = caller.grant;
    const auto& lists = access.grant->models;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        const auto& names = lists[i].names;
        const bool only_routes = std::all_of(names.begin(), names.end(), [&](const auto& name) {
            return snapshot.rules.book.find(name) != nullptr;
        });
        if (only_routes)
            access.only_routes |= 1U << i;
    }
    return access;
}

bool may_ask_for(const chat::Caller& caller, std::string_view model, const Snapshot& snapshot)
{
    return !caller.grant ||
           route::denying_list(*caller.grant, model, group_of(model, snapshot)) == nullptr;
}

}  // namespace spillway::gateway
