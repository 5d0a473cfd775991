#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/config/providers.hpp"

namespace spillway::config {

/// Prices that hold for one deployment, with the long-context tier.
struct Rate {
    Prices prices;
    std::optional<Tokens> long_above;
    Prices long_prices;
    PicoUsdPerSecond second{};  ///< What each second of an answer costs besides.
};

/// Finds the rate of a deployment: its own prices, else the table by base_model, else by upstream
/// model (exact, then without vendor path "openai/", then without a date suffix -2025-04-14 /
/// -20250514). A local deployment that nobody priced costs zero.
class PriceBook {
public:
    PriceBook(const PriceTable& built_in, const std::vector<PriceRow>& overrides);
    [[nodiscard]] Rate rate(const Deployment& deployment, std::string_view upstream_model,
                            bool local) const;
    /// What a second costs on this deployment: per second, or by watts and kilowatt hours.
    /// @param defaults  For local deployments that do not say.
    [[nodiscard]] static PicoUsdPerSecond second_price(const Deployment& deployment,
                                                       const LocalCost& defaults, bool local);
    /// The table's row for a model, for windows and maximum output.
    [[nodiscard]] const PriceRow* find(std::string_view model) const;

private:
    std::unordered_map<std::string, PriceRow> rows_;
    std::unordered_set<std::string> overridden_;  ///< Rows of `prices:`; they hold locally too.
};

/// The prices that hold for a deployment, time included.
/// @param place     `local`: an engine of ours, which costs nothing unless somebody prices it.
/// @param defaults  Of what an engine draws.
[[nodiscard]] Rate rate_of(const Deployment& deployment, std::string_view upstream_model,
                           Place place, const PriceBook& book, const LocalCost& defaults);

/// Puts what `rate` and the table say of the model where the file is silent: prices, the window,
/// the longest answer, what it does. Routing reads them there.
void complete(Deployment& deployment, std::string_view upstream_model, Place place,
              const PriceBook& book, const Rate& rate);

/// The dearest of all tiers, of a completed deployment; empty when no price is known.
[[nodiscard]] std::optional<PicoUsdPerToken> dearest_input(const Deployment& deployment);
[[nodiscard]] std::optional<PicoUsdPerToken> dearest_output(const Deployment& deployment);

}  // namespace spillway::config
