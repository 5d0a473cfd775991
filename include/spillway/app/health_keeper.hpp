#pragma once

#include "spillway/app/lane.hpp"
#include "spillway/net/task.hpp"

namespace spillway::app {

/// Looks again and again whether the deployments are there (`health:` of the configuration), and
/// tells the fleet. Lives on one lane's thread and follows that lane's configuration.
class HealthKeeper {
public:
    explicit HealthKeeper(Lane& lane) : lane_(lane) {}

    /// Begins; any thread. The keeper outlives the lane's thread.
    void start();
    /// Ends after the round it is at; any thread.
    void stop();

private:
    net::Task<void> keep();
    net::Task<void> rest(Millis interval);

    Lane& lane_;
    net::Event interrupt_;
    bool stopping_ = false;
};

}  // namespace spillway::app
