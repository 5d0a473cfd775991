#include "spillway/gateway/cloud_share.hpp"

#include <algorithm>

#include "spillway/gateway/snapshot.hpp"

namespace spillway::gateway {
namespace {

score::ShareTarget target_of(const config::RouteComplexity& complexity)
{
    score::ShareTarget target;
    target.share = static_cast<float>(complexity.cloud_share->part);
    target.cap = complexity.cloud_share_cap ? static_cast<float>(complexity.cloud_share_cap->part)
                                            : std::min(1.0F, 1.5F * target.share);
    return target;
}

/// A file is read anew with every configuration.
bool same_weights(const score::Weights& a, const score::Weights& b)
{
    return &a == &b || (a.training_hash == b.training_hash && a.created == b.created &&
                        a.quantiles == b.quantiles);
}

/// That of the route of the same name in `previous`, where it still is the one wanted.
std::shared_ptr<CloudShare> kept_share(const config::Route& route, const score::Weights& weights,
                                       const Rules& previous)
{
    const auto routes = previous.book.routes();
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const auto& before = routes[i].source();
        if (before.name != route.name || !previous.shares[i])
            continue;
        const bool same = target_of(before.complexity) == target_of(route.complexity) &&
                          same_weights(*previous.weights[i], weights);
        return same ? previous.shares[i] : nullptr;
    }
    return nullptr;
}

}  // namespace

bool CloudShare::decide(float gain, ShareUse use)
{
    const std::lock_guard lock(mutex_);
    if (use == ShareUse::take)
        return tracker_.take(gain);
    auto copy = tracker_;
    return copy.take(gain);
}

CloudShares cloud_shares(const Rules& rules, const Rules* previous)
{
    CloudShares shares;
    const auto routes = rules.book.routes();
    for (std::size_t i = 0; i < routes.size(); ++i) {
        const auto& route = routes[i].source();
        auto& share = shares.emplace_back();
        if (!route.complexity.cloud_share || !rules.weights[i])
            continue;
        const auto& weights = *rules.weights[i];
        if (previous != nullptr)
            share = kept_share(route, weights, *previous);
        if (!share)
            share = std::make_shared<CloudShare>(target_of(route.complexity), weights);
    }
    return shares;
}

}  // namespace spillway::gateway
