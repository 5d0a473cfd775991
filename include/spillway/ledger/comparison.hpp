#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/ids.hpp"
#include "spillway/base/units.hpp"

namespace spillway::ledger {

/// `call_type` of the records of calls that no client asked for: the second answer to a request,
/// and the judging of two. `asked_model` is their route; nobody's key is charged.
inline constexpr std::string_view shadow_call = "shadow";
inline constexpr std::string_view judge_call = "shadow_judge";
[[nodiscard]] constexpr bool is_shadow(std::string_view call_type)
{
    return call_type == shadow_call || call_type == judge_call;
}

/// How good the two answers of a comparison are, 0..1, and who says so.
struct ComparisonLabel {
    int judge = 0;  ///< `review::Judge` as a number; the higher one is believed.
    double weak = 0;
    double strong = 0;
    double certainty = 0;
};

/// What was said; only with `shadow.keep_text`.
struct ComparisonTexts {
    std::string prompt;
    std::string weak;
    std::string strong;
    WallTime expires{};
};

/// One request that two models answered. No text but in `texts`.
struct Comparison {
    std::int64_t number = 0;  ///< Given by the ledger.
    RequestId request;        ///< The client's.
    WallTime at{};
    std::string route;
    std::string weak_group;
    std::string strong_group;
    enum class Served : std::uint8_t { weak, strong } served = Served::weak;
    std::string features;  ///< As of `score::pack`.
    double weight = 1;     ///< Requests it stands for: 1 / share of the sample.
    ComparisonLabel label;
    std::optional<ComparisonTexts> texts;
};

}  // namespace spillway::ledger
