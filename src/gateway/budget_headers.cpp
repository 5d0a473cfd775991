#include "spillway/gateway/budget_headers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "spillway/gateway/payment.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t kinds = static_cast<std::size_t>(chat::ScopeKind::key_model) + 1;

}  // namespace

void add_budget_headers(LineBuffer& lines, const InferenceRequest& request, GroupIndex group,
                        DeploymentIndex deployment, Services& services)
{
    if (!services.budgets.has_caps())
        return;
    std::string end_user;
    std::string member;
    auto& scopes = services.payers;
    scopes.clear();
    add_callers_scopes(request, end_user, member, scopes);
    add_target_scopes(*request.arrival.snapshot, request.arrival.caller.grant.get(), group,
                      deployment, scopes);
    std::erase_if(scopes, [](const guard::ScopeName& scope) {
        return scope.hold == guard::ScopeName::Hold::counted;
    });
    std::array<std::optional<NanoUsd>, kinds> left{};
    bool key_said = false;
    for (const auto& each : services.budgets.look(scopes, services.clock.wall())) {
        auto& tightest = left[static_cast<std::size_t>(each.scope.kind)];
        tightest = std::min(tightest.value_or(each.left()), each.left());
        if (each.scope.kind != chat::ScopeKind::key || std::exchange(key_said, true))
            continue;
        lines.put("x-litellm-key-spend: ").put(ledger::decimal_usd(each.spent));
        lines.put("\r\nx-litellm-key-max-budget: ").put(ledger::decimal_usd(each.cap)).put("\r\n");
    }
    for (std::size_t kind = 0; kind < kinds; ++kind) {
        if (!left[kind])
            continue;
        lines.put("x-spillway-budget-remaining-");
        lines.put(guard::word(static_cast<chat::ScopeKind>(kind))).put(": ");
        lines.put(ledger::decimal_usd(*left[kind])).put("\r\n");
    }
}

}  // namespace spillway::gateway
