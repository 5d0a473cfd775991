#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "spillway/guard/fleet.hpp"
#include "unit/route/world.hpp"

namespace spillway::guard::testing_fleet {

using route::testing_world::config_of;
using route::testing_world::row;

inline const TimePoint noon{std::chrono::hours{1'000}};
inline constexpr DeploymentIndex a{0};
inline constexpr DeploymentIndex b{1};
inline constexpr DeploymentIndex c{2};

/// A fleet of three deployments. It is made when it is first asked, so that a test can change the
/// file before.
class FleetScene : public testing::Test {
protected:
    FleetScene() : FleetScene(config_of({row("g", "a"), row("g", "b"), row("g", "c")})) {}
    explicit FleetScene(config::Config file) : config(std::move(file)) {}

    Fleet& fleet()
    {
        if (!made) {
            table.emplace(config, std::vector<bool>{});
            made.emplace(*table, nullptr);
        }
        return *made;
    }
    /// An attempt that begins and ends at `now`.
    void ends(const AttemptReport& report, TimePoint now)
    {
        fleet().started(report.deployment, now);
        fleet().ended(report, now);
    }

    config::Config config;
    std::optional<route::RoutingTable> table;
    std::optional<Fleet> made;
};

}  // namespace spillway::guard::testing_fleet
