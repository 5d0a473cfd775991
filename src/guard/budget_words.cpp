// What is said of a budget that is spent, in LiteLLM's words (litellm-surface 2.7).

#include <algorithm>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::guard {

namespace {

/// An SDK that is told to wait a month waits; a day later it may as well look again.
constexpr std::chrono::hours longest_wait{24};

std::string usd(NanoUsd amount)
{
    constexpr std::int64_t nanos = 1'000'000'000;
    auto text = std::to_string(count(amount) / nanos);
    auto below = std::to_string(nanos + count(amount) % nanos).substr(1);
    below.erase(below.find_last_not_of('0') + 1);
    return below.empty() ? text : text + "." + below;
}

std::string subject(const BudgetStanding& at)
{
    const auto spent = usd(at.taken());
    const auto cap = usd(at.cap);
    const auto name = printable(at.scope.name, 160);
    const auto over = [&](std::string_view whose) {
        return "ExceededBudget: " + std::string(whose) + "=" + name +
               " over budget. Spend=" + spent + ", Budget=" + cap;
    };
    switch (at.scope.kind) {
        case chat::ScopeKind::proxy:
        case chat::ScopeKind::key:
            return "Budget has been exceeded! Current cost: " + spent + ", Max budget: " + cap;
        case chat::ScopeKind::provider:
            return "No deployments available - crossed budget for provider: " + name +
                   ". Spend=" + spent + ", Budget=" + cap;
        case chat::ScopeKind::deployment:
            return "No deployments available - crossed budget for deployment: " + name +
                   ". Spend=" + spent + ", Budget=" + cap;
        case chat::ScopeKind::group:
            return "No deployments available - crossed budget for model: " + name +
                   ". Spend=" + spent + ", Budget=" + cap;
        case chat::ScopeKind::team:
            return over("Team");
        case chat::ScopeKind::user:
            return over("User");
        case chat::ScopeKind::member:
            return over("TeamMember");
        case chat::ScopeKind::end_user:
            return over("EndUser");
        case chat::ScopeKind::tag:
            return over("Tag");
        case chat::ScopeKind::key_model: {
            const auto slash = std::min(name.find('/'), name.size());
            return "LiteLLM Virtual Key: " + name.substr(0, slash) +
                   ", exceeded budget for model=" + name.substr(std::min(slash + 1, name.size())) +
                   ". Spend=" + spent + ", Budget=" + cap;
        }
    }
    return {};
}

}  // namespace

std::string_view word(chat::ScopeKind kind)
{
    switch (kind) {
        case chat::ScopeKind::proxy:
            return "proxy";
        case chat::ScopeKind::provider:
            return "provider";
        case chat::ScopeKind::deployment:
            return "deployment";
        case chat::ScopeKind::group:
            return "group";
        case chat::ScopeKind::key:
            return "key";
        case chat::ScopeKind::team:
            return "team";
        case chat::ScopeKind::user:
            return "user";
        case chat::ScopeKind::member:
            return "team-member";
        case chat::ScopeKind::end_user:
            return "end-user";
        case chat::ScopeKind::tag:
            return "tag";
        case chat::ScopeKind::key_model:
            return "key-model";
    }
    return "";
}

Error describe_unreachable(const BudgetRefusal& refusal)
{
    const auto& tightest = refusal.lacking.front();
    return Error(Errc::database_unavailable,
                 "The " + std::string(word(tightest.scope.kind)) +
                     " budget has room, but this instance has used its part of it, and the "
                     "database that shares it out cannot be reached; this request may cost " +
                     usd(refusal.wanted))
        .retry_in(Millis{1'000});
}

Error describe(const BudgetRefusal& refusal, WallTime now)
{
    const auto& tightest = refusal.lacking.front();
    auto text = subject(tightest) + " (" + std::string(word(tightest.scope.kind)) + " budget";
    if (tightest.period.unit != config::BudgetPeriod::Unit::never)
        text += " per " + config::text_of(tightest.period);
    text += "; this request may cost " + usd(refusal.wanted);
    if (refusal.lack == BudgetRefusal::Lack::lease)
        return Error(Errc::budget_exceeded,
                     text + "; what is left of it is held by other instances)")
            .retry_in(Millis{1'000});
    // All that lack must have begun anew before another try can succeed.
    std::optional<WallTime> back;
    bool ever = true;
    for (const auto& each : refusal.lacking) {
        ever = ever && each.resets.has_value();
        if (each.resets)
            back = std::max(back.value_or(*each.resets), *each.resets);
    }
    if (ever && back)
        text += "; resets at " +
                rfc3339(std::chrono::floor<std::chrono::seconds>(*back)).replace(19, 7, "");
    else
        text += "; never resets";
    Error error(Errc::budget_exceeded, text + ")");
    if (!ever || !back)
        return error;
    const auto wait =
        std::chrono::ceil<std::chrono::seconds>(std::max(*back - now, WallTime::duration{0}));
    return std::move(error).retry_in(std::clamp<Millis>(wait, Millis{1'000}, longest_wait));
}

}  // namespace spillway::guard
