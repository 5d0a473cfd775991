#include "merge_count.hpp"

namespace spillway::tokens {
namespace {

/// What a piece that was unusually long may leave behind for the next.
constexpr std::size_t kept_places = 64 * 1024;

}  // namespace

bool MergeCount::stay_apart(Rank left, Rank right)
{
    const std::uint64_t pair = std::uint64_t{left} << 32 | std::uint64_t{right} << 1;
    std::uint64_t& verdict = verdicts_[(pair * 0x9e3779b97f4a7c15U) >> 51];
    static_assert(verdicts == std::size_t{1} << (64 - 51));
    if (verdict >> 1 != pair >> 1)
        verdict = pair | (tables_.stay_apart(left, right) ? 1 : 0);
    return (verdict & 1) != 0;
}

std::size_t MergeCount::operator()(std::string_view piece)
{
    placed_.clear();
    abandoned_.clear();  // until the first place is abandoned, which is rare
    std::size_t at = 0;
    Rank candidate = tables_.longest(piece);
    const auto fits = [&](Rank token) {
        return (abandoned_.empty() || !abandoned_[at + tables_.length(token)]) &&
               (placed_.empty() || stay_apart(placed_.back(), token));
    };
    while (at < piece.size()) {
        while (candidate != no_token && !fits(candidate))
            candidate = tables_.shorter(candidate);
        if (candidate != no_token) {
            placed_.push_back(candidate);
            at += tables_.length(candidate);
            if (at < piece.size())
                candidate = tables_.longest(piece.substr(at));
            continue;
        }
        // Nothing fits here: what stands before has to be shorter.
        if (placed_.empty())
            return piece.size();  // no result of merging: the ranks do not come from merges
        abandoned_.resize(piece.size() + 1);
        abandoned_[at] = true;
        const Rank last = placed_.back();
        placed_.pop_back();
        at -= tables_.length(last);
        candidate = tables_.shorter(last);
    }
    const std::size_t count = placed_.size();
    if (placed_.capacity() > kept_places) {
        placed_ = {};
        abandoned_ = {};
    }
    return count;
}

}  // namespace spillway::tokens
