#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spillway::score {

/// One prompt as an evaluation sees it.
struct Judged {
    double score = 0;   ///< Higher: sent to the strong model earlier.
    double gain = 0;    ///< Quality of the strong answer minus that of the weak one.
    double weight = 1;  ///< How many requests this one stands for.
};

/// How well a score sorts prompts (RouteLLM, ICLR 2025). Random has 0.5, 0.5, 0.8.
struct Curve {
    double apgr = 0.5;   ///< Mean share of the quality gap recovered, over all strong shares.
    double cpt50 = 0.5;  ///< Smallest strong share that recovers half of the gap.
    double cpt80 = 0.8;
};

/// The exact curve; prompts of equal score are taken in expectation. Without any gap to recover
/// it is the random one.
[[nodiscard]] Curve curve(std::span<const Judged> prompts);

/// A value with its 95 % interval.
struct Interval {
    double value = 0;
    double low = 0;
    double high = 0;
};

/// APGR with a percentile bootstrap over prompts. Deterministic.
[[nodiscard]] Interval apgr_interval(std::span<const Judged> prompts, int draws = 1000);

}  // namespace spillway::score
