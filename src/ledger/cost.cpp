#include "spillway/ledger/cost.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <string>

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

bool priced(const config::Prices& prices)
{
    return prices.input || prices.output || prices.cache_read || prices.cache_write;
}

bool digits(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `model` without "-2025-04-14", "-20250514" or "@20250514" at the end; empty when there is none.
std::string_view without_date(std::string_view model)
{
    constexpr std::size_t packed = 9;
    constexpr std::size_t dashed = 11;
    if (model.size() > dashed) {
        const auto tail = model.substr(model.size() - dashed);
        if (tail[0] == '-' && tail[5] == '-' && tail[8] == '-' && digits(tail.substr(1, 4)) &&
            digits(tail.substr(6, 2)) && digits(tail.substr(9, 2))) {
            return model.substr(0, model.size() - dashed);
        }
    }
    if (model.size() > packed) {
        const auto tail = model.substr(model.size() - packed);
        if ((tail[0] == '-' || tail[0] == '@') && digits(tail.substr(1))) {
            return model.substr(0, model.size() - packed);
        }
    }
    return {};
}

Rate of_row(const config::PriceRow& row)
{
    return Rate{row.prices, row.long_above, row.long_prices, {}};
}

/// The owner's own prices over those of the table. An own input price replaces everything that is
/// said about prompts (an input of 0 must not leave the table's cache price standing); other own
/// prices replace just themselves, in both tiers.
Rate overlaid(const config::Prices& own, const Rate& table)
{
    Rate rate = table;
    if (own.input) {
        rate.prices.input = own.input;
        rate.prices.cache_read = own.cache_read;
        rate.prices.cache_write = own.cache_write;
        rate.prices.output = own.output ? own.output : table.prices.output;
        rate.long_above.reset();
        rate.long_prices = {};
        return rate;
    }
    const auto prefer = [&](auto member) {
        if (own.*member) {
            rate.prices.*member = own.*member;
            rate.long_prices.*member = own.*member;
        }
    };
    prefer(&config::Prices::output);
    prefer(&config::Prices::cache_read);
    prefer(&config::Prices::cache_write);
    return rate;
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

PriceBook::PriceBook(const config::PriceTable& built_in,
                     const std::vector<config::PriceRow>& overrides)
{
    rows_.reserve(built_in.rows.size() + overrides.size());
    for (const auto& row : built_in.rows) {
        rows_.insert_or_assign(row.model, row);
    }
    for (const auto& row : overrides) {
        rows_.insert_or_assign(row.model, row);
        overridden_.insert(row.model);
    }
}

const config::PriceRow* PriceBook::find(std::string_view model) const
{
    while (!model.empty()) {
        if (const auto row = rows_.find(std::string{model}); row != rows_.end()) {
            return &row->second;
        }
        if (const auto dateless = without_date(model); !dateless.empty()) {
            if (const auto row = rows_.find(std::string{dateless}); row != rows_.end()) {
                return &row->second;
            }
        }
        const auto slash = model.find('/');
        if (slash == std::string_view::npos) {
            break;
        }
        model.remove_prefix(slash + 1);
    }
    return nullptr;
}

config::PicoUsdPerSecond PriceBook::second_price(const config::Deployment& deployment,
                                                 const config::LocalCost& defaults, bool local)
{
    using config::PicoUsdPerSecond;
    if (deployment.input_second || deployment.output_second) {
        return PicoUsdPerSecond{count(deployment.input_second.value_or(PicoUsdPerSecond{})) +
                                count(deployment.output_second.value_or(PicoUsdPerSecond{}))};
    }
    const auto or_default = [local](const auto& own, const auto& common) {
        return own ? own : local ? common : std::nullopt;
    };
    const auto watts = or_default(deployment.watts, defaults.watts);
    const auto per_kwh = or_default(deployment.price_per_kwh, defaults.price_per_kwh);
    if (!watts || !per_kwh) {
        return PicoUsdPerSecond{};
    }
    // Watts times nano-dollars per kilowatt hour, over 1,000 and 3,600 seconds, in pico-dollars.
    constexpr std::int64_t milli = 1'000;
    const Wide milliwatts = std::llround(*watts * milli);
    constexpr Wide unit = 3'600 * 1'000;
    return PicoUsdPerSecond{
        static_cast<std::int64_t>((milliwatts * count(*per_kwh) + unit - 1) / unit)};
}

Rate PriceBook::rate(const config::Deployment& deployment, std::string_view upstream_model,
                     bool local) const
{
    const config::PriceRow* row = nullptr;
    if (!deployment.base_model.empty()) {
        row = find(deployment.base_model);
    }
    if (row == nullptr && !deployment.provider.empty()) {
        row = find(deployment.provider + "/" + std::string{upstream_model});
    }
    if (row == nullptr && deployment.model.find('*') == std::string::npos) {
        row = find(deployment.model);
    }
    if (row == nullptr) {
        row = find(upstream_model);
    }
    // The table prices clouds. The same weights on one's own machine are free unless the owner
    // prices them: by `prices:`, by `base_model`, or in the deployment itself.
    if (local && row != nullptr && deployment.base_model.empty() &&
        !overridden_.contains(row->model)) {
        row = nullptr;
    }
    if (priced(deployment.prices)) {
        return overlaid(deployment.prices, row == nullptr ? Rate{} : of_row(*row));
    }
    if (row != nullptr) {
        return of_row(*row);
    }
    if (local) {
        constexpr PicoUsdPerToken free{0};
        return Rate{config::Prices{free, free, free, free}, std::nullopt, {}, {}};
    }
    return Rate{};
}

}  // namespace spillway::ledger
