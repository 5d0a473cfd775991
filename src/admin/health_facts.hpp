#pragma once

#include "json.hpp"
#include "spillway/admin/view.hpp"
#include "spillway/base/units.hpp"
#include "spillway/guard/engine_gate.hpp"
#include "spillway/guard/health.hpp"

namespace spillway::admin {

/// One moment on both clocks.
struct Instant {
    TimePoint now;
    WallTime wall;
};

/// What the fleet knows of a deployment, as members of its row in /health.
[[nodiscard]] Json health_facts(const Deployment& deployment, const guard::Health& health,
                                const Instant& at);

/// What is known of a local engine and of the queue in front of it.
[[nodiscard]] Json engine_facts(const guard::EngineHealth& health);

}  // namespace spillway::admin
