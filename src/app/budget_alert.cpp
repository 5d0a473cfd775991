#include "spillway/app/budget_alert.hpp"

#include <nlohmann/json.hpp>

#include "spillway/base/text.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::app {

namespace {

using Json = nlohmann::ordered_json;
using Kind = guard::BudgetNews::Kind;

std::string_view words_of(Kind kind)
{
    switch (kind) {
        case Kind::soft_crossed:
            return "Soft Budget Crossed";
        case Kind::nearly_spent:
            return "15% Threshold Crossed";
        case Kind::spent:
            break;
    }
    return "Budget Crossed";
}

/// LiteLLM's groups of events; ours where it has none.
std::string_view group_of(chat::ScopeKind kind)
{
    switch (kind) {
        case chat::ScopeKind::user:
            return "internal_user";
        case chat::ScopeKind::end_user:
            return "customer";
        case chat::ScopeKind::member:
            return "team_member";
        case chat::ScopeKind::proxy:
        case chat::ScopeKind::provider:
        case chat::ScopeKind::deployment:
        case chat::ScopeKind::group:
        case chat::ScopeKind::key:
        case chat::ScopeKind::team:
        case chat::ScopeKind::tag:
        case chat::ScopeKind::key_model:
            break;
    }
    return guard::word(kind);
}

double usd(NanoUsd amount)
{
    return static_cast<double>(count(amount)) / 1e9;
}

std::string message_of(const guard::BudgetNews& news)
{
    std::string who(guard::word(news.standing.scope.kind));
    if (!news.standing.scope.name.empty())
        who += " " + printable(news.standing.scope.name, 100);
    return who + " budget: " + std::string(words_of(news.kind));
}

}  // namespace

std::string_view event_of(Kind kind)
{
    switch (kind) {
        case Kind::soft_crossed:
            return "soft_budget_crossed";
        case Kind::nearly_spent:
            return "threshold_crossed";
        case Kind::spent:
            break;
    }
    return "budget_crossed";
}

std::string alert_json(const guard::BudgetNews& news)
{
    const auto& at = news.standing;
    const auto named = [&at](chat::ScopeKind kind) {
        return at.scope.kind == kind ? Json(at.scope.name) : Json();
    };
    Json out{{"spend", usd(at.spent_by_all())},
             {"max_budget", at.only_told ? Json() : Json(usd(at.cap))},
             {"soft_budget", news.soft ? Json(usd(*news.soft)) : Json()},
             {"token", named(chat::ScopeKind::key)},
             {"user_id", named(chat::ScopeKind::user)},
             {"team_id", named(chat::ScopeKind::team)},
             {"customer_id", named(chat::ScopeKind::end_user)},
             {"user_email", nullptr},
             {"key_alias", nullptr},
             {"projected_exceeded_date", nullptr},
             {"projected_spend", nullptr},
             {"event", event_of(news.kind)},
             {"event_group", group_of(at.scope.kind)},
             {"event_message", message_of(news)},
             {"scope", at.scope.name},
             {"budget_duration", config::text_of(at.period)},
             {"budget_reset_at", at.resets ? Json(rfc3339(*at.resets)) : Json()}};
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string alert_line(const guard::BudgetNews& news)
{
    const auto& at = news.standing;
    auto line = message_of(news) + ", spent " + ledger::decimal_usd(at.spent_by_all());
    if (!at.only_told)
        line += " of " + ledger::decimal_usd(at.cap);
    line += " USD";
    if (news.soft)
        line += ", soft budget " + ledger::decimal_usd(*news.soft);
    return at.resets ? line + ", resets at " + rfc3339(*at.resets) : line;
}

void show_budgets(const std::vector<guard::BudgetStanding>& standings, observe::Metrics& metrics)
{
    using chat::ScopeKind;
    for (const auto& at : standings) {
        const auto kind = at.scope.kind;
        const bool configured = kind == ScopeKind::proxy || kind == ScopeKind::provider ||
                                kind == ScopeKind::deployment || kind == ScopeKind::group ||
                                kind == ScopeKind::tag;
        if (!configured)
            continue;
        const auto gauges =
            metrics.budget(guard::word(kind), at.scope.name, config::text_of(at.period));
        gauges.limit_usd->Set(usd(at.cap));
        gauges.spent_usd->Set(usd(at.spent));
        gauges.reserved_usd->Set(usd(at.reserved));
        gauges.lease_usd->Set(usd(at.lease.value_or(NanoUsd{0})));
        if (kind == ScopeKind::provider)
            metrics.provider_remaining(at.scope.name).Set(usd(at.left()));
    }
}

}  // namespace spillway::app
