#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/gateway/shadows.hpp"
#include "spillway/net/task.hpp"

namespace spillway::gateway {

/// Gets the second answer, grades the pair and has the label written. Ends by itself, whatever goes
/// wrong: a comparison is worth nothing to anybody who waits.
[[nodiscard]] net::Task<void> compare(Comparing one, Services& services);

/// Where the second answer comes from: the shadow's group, or, when that is who served, the group
/// that it is compared with. Empty when there is no such group.
[[nodiscard]] std::optional<route::Resolved> second_place(const config::Route& route,
                                                          GroupIndex served,
                                                          const route::RoutingTable& table);

}  // namespace spillway::gateway
