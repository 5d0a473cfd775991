#include "day_sums.hpp"

#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

std::string by_name(const std::map<std::string, Spend>& spends)
{
    std::string out = "{";
    for (const auto& [key, spend] : spends) {
        out += (out.size() > 1 ? "," : "") + json_quoted(key) + ":" + spend.json();
    }
    return out + "}";
}

}  // namespace

std::string json_of(const std::map<std::string, DaySums>& days)
{
    std::string out = "[";
    for (const auto& [day, sums] : days) {
        out += out.size() > 1 ? "," : "";
        out += R"({"startTime":")" + day + R"(","spend":)" + sums.spend.json();
        out += R"(,"users":)" + by_name(sums.users) + R"(,"models":)" + by_name(sums.models);
        out += R"(,"api_keys":)" + by_name(sums.keys);
        out += R"(,"unknown_cost_requests":)" + std::to_string(sums.unknown_costs) + "}";
    }
    return out + "]";
}

}  // namespace spillway::ledger
