#include "spillway/config/price_book.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace spillway::config {
namespace {

__extension__ typedef __int128 Wide;  // Watts times price passes 64 bits.

bool priced(const Prices& prices)
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

Rate of_row(const PriceRow& row)
{
    return Rate{row.prices, row.long_above, row.long_prices, {}};
}

/// The owner's own prices over those of the table. An own input price replaces everything that is
/// said about prompts (an input of 0 must not leave the table's cache price standing); other own
/// prices replace just themselves, in both tiers.
Rate overlaid(const Prices& own, const Rate& table)
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
    prefer(&Prices::output);
    prefer(&Prices::cache_read);
    prefer(&Prices::cache_write);
    return rate;
}

/// Where somebody prices the time and not the tokens, tokens are free.
void let_time_cost(Prices& prices)
{
    if (!prices.input)
        prices.input = PicoUsdPerToken{0};
    if (!prices.output)
        prices.output = PicoUsdPerToken{0};
}

/// Whoever is paid for the tokens of answers writes some.
Mode mode_of(const PriceRow& row)
{
    const bool answers = row.prices.output && count(*row.prices.output) > 0;
    return row.mode == Mode::unset && answers ? Mode::chat : row.mode;
}

std::optional<PicoUsdPerToken> dearer(std::optional<PicoUsdPerToken> a,
                                      std::optional<PicoUsdPerToken> b)
{
    return a && b ? std::max(*a, *b) : a ? a : b;
}

}  // namespace

PriceBook::PriceBook(const PriceTable& built_in, const std::vector<PriceRow>& overrides)
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

const PriceRow* PriceBook::find(std::string_view model) const
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

PicoUsdPerSecond PriceBook::second_price(const Deployment& deployment, const LocalCost& defaults,
                                         bool local)
{
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

Rate PriceBook::rate(const Deployment& deployment, std::string_view upstream_model,
                     bool local) const
{
    const PriceRow* row = nullptr;
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
        return Rate{Prices{free, free, free, free}, std::nullopt, {}, {}};
    }
    return Rate{};
}

Rate rate_of(const Deployment& deployment, std::string_view upstream_model, Place place,
             const PriceBook& book, const LocalCost& defaults)
{
    const bool local = place == Place::local;
    auto rate = book.rate(deployment, upstream_model, local);
    rate.second = PriceBook::second_price(deployment, defaults, local);
    if (count(rate.second) > 0)
        let_time_cost(rate.prices);
    return rate;
}

void complete(Deployment& deployment, std::string_view upstream_model, Place place,
              const PriceBook& book, const Rate& rate)
{
    deployment.prices = rate.prices;
    deployment.long_prices = rate.long_prices;
    const auto* known = place == Place::local ? nullptr : book.find(upstream_model);
    if (known != nullptr && !deployment.max_input_tokens)
        deployment.max_input_tokens = known->window;
    if (known != nullptr && !deployment.max_output_tokens)
        deployment.max_output_tokens = known->max_output;
    if (known != nullptr && deployment.mode == Mode::unset)
        deployment.mode = mode_of(*known);
}

std::optional<PicoUsdPerToken> dearest_input(const Deployment& deployment)
{
    return dearer(dearer(deployment.prices.input, deployment.prices.cache_write),
                  deployment.long_prices.input);
}

std::optional<PicoUsdPerToken> dearest_output(const Deployment& deployment)
{
    return dearer(deployment.prices.output, deployment.long_prices.output);
}

}  // namespace spillway::config
