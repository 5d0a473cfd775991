#include "spillway/ledger/cost.hpp"

#include <algorithm>
#include <limits>

namespace spillway::ledger {
namespace {

__extension__ typedef __int128 Wide;  // Tokens times price passes 64 bits.

/// Prices in force for one request: what a kind of token costs, empty when nobody said.
config::Prices in_force(const Rate& rate, Tokens prompt)
{
    config::Prices prices = rate.prices;
    if (rate.long_above && count(prompt) > count(*rate.long_above)) {
        const auto& tier = rate.long_prices;
        // A tier that names an input price but no cache price means its input price, not the
        // cheaper cache price of the short tier.
        if (tier.input) {
            prices.cache_read.reset();
            prices.cache_write.reset();
        }
        const auto prefer = [](auto& price, const auto& higher) {
            if (higher) {
                price = higher;
            }
        };
        prefer(prices.input, tier.input);
        prefer(prices.output, tier.output);
        prefer(prices.cache_read, tier.cache_read);
        prefer(prices.cache_write, tier.cache_write);
    }
    if (!prices.cache_read) {
        prices.cache_read = prices.input;
    }
    if (!prices.cache_write) {
        prices.cache_write = prices.input;
    }
    return prices;
}

bool sums_up(Wide& picos, std::int64_t tokens, const std::optional<PicoUsdPerToken>& price)
{
    if (tokens == 0) {
        return true;
    }
    if (!price || count(*price) < 0) {
        return false;
    }
    picos += Wide{tokens} * count(*price);
    return true;
}

}  // namespace

NanoUsd time_cost(const Rate& rate, Millis took)
{
    constexpr Wide picos_per_nano = 1'000;
    constexpr Wide millis_per_second = 1'000;
    constexpr Wide unit = picos_per_nano * millis_per_second;
    const Wide picos = Wide{std::max<std::int64_t>(0, count(rate.second))} *
                       std::max<std::int64_t>(0, took.count());
    const Wide nanos = (picos + unit - 1) / unit;
    constexpr auto most = std::numeric_limits<std::int64_t>::max() / 4;
    return NanoUsd{nanos > most ? most : static_cast<std::int64_t>(nanos)};
}

bool only_time_costs(const Rate& rate)
{
    const auto free = [](const std::optional<PicoUsdPerToken>& price) {
        return price && count(*price) == 0;
    };
    return count(rate.second) > 0 && free(rate.prices.input) && free(rate.prices.output) &&
           !rate.long_above;
}

std::optional<NanoUsd> cost(const Rate& rate, const chat::Usage& usage, Millis took)
{
    if (only_time_costs(rate)) {
        return time_cost(rate, took);
    }
    if (usage.source == chat::UsageSource::unknown) {
        return std::nullopt;
    }
    // Upstreams lie (promise 41): nothing is negative, and parts do not exceed their whole.
    const auto prompt = std::max<std::int64_t>(count(usage.prompt), 0);
    const auto completion = std::max<std::int64_t>(count(usage.completion), 0);
    const auto cached = std::clamp<std::int64_t>(count(usage.cached), 0, prompt);
    const auto written = std::clamp<std::int64_t>(count(usage.cache_write), 0, prompt - cached);

    const config::Prices prices = in_force(rate, Tokens{prompt});
    Wide picos = 0;
    if (!sums_up(picos, prompt - cached - written, prices.input) ||
        !sums_up(picos, cached, prices.cache_read) ||
        !sums_up(picos, written, prices.cache_write) ||
        !sums_up(picos, completion, prices.output)) {
        return std::nullopt;
    }
    if (prompt == 0 && completion == 0 && !prices.input && !prices.output) {
        return std::nullopt;  // Nothing was counted at a price nobody knows: that is not "free".
    }
    constexpr Wide picos_per_nano = 1'000;
    const Wide nanos = (picos + picos_per_nano - 1) / picos_per_nano + count(time_cost(rate, took));
    if (nanos > std::numeric_limits<std::int64_t>::max()) {
        return std::nullopt;
    }
    return NanoUsd{static_cast<std::int64_t>(nanos)};
}

}  // namespace spillway::ledger
