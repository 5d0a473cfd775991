#include "spillway/ledger/sums.hpp"

#include <chrono>
#include <cstdlib>

#include "spillway/base/text.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger {
namespace {

constexpr std::int64_t nanos_per_usd = 1'000'000'000;

}  // namespace

Spend& Spend::operator+=(const Spend& other)
{
    dollars += other.dollars + (nanos + other.nanos) / nanos_per_usd;
    nanos = (nanos + other.nanos) % nanos_per_usd;
    return *this;
}

Spend& Spend::operator-=(const Spend& other)
{
    return *this += Spend{-other.dollars, -other.nanos};
}

std::string Spend::json() const
{
    auto whole = dollars + nanos / nanos_per_usd;
    auto part = nanos % nanos_per_usd;
    if (whole > 0 && part < 0) {
        --whole;
        part += nanos_per_usd;
    } else if (whole < 0 && part > 0) {
        ++whole;
        part -= nanos_per_usd;
    }
    const bool below_zero = whole < 0 || part < 0;
    const std::string below_one = decimal_usd(NanoUsd{std::abs(part)});  // "0" or "0.12"
    return (below_zero ? "-" : "") + std::to_string(std::abs(whole)) + below_one.substr(1);
}

double Spend::usd() const
{
    return std::strtod(json().c_str(), nullptr);
}

Sums& Sums::operator+=(const Sums& other)
{
    requests += other.requests;
    served += other.served;
    replayed += other.replayed;
    unknown_costs += other.unknown_costs;
    prompt_tokens += other.prompt_tokens;
    completion_tokens += other.completion_tokens;
    cached_tokens += other.cached_tokens;
    cache_write_tokens += other.cache_write_tokens;
    cost += other.cost;
    charged += other.charged;
    compared += other.compared;
    reference += other.reference;
    return *this;
}

std::string day_text(Day day)
{
    return rfc3339(WallTime{std::chrono::days{day}}).substr(0, 10);
}

}  // namespace spillway::ledger
