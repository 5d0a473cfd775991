#include "budgets.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "spillway/base/text.hpp"

namespace spillway::keys {
namespace {

using chat::Scope;
using chat::ScopeBudget;
using chat::ScopeKind;

/// The longest name of an end user in a record.
constexpr std::size_t longest_name = 256;

std::vector<chat::Cap> caps_of(const Allowance& allowance)
{
    std::vector<chat::Cap> caps;
    if (allowance.max_budget)
        caps.push_back({*allowance.max_budget, allowance.budget_duration});
    caps.insert(caps.end(), allowance.budget_limits.begin(), allowance.budget_limits.end());
    return caps;
}

/// A record that says nothing of its past has none before it was made.
std::optional<chat::Opening> opening_of(const std::optional<chat::Opening>& own,
                                        const Traces& traces)
{
    if (own || traces.created_at == WallTime{})
        return own;
    return chat::Opening{traces.created_at, NanoUsd{0}};
}

template <class Record>
ScopeBudget budget_of(Scope scope, const Record& record, const Catalog& catalog)
{
    const auto allowance = completed(record.allowance, record.budget_id, catalog);
    return {std::move(scope), caps_of(allowance), allowance.soft_budget,
            opening_of(record.opening, record.traces), allowance.budget_duration};
}

/// Scopes in order, each once.
class Scopes {
public:
    void add(ScopeBudget budget) { budgets_[budget.scope] = std::move(budget); }
    [[nodiscard]] std::vector<ScopeBudget> take() &&
    {
        std::vector<ScopeBudget> out;
        out.reserve(budgets_.size());
        for (auto& [scope, budget] : budgets_)
            out.push_back(std::move(budget));
        return out;
    }

private:
    std::map<Scope, ScopeBudget> budgets_;
};

/// The scopes of a catalog's records, and their caps by the catalog that holds now. Those of
/// records that are gone have none.
class Touched {
public:
    Touched(const Catalog& after, const Defaults& defaults) : after_(after), defaults_(defaults) {}

    void add(const Key& key)
    {
        const auto account = account_of(key);
        const auto now = after_.key_by_any_token(account);
        const bool there = now && account_of(*now) == account;
        for (const auto& each : key_model_budgets(key, after_))
            scopes_.add({each.scope, {}, {}, {}});
        scopes_.add(there ? key_budget(*now, after_)
                          : ScopeBudget{{ScopeKind::key, account}, {}, {}, {}});
        if (there)
            for (auto& each : key_model_budgets(*now, after_))
                scopes_.add(std::move(each));
        if (!key.user_id.empty())
            scopes_.add(user_budget(key.user_id, after_, defaults_));
    }
    void add(const Team& team)
    {
        scopes_.add(team_budget(team.team_id, after_));
        for (const auto& member : team.members)
            scopes_.add(
                {{ScopeKind::member, member_name(team.team_id, member.user_id)}, {}, {}, {}});
        if (const auto now = after_.team(team.team_id))
            for (const auto& member : now->members)
                scopes_.add(member_budget(*now, member, after_));
    }
    void add(const User& user) { scopes_.add(user_budget(user.user_id, after_, defaults_)); }
    void add(const Customer& customer) { scopes_.add(customer_budget(customer.user_id, after_)); }
    /// End users without caps of their own.
    void add_strangers()
    {
        auto allowance = completed({}, defaults_.end_user_budget, after_);
        scopes_.add({{ScopeKind::end_user, {}}, caps_of(allowance), {}, {}});
    }
    void add(const Tag& tag) { scopes_.add(tag_budget(tag.name, after_)); }
    /// Who goes by this row.
    void add(const BudgetRow& row)
    {
        add_all([&row](const auto& record) { return record.budget_id == row.budget_id; });
    }

    template <class Which>
    void add_all(Which which)
    {
        const auto add_some = [&](const auto& records) {
            records.each([&](const std::string&, const auto& record) {
                if (which(*record))
                    add(*record);
            });
        };
        add_some(after_.keys());
        add_some(after_.users());
        add_some(after_.customers());
        add_some(after_.tags());
        after_.teams().each([&](const std::string&, const auto& team) {
            if (which(*team) || std::any_of(team->members.begin(), team->members.end(), which))
                add(*team);
        });
    }
    void add(const Record& record)
    {
        std::visit([this](const auto& each) { add(each); }, record);
    }
    [[nodiscard]] std::vector<ScopeBudget> take() && { return std::move(scopes_).take(); }

private:
    const Catalog& after_;
    const Defaults& defaults_;
    Scopes scopes_;
};

/// The record as it was; empty when it was not there.
std::optional<Record> record_of(const Catalog& catalog, Kind kind, const std::string& id)
{
    const auto copy = [](const auto& found) -> std::optional<Record> {
        return found ? std::optional<Record>(*found) : std::nullopt;
    };
    switch (kind) {
        case Kind::key:
            return copy(catalog.key(id));
        case Kind::team:
            return copy(catalog.team(id));
        case Kind::user:
            return copy(catalog.user(id));
        case Kind::customer:
            return copy(catalog.customer(id));
        case Kind::budget:
            return copy(catalog.budget(id));
        case Kind::tag:
            return copy(catalog.tag(id));
    }
    return std::nullopt;
}

template <class Value>
void fill(std::optional<Value>& own, const std::optional<Value>& other)
{
    if (!own)
        own = other;
}
template <class Part>
void fill(std::vector<Part>& own, const std::vector<Part>& other)
{
    if (own.empty())
        own = other;
}

Allowance completed(Allowance own, const Allowance& other)
{
    // An amount and how long it lasts belong together.
    if (!own.max_budget) {
        own.max_budget = other.max_budget;
        if (own.budget_duration.empty())
            own.budget_duration = other.budget_duration;
    }
    fill(own.soft_budget, other.soft_budget);
    fill(own.budget_limits, other.budget_limits);
    fill(own.model_max_budget, other.model_max_budget);
    fill(own.tpm_limit, other.tpm_limit);
    fill(own.rpm_limit, other.rpm_limit);
    fill(own.max_parallel_requests, other.max_parallel_requests);
    fill(own.model_rpm_limit, other.model_rpm_limit);
    fill(own.model_tpm_limit, other.model_tpm_limit);
    return own;
}

}  // namespace

Allowance completed(const Allowance& own, const std::string& budget_id, const Catalog& catalog)
{
    const auto row = budget_id.empty() ? nullptr : catalog.budget(budget_id);
    return row ? completed(own, row->allowance) : own;
}

Allowance allowance_of(const Team& team, const Member& member, const Catalog& catalog)
{
    return completed(completed(member.allowance, member.budget_id, catalog), team.each_member);
}

Allowance customer_allowance(const Customer& customer, const Catalog& catalog,
                             const Defaults& defaults)
{
    return completed(completed(customer.allowance, customer.budget_id, catalog),
                     defaults.end_user_budget, catalog);
}

std::string member_name(const std::string& team_id, const std::string& user_id)
{
    return team_id + "/" + user_id;
}

std::string end_user_name(const std::string& id)
{
    return printable(id, longest_name);
}

ScopeBudget key_budget(const Key& key, const Catalog& catalog)
{
    auto budget = budget_of({ScopeKind::key, account_of(key)}, key, catalog);
    const auto allowance = completed(key.allowance, key.budget_id, catalog);
    if (allowance.max_budget && key.temp_budget_increase && key.temp_budget_expiry)
        budget.hard.front().raise = chat::Raise{*key.temp_budget_increase, *key.temp_budget_expiry};
    return budget;
}

std::vector<ScopeBudget> key_model_budgets(const Key& key, const Catalog& catalog)
{
    std::vector<ScopeBudget> budgets;
    for (const auto& each : completed(key.allowance, key.budget_id, catalog).model_max_budget)
        budgets.push_back({{ScopeKind::key_model, account_of(key) + "/" + each.model},
                           {each.cap},
                           {},
                           opening_of(std::nullopt, key.traces)});
    return budgets;
}

ScopeBudget team_budget(const std::string& team_id, const Catalog& catalog)
{
    const auto team = catalog.team(team_id);
    const Scope scope{ScopeKind::team, team_id};
    return team ? budget_of(scope, *team, catalog) : ScopeBudget{scope, {}, {}, {}};
}

ScopeBudget member_budget(const Team& team, const Member& member, const Catalog& catalog)
{
    const auto allowance = allowance_of(team, member, catalog);
    return {{ScopeKind::member, member_name(team.team_id, member.user_id)},
            caps_of(allowance),
            allowance.soft_budget,
            opening_of(member.opening, team.traces),
            allowance.budget_duration};
}

ScopeBudget user_budget(const std::string& user_id, const Catalog& catalog,
                        const Defaults& defaults)
{
    const auto user = catalog.user(user_id);
    const Scope scope{ScopeKind::user, user_id};
    auto budget = user ? budget_of(scope, *user, catalog) : ScopeBudget{scope, {}, {}, {}};
    const bool admin = user && user->user_role == "proxy_admin";
    if (budget.hard.empty() && !admin)
        budget.hard = defaults.internal_user;
    return budget;
}

ScopeBudget customer_budget(const std::string& id, const Catalog& catalog)
{
    const auto customer = catalog.customer(id);
    const Scope scope{ScopeKind::end_user, end_user_name(id)};
    return customer ? budget_of(scope, *customer, catalog) : ScopeBudget{scope, {}, {}, {}};
}

ScopeBudget tag_budget(const std::string& name, const Catalog& catalog)
{
    const auto tag = catalog.tag(name);
    const Scope scope{ScopeKind::tag, name};
    return tag ? budget_of(scope, *tag, catalog) : ScopeBudget{scope, {}, {}, {}};
}

std::optional<chat::ScopeRates> rates(Scope scope, const Allowance& allowance)
{
    chat::ScopeRates rates;
    rates.requests_per_minute = allowance.rpm_limit;
    rates.tokens_per_minute = allowance.tpm_limit;
    rates.parallel_requests = allowance.max_parallel_requests;
    rates.model_requests_per_minute = allowance.model_rpm_limit;
    rates.model_tokens_per_minute = allowance.model_tpm_limit;
    if (rates == chat::ScopeRates{})
        return std::nullopt;
    rates.scope = std::move(scope);
    return rates;
}

std::vector<ScopeBudget> touched_budgets(const Catalog& before, const Catalog& after,
                                         std::span<const Change> changes, const Defaults& defaults)
{
    Touched touched(after, defaults);
    const bool rows = std::any_of(changes.begin(), changes.end(),
                                  [](const Change& change) { return change.kind == Kind::budget; });
    if (rows)
        touched.add_strangers();
    for (const auto& change : changes) {
        if (const auto record = record_of(before, change.kind, change.id))
            touched.add(*record);
        if (change.record)
            touched.add(*change.record);
    }
    return std::move(touched).take();
}

}  // namespace spillway::keys
