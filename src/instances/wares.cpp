#include "wares.hpp"

#include <algorithm>
#include <string>

namespace spillway::instances {

using guard::Budgets;
using guard::SharedLimit;

WindowKey key_of(const guard::SharedLimit& limit)
{
    // A line break stands in no name of a scope.
    auto name = limit.name;
    if (!limit.model.empty())
        name.append("\n").append(limit.model);
    return {std::string(rate_scope)
                .append(guard::name(limit.measure))
                .append(":")
                .append(guard::word(limit.kind)),
            std::move(name),
            {},
            {}};
}

WindowKey key_of(const Ware& ware)
{
    return std::visit([](const auto& each) { return key_of(each); }, ware);
}

std::vector<Demand> Wares::take_demands(std::size_t most)
{
    std::vector<Demand> demands;
    for (const auto& demand : budgets_.take_demands(most, clock_.wall())) {
        const auto& at = demand.standing;
        auto& one = demands.emplace_back();
        one.ware = Budgets::Unknown{at.scope, at.period, at.opened};
        one.refused = count(demand.refused);
        one.least = count(demand.least);
    }
    for (auto& demand : rates_.take_demands(most - demands.size())) {
        auto& one = demands.emplace_back();
        one.ware = std::move(demand.of);
        one.refused = demand.refused;
        one.least = demand.least;
    }
    return demands;
}

std::optional<Stock> Wares::stock(const Ware& ware)
{
    if (const auto* const limit = std::get_if<SharedLimit>(&ware)) {
        const auto at = rates_.stock(*limit, clock_.now());
        if (!at)
            return std::nullopt;
        return Stock{std::nullopt, at->limit, 0, at->used, at->lease, Tenure::expiring};
    }
    const auto at = budgets_.stand(std::get<Budgets::Unknown>(ware));
    if (!at || !at->lease)
        return std::nullopt;
    // What every instance was told of is nobody's own.
    const auto common = count(at->common);
    const auto own = [common](NanoUsd amount) {
        return std::max<std::int64_t>(0, count(amount) - common);
    };
    // Of what has no cap nothing is held, only told of.
    const auto cap = at->only_told ? 0 : own(at->cap);
    return Stock{at->resets,      cap,         own(at->spent), count(at->reserved),
                 own(*at->lease), Tenure::kept};
}

std::optional<std::int64_t> Wares::lower(const Ware& ware, std::int64_t keep)
{
    if (const auto* const limit = std::get_if<SharedLimit>(&ware))
        return rates_.lower(*limit, keep, clock_.now());
    const auto left = budgets_.lower_lease(std::get<Budgets::Unknown>(ware), NanoUsd{keep});
    return left ? std::optional(count(*left)) : std::nullopt;
}

void Wares::lease(const Ware& ware, const Answer& answer)
{
    if (const auto* const limit = std::get_if<SharedLimit>(&ware)) {
        rates_.lease(*limit, answer.usable, answer.low, clock_.now(),
                     answer.hungry == Share::Hungry::yes ? guard::RateLimits::Supply::short_of
                                                         : guard::RateLimits::Supply::some);
        return;
    }
    budgets_.lease(std::get<Budgets::Unknown>(ware),
                   {NanoUsd{answer.usable}, NanoUsd{answer.elsewhere}, NanoUsd{answer.low},
                    NanoUsd{answer.spent_elsewhere}});
}

}  // namespace spillway::instances
