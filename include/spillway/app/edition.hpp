#pragma once

#include <memory>

#include "spillway/admin/view.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/config/load.hpp"
#include "spillway/gateway/snapshot.hpp"

namespace spillway::app {

/// One configuration compiled for the two neighbours that must not know each other.
struct Edition {
    std::shared_ptr<const gateway::Snapshot> snapshot;
    std::shared_ptr<const admin::View> view;
};

/// @param previous  Fleet state is carried over from it; may be empty.
[[nodiscard]] Result<Edition> make_edition(config::Config config,
                                           const config::Environment& environment,
                                           observe::Metrics& metrics, const Edition& previous,
                                           WallTime now);

}  // namespace spillway::app
