#pragma once

#include <optional>

#include "spillway/chat/usage.hpp"
#include "spillway/config/price_book.hpp"

namespace spillway::ledger {

using config::PriceBook;
using config::Rate;

/// What an answer cost; rounded up to the next nano-dollar once, at the end. Empty when the usage
/// or a price it needs is unknown. cache_read falls back to the input price, as does cache_write.
/// The long tier holds for the whole request once the prompt passes the threshold (wire.md 8).
/// @param took  The time of the attempt, where time costs money.
[[nodiscard]] std::optional<NanoUsd> cost(const Rate& rate, const chat::Usage& usage,
                                          Millis took = Millis{0});
/// What so much time costs, rounded up.
[[nodiscard]] NanoUsd time_cost(const Rate& rate, Millis took);
/// True when tokens are free and time is not: then the cost is known without a usage.
[[nodiscard]] bool only_time_costs(const Rate& rate);

}  // namespace spillway::ledger
