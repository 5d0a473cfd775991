#pragma once

#include <memory>

#include "spillway/base/units.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/task.hpp"

/// Waiting for more of what several instances share.
namespace spillway::gateway {

/// How long a request waits before it goes on without.
inline constexpr Millis lease_patience{250};

/// Set on the shard's thread by the next answer of those who share caps out. Asked for before the
/// cap is looked at, no answer is missed; shared, because it may come when nobody waits any more.
[[nodiscard]] inline std::shared_ptr<net::Event> next_lease_answer(Services& services)
{
    auto woken = std::make_shared<net::Event>();
    auto& shard = services.shard;
    services.shared.leases.wait([&shard, woken] { shard.post([woken] { woken->set(); }); });
    return woken;
}

}  // namespace spillway::gateway
