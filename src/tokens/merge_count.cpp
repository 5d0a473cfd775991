#include "merge_count.hpp"

namespace spillway::tokens {
namespace {

/// What a piece that was unusually long may leave behind for the next.
constexpr std::size_t kept_places = 64 * 1024;

}  // namespace

std::size_t MergeCount::operator()(const RankTables& tables, std::string_view piece)
{
    placed_.clear();
    abandoned_.clear();  // until the first place is abandoned, which is rare
    std::size_t at = 0;
    Rank candidate = tables.longest(piece);
    const auto fits = [&](Rank token) {
        return (abandoned_.empty() || !abandoned_[at + tables.length(token)]) &&
               (placed_.empty() || tables.stay_apart(placed_.back(), token));
    };
    while (at < piece.size()) {
        while (candidate != no_token && !fits(candidate))
            candidate = tables.shorter(candidate);
        if (candidate != no_token) {
            placed_.push_back(candidate);
            at += tables.length(candidate);
            if (at < piece.size())
                candidate = tables.longest(piece.substr(at));
            continue;
        }
        // Nothing fits here: what stands before has to be shorter.
        if (placed_.empty())
            return piece.size();  // no result of merging: the ranks do not come from merges
        abandoned_.resize(piece.size() + 1);
        abandoned_[at] = true;
        const Rank last = placed_.back();
        placed_.pop_back();
        at -= tables.length(last);
        candidate = tables.shorter(last);
    }
    const std::size_t count = placed_.size();
    if (placed_.capacity() > kept_places) {
        placed_ = {};
        abandoned_ = {};
    }
    return count;
}

}  // namespace spillway::tokens
