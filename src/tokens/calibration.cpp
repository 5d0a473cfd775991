#include "spillway/tokens/calibration.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace spillway::tokens {
namespace {

/// Ratios from 1/4 to 4 on a logarithmic scale, 2.9 % a bin.
constexpr double widest = 1.3862943611198906;  // log 4
constexpr double bin_width = 2 * widest / Calibration::bins;

/// What a tokenizer may make of a text that we put at 1. Half as much as the fitted families is
/// less than any makes; four times as much happens where one has no words for a script and takes
/// bytes. Outside, the upstream counts something else: what was not in its cache, its own system
/// prompt, nothing at all.
constexpr double least_ratio = 0.5;
constexpr double most_ratio = 4;
/// The bin of `least_ratio`. Rows of before may hold something in lower ones.
constexpr std::size_t first_bin = Calibration::bins / 4;

/// About a thousand large prompts.
constexpr std::uint32_t full = 4'096;
/// Weight of the belief that estimates are right as they are.
constexpr double prior_weight = 16;
/// From here on the percentile of what was seen is better than the fitted band.
constexpr std::uint32_t enough_for_band = 160;
constexpr double upper_share = 0.975;

constexpr std::string_view row_version = "1;";

std::uint16_t weight_of(Tokens reported)
{
    return count(reported) >= 400 ? 4 : count(reported) >= 100 ? 2 : 1;
}

}  // namespace

void Calibration::observe(Tokens estimated, Tokens reported)
{
    if (count(estimated) < 1 || count(reported) < 1)
        return;
    const double ratio =
        static_cast<double>(count(reported)) / static_cast<double>(count(estimated));
    if (ratio < least_ratio || ratio > most_ratio)
        return;
    const double place = (std::log(ratio) + widest) / bin_width;
    const double bin = std::clamp(std::floor(place), static_cast<double>(first_bin),
                                  static_cast<double>(bins - 1));
    seen_[static_cast<std::size_t>(bin)] += weight_of(reported);
    halve_when_full();
}

std::uint32_t Calibration::weight() const
{
    return std::accumulate(seen_.begin(), seen_.end(), std::uint32_t{0});
}

void Calibration::halve_when_full()
{
    while (weight() > full)
        for (std::uint16_t& seen : seen_)
            seen /= 2;
}

double Calibration::ratio_at(double share) const
{
    const double rank = share * weight();
    double before = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        if (seen_[bin] > 0 && before + seen_[bin] >= rank) {
            const double inside = (rank - before) / seen_[bin];
            return std::exp((static_cast<double>(bin) + inside) * bin_width - widest);
        }
        before += seen_[bin];
    }
    return 1;
}

double Calibration::factor() const
{
    const double seen = weight();
    if (seen == 0)
        return 1;
    return std::exp(std::log(ratio_at(0.5)) * seen / (seen + prior_weight));
}

Count Calibration::apply(const Count& estimate) const
{
    if (estimate.certainty == Certainty::exact || weight() == 0)
        return estimate;
    const auto tokens = static_cast<double>(count(estimate.tokens));
    const double fitted_upper = static_cast<double>(count(estimate.upper)) * factor();
    const double seen_upper = tokens * std::max(ratio_at(upper_share), factor());
    const double upper =
        weight() < enough_for_band ? std::max(fitted_upper, seen_upper) : seen_upper;

    const auto corrected = std::max<std::int64_t>(1, std::llround(tokens * factor()));
    // However few an upstream reports: what we count ourselves may come again.
    const auto highest = std::max<std::int64_t>(std::max(corrected, count(estimate.tokens)),
                                                std::llround(std::ceil(upper)));
    return {Tokens{corrected}, Tokens{highest}, Certainty::estimated};
}

Calibration& Calibration::operator+=(const Calibration& other)
{
    // Both are at most `full`, so no count overflows before it is halved.
    for (std::size_t bin = 0; bin < bins; ++bin)
        seen_[bin] = static_cast<std::uint16_t>(seen_[bin] + other.seen_[bin]);
    halve_when_full();
    return *this;
}

std::string Calibration::to_row() const
{
    std::string row(row_version);
    for (std::size_t bin = 0; bin < bins; ++bin) {
        if (seen_[bin] == 0)
            continue;
        if (row.size() > row_version.size())
            row += ',';
        row += std::to_string(bin) + ':' + std::to_string(seen_[bin]);
    }
    return row;
}

Result<Calibration> Calibration::from_row(std::string_view row)
{
    if (!row.starts_with(row_version))
        return fail(Errc::invalid_request, "a calibration of an unknown version");
    row.remove_prefix(row_version.size());
    Calibration read;
    const char* at = row.data();
    const char* const end = row.data() + row.size();
    while (at != end) {
        std::size_t bin = 0;
        std::uint16_t seen = 0;
        const auto [colon, bad_bin] = std::from_chars(at, end, bin);
        if (bad_bin != std::errc() || colon == end || *colon != ':' || bin >= bins)
            return fail(Errc::invalid_request, "a calibration whose bins cannot be read");
        const auto [comma, bad_count] = std::from_chars(colon + 1, end, seen);
        if (bad_count != std::errc() || seen > full || (comma != end && *comma != ','))
            return fail(Errc::invalid_request, "a calibration whose counts cannot be read");
        read.seen_[bin] = bin < first_bin ? std::uint16_t{0} : seen;
        at = comma == end ? end : comma + 1;
    }
    read.halve_when_full();
    return read;
}

}  // namespace spillway::tokens
