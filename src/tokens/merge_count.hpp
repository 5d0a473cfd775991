#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rank_tables.hpp"

namespace spillway::tokens {

/// Counts the tokens of one piece as merging would leave them, always with the same tables. Keeps
/// its working memory, and remembers which tokens stay apart (64 kB).
class MergeCount {
public:
    explicit MergeCount(const RankTables& tables) : tables_(tables), verdicts_(verdicts, no_verdict)
    {}
    [[nodiscard]] std::size_t operator()(std::string_view piece);

private:
    static constexpr std::size_t verdicts = 8192;
    static constexpr std::uint64_t no_verdict = ~std::uint64_t{0};
    [[nodiscard]] bool stay_apart(Rank left, Rank right);

    const RankTables& tables_;
    std::vector<std::uint64_t>
        verdicts_;  ///< Direct-mapped: both ranks, and the answer as the last bit.
    std::vector<Rank> placed_;
    std::vector<bool> abandoned_;  ///< Places from which nothing fits.
};

}  // namespace spillway::tokens
