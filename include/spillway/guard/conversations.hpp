#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "spillway/base/units.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::guard {

/// Who served each conversation last, so that its next request meets the cache of the one before.
/// Bounded: the conversation that was not heard of for the longest time is forgotten first, and
/// everyone after ten minutes. Groups and deployments are remembered by name, so that a new
/// configuration finds what the old one knew. Safe from any thread.
class Conversations {
public:
    static constexpr std::size_t usual_size = 8'192;

    explicit Conversations(std::size_t most = usual_size) : most_(most) {}

    /// @param conversation  As in `route::Features`; 0 is no conversation.
    /// @return Empty when nobody is known, or the one who is has left the group.
    [[nodiscard]] std::optional<DeploymentIndex> last(std::uint64_t conversation,
                                                      const route::RoutingTable& table,
                                                      GroupIndex group, TimePoint now) const;
    void served(std::uint64_t conversation, const route::RoutingTable& table, GroupIndex group,
                DeploymentIndex deployment, TimePoint now);

    [[nodiscard]] std::size_t size() const;

private:
    struct Seen {
        std::uint64_t key = 0;         ///< Of conversation and group.
        std::uint64_t deployment = 0;  ///< Hash of its id.
        TimePoint when{};
    };

    std::size_t most_;
    mutable std::mutex mutex_;
    std::list<Seen> seen_;  ///< The newest first.
    std::unordered_map<std::uint64_t, std::list<Seen>::iterator> by_key_;
};

}  // namespace spillway::guard
