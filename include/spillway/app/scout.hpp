#pragma once

#include <functional>
#include <vector>

#include "spillway/app/discovery.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::app {

/// Asks the places again and again which models they have: at once, then about every five seconds,
/// 300 ms at most per round. Lives on one shard's thread.
class Scout {
public:
    using Report = std::function<void(std::vector<Sighting>)>;

    /// @param report  Called on the shard's thread after each round.
    Scout(net::Shard& shard, std::vector<EnginePlace> places, Report report);

    /// Begins; any thread. The scout outlives the shard's thread.
    void start();
    /// Ends after the round it is at; any thread.
    void stop();
    /// Looks again now; any thread.
    void hurry();

private:
    net::Task<void> roam();

    net::Shard& shard_;
    std::vector<EnginePlace> places_;
    Report report_;
    net::Event interrupt_;
    bool stopping_ = false;
};

}  // namespace spillway::app
