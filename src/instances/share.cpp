#include "spillway/instances/share.hpp"

#include <algorithm>

namespace spillway::instances {

namespace {

/// Sums of amounts that are no less than 0, without a wrap.
std::int64_t sum(std::int64_t a, std::int64_t b)
{
    return a > INT64_MAX - b ? INT64_MAX : a + b;
}

}  // namespace

Share share_of(const WindowFacts& facts)
{
    const auto used = std::max<std::int64_t>(0, facts.used);
    // Above the cap when that was lowered; or, of a rate, when others have what this instance had
    // before a long silence.
    const auto granted = std::min(std::max<std::int64_t>(0, facts.granted),
                                  std::max<std::int64_t>(0, facts.cap - facts.others));
    const auto held = std::max(granted, used);
    Share share{held, 0, Share::Hungry::no};
    if (facts.phase != WindowFacts::Phase::running)
        return share;
    const auto free =
        std::max<std::int64_t>(0, facts.cap - std::min(facts.cap, sum(held, facts.others)));
    const auto in_hand = held - used;
    const auto lacking = std::max<std::int64_t>(0, facts.least - in_hand);
    if (lacking > free) {
        share.hungry = Share::Hungry::yes;
        return share;
    }
    const auto live = static_cast<std::int64_t>(std::max<std::size_t>(1, facts.live));
    const auto fair = free / live + (free % live == 0 ? 0 : 1);
    const auto wish =
        std::max<std::int64_t>(0, std::max(fair / 2, std::min(fair, facts.refused)) - in_hand);
    const auto more = std::max(std::min(wish, fair), lacking);
    share.granted = held + more;
    share.low = free > more ? fair / 4 : 0;
    return share;
}

std::int64_t kept_of(std::int64_t granted, std::int64_t used, Need need)
{
    const auto unused = std::max<std::int64_t>(0, granted - used);
    return used + (need == Need::serving ? unused / 2 : 0);
}

}  // namespace spillway::instances
