#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "rank_tables.hpp"

namespace spillway::tokens {

/// Counts the tokens of one piece as merging would leave them. Keeps its working memory.
class MergeCount {
public:
    [[nodiscard]] std::size_t operator()(const RankTables& tables, std::string_view piece);

private:
    std::vector<Rank> placed_;
    std::vector<bool> abandoned_;  ///< Places from which nothing fits.
};

}  // namespace spillway::tokens
