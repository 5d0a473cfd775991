#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spillway/chat/usage.hpp"
#include "spillway/config/config.hpp"

namespace spillway::ledger {

/// Prices that hold for one deployment, with the long-context tier.
struct Rate {
    config::Prices prices;
    std::optional<Tokens> long_above;
    config::Prices long_prices;
    config::PicoUsdPerSecond second{};  ///< What each second of an answer costs besides.
};

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

/// Finds the rate of a deployment: its own prices, else the table by base_model, else by upstream
/// model (exact, then without vendor path "openai/", then without a date suffix -2025-04-14 /
/// -20250514). A local deployment that nobody priced costs zero.
class PriceBook {
public:
    PriceBook(const config::PriceTable& built_in, const std::vector<config::PriceRow>& overrides);
    [[nodiscard]] Rate rate(const config::Deployment& deployment, std::string_view upstream_model,
                            bool local) const;
    /// What a second costs on this deployment: per second, or by watts and kilowatt hours.
    /// @param defaults  For local deployments that do not say.
    [[nodiscard]] static config::PicoUsdPerSecond second_price(const config::Deployment& deployment,
                                                               const config::LocalCost& defaults,
                                                               bool local);
    /// The table's row for a model, for windows and maximum output.
    [[nodiscard]] const config::PriceRow* find(std::string_view model) const;

private:
    std::unordered_map<std::string, config::PriceRow> rows_;
    std::unordered_set<std::string> overridden_;  ///< Rows of `prices:`; they hold locally too.
};

}  // namespace spillway::ledger
