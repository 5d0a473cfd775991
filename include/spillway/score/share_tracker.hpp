#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/score/weights.hpp"

namespace spillway::score {

/// What a share tracker shall hold.
struct ShareTarget {
    float share = 0.2F;  ///< Of all requests, 0..1.
    float cap = 0.3F;    ///< Never exceeded over any long run, whatever the scores do.
    float burst = 20;    ///< Requests that may go above the cap at once.
    friend bool operator==(const ShareTarget&, const ShareTarget&) = default;
};

/// Sends a given share of requests to the strong model: those of the greatest gain.
///
/// A fixed threshold drifts as soon as the traffic differs from the training prompts. Here the
/// threshold is a quantile of the latest scores, moved by what the share is still owed (or has
/// taken too much), and a token bucket above it is the hard cap. A value: copies are independent.
class ShareTracker {
public:
    ShareTracker(const ShareTarget& target, const Weights& weights);

    /// Whether this request is one of the share. Advances the tracker.
    [[nodiscard]] bool take(float gain) noexcept;

    /// What `take` would compare with, for explanations.
    [[nodiscard]] float threshold() const noexcept;
    [[nodiscard]] const ShareTarget& target() const noexcept { return target_; }

    /// State as text, for a restart; reading it back gives the same decisions.
    [[nodiscard]] std::string serialise() const;
    [[nodiscard]] static Result<ShareTracker> parse(std::string_view text);

private:
    ShareTracker() = default;
    static constexpr std::size_t window = 128;

    void replace(float oldest, float newest) noexcept;

    ShareTarget target_;
    std::array<float, window> latest_{};  ///< Ring of the latest gains.
    std::array<float, window> sorted_{};  ///< The same in order.
    std::uint32_t next_ = 0;
    float owed_ = 0;    ///< Requests the share is short of (or, below zero, ahead by).
    float tokens_ = 0;  ///< Of the hard cap.
};

/// Whether a gain is worth its price: `gain` of quality against `extra` dollars more, when a whole
/// answer gone right is worth `worth` dollars.
[[nodiscard]] constexpr bool worth_it(double gain, NanoUsd extra, NanoUsd worth) noexcept
{
    return gain * static_cast<double>(count(worth)) > static_cast<double>(count(extra));
}

}  // namespace spillway::score
