#pragma once

#include <cstddef>
#include <cstdint>

/// How a cap is cut up among the instances that share it: values in, values out.
namespace spillway::instances {

/// How long what an instance was granted stays its own.
enum class Tenure : std::uint8_t {
    kept,      ///< Money: what a dead one may have spent is not handed out again.
    expiring,  ///< Rates: a dead one uses none.
};

/// One window, as it stands while nobody else can change it. Nano-dollars or units.
struct WindowFacts {
    std::int64_t cap = 0;
    std::int64_t granted = 0;  ///< To this instance before.
    std::int64_t others = 0;   ///< Granted to all others who have a tenure.
    std::int64_t used = 0;     ///< Spent and reserved by this instance.
    std::int64_t refused = 0;  ///< What it had to refuse since the last time.
    std::int64_t least = 0;    ///< The smallest of these; 0 for none.
    std::size_t live = 1;      ///< Instances alive, this one among them.
    /// `over`, `ahead`: the window is not that of the database's clock.
    enum class Phase : std::uint8_t { running, over, ahead } phase = Phase::running;
};

/// What this instance holds from now on.
struct Share {
    std::int64_t granted = 0;  ///< Never less than what is used: that is a fact.
    std::int64_t low = 0;      ///< With less left, it should ask again.
    /// `yes`: a call was refused for which there is too little, although it may be unused
    /// elsewhere.
    enum class Hungry : std::uint8_t { no, yes } hungry = Hungry::no;
    friend bool operator==(const Share&, const Share&) = default;
};

/// At most a fair part of what is left, half of which is kept in hand; at least what the smallest
/// refused call lacks, or nothing. With it, granted and others never pass the cap, unless what was
/// used does so by itself.
[[nodiscard]] Share share_of(const WindowFacts& facts);

/// What an instance keeps of a lease that it does not use while others wait for it: half of what is
/// unused while it serves calls itself, nothing of it when it does not.
enum class Need : std::uint8_t { serving, idle };
[[nodiscard]] std::int64_t kept_of(std::int64_t granted, std::int64_t used, Need need);

}  // namespace spillway::instances
