#pragma once

#include <deque>

#include "spillway/app/lane.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::app {

/// Where a request goes: the operator's pages to `admin`, all else to `gateway`. Authentication is
/// decided from the routed path alone, before any body is read (reliability.md, promise 6).
/// @param lanes  Outlive the handler; the exchange's shard picks one.
[[nodiscard]] net::Handler make_front_door(std::deque<Lane>& lanes);

}  // namespace spillway::app
