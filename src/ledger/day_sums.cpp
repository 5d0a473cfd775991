#include "day_sums.hpp"

#include <chrono>

#include "spillway/base/text.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger {
namespace {

constexpr std::int64_t nanos_per_usd = 1'000'000'000;

std::string by_name(const std::map<std::string, Spend>& spends)
{
    std::string out = "{";
    for (const auto& [key, spend] : spends) {
        out += (out.size() > 1 ? "," : "") + json_quoted(key) + ":" + spend.json();
    }
    return out + "}";
}

}  // namespace

Spend& Spend::operator+=(const Spend& other)
{
    dollars += other.dollars + (nanos + other.nanos) / nanos_per_usd;
    nanos = (nanos + other.nanos) % nanos_per_usd;
    return *this;
}

std::string Spend::json() const
{
    const auto carried = dollars + nanos / nanos_per_usd;
    const std::string below_one = decimal_usd(NanoUsd{nanos % nanos_per_usd});  // "0" or "0.12"
    return std::to_string(carried) + below_one.substr(1);
}

std::string day_text(std::int64_t day)
{
    return rfc3339(WallTime{std::chrono::days{day}}).substr(0, 10);
}

std::string json_of(const std::map<std::int64_t, DaySums>& days)
{
    std::string out = "[";
    for (const auto& [day, sums] : days) {
        out += out.size() > 1 ? "," : "";
        out += R"({"startTime":")" + day_text(day) + R"(","spend":)" + sums.spend.json();
        out += R"(,"users":)" + by_name(sums.users) + R"(,"models":)" + by_name(sums.models);
        out += R"(,"api_keys":)" + by_name(sums.keys);
        out += R"(,"unknown_cost_requests":)" + std::to_string(sums.unknown_costs) + "}";
    }
    return out + "]";
}

std::string json_of(const std::map<std::int64_t, Spend>& days)
{
    std::string out = "[";
    for (const auto& [day, spend] : days) {
        out += out.size() > 1 ? "," : "";
        out += R"({"date":")" + day_text(day) + R"(","spend":)" + spend.json() + "}";
    }
    return out + "]";
}

}  // namespace spillway::ledger
