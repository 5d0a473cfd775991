#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include "spillway/base/units.hpp"

namespace spillway::instances {

/// How many instances there are usually, for a start at which nobody can say. Grows at once and
/// falls after an hour in which there were fewer: instances that are stopped one after the other
/// must not each remember that it was the last.
class Headcount {
public:
    /// @param known     Empty: this instance has never met the others.
    /// @param expected  What is taken for it then.
    Headcount(std::optional<std::size_t> known, std::size_t expected)
        : usual_(std::max<std::size_t>(1, known.value_or(expected))), met_(known.has_value())
    {}

    [[nodiscard]] std::size_t usual() const noexcept { return usual_; }
    /// So many are alive.
    /// @return What there are usually from now on, when that is another number than before.
    [[nodiscard]] std::optional<std::size_t> see(std::size_t live, TimePoint now)
    {
        if (live == 0)
            return std::nullopt;
        if (!std::exchange(met_, true))
            return usual_ = live;
        const auto before = usual_;
        if (live >= usual_) {
            usual_ = live;
            fewer_since_.reset();
        } else if (!fewer_since_) {
            fewer_since_ = now;
            most_since_ = live;
        } else {
            most_since_ = std::max(most_since_, live);
            if (now - *fewer_since_ >= patience) {
                usual_ = most_since_;
                fewer_since_.reset();
            }
        }
        return usual_ == before ? std::nullopt : std::optional(usual_);
    }

    static constexpr std::chrono::hours patience{1};

private:
    std::size_t usual_;
    bool met_;
    std::optional<TimePoint> fewer_since_;
    std::size_t most_since_ = 0;
};

}  // namespace spillway::instances
