#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "spillway/config/routes.hpp"
#include "spillway/score/share_tracker.hpp"

namespace spillway::gateway {

struct Rules;

/// Asking what would be decided uses nothing up.
enum class ShareUse : std::uint8_t { take, ask };

/// The share of a route's requests that `complexity.cloud_share` sends to the cloud: one for the
/// whole process, because shards that each held it would each have a debt and a cap of their own.
class CloudShare {
public:
    CloudShare(const score::ShareTarget& target, const score::Weights& weights)
        : tracker_(target, weights)
    {}

    /// Is a request of this gain one of the share? From any thread.
    [[nodiscard]] bool decide(float gain, ShareUse use);

private:
    std::mutex mutex_;
    score::ShareTracker tracker_;
};

/// Of each route, in the book's order; null where a route holds none.
using CloudShares = std::vector<std::shared_ptr<CloudShare>>;

/// Routes that hold the same share by the same weights go on where those of `previous` are.
/// @param previous  May be null.
[[nodiscard]] CloudShares cloud_shares(const Rules& rules, const Rules* previous);

}  // namespace spillway::gateway
