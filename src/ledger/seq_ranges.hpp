#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "sqlite.hpp"

namespace spillway::ledger {

/// Calendar time in microseconds since 1970: from inclusive, until exclusive.
struct Period {
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    std::int64_t until = std::numeric_limits<std::int64_t>::max();
};

/// Neighbouring rows of `records`, both ends included.
struct SeqRange {
    std::int64_t first = 0;
    std::int64_t last = 0;
};

/// Where rows that started in `period` can be, in order; the rows themselves must still be
/// filtered. Exact whatever the clock did, because every block knows its earliest and latest start.
[[nodiscard]] Result<std::vector<SeqRange>> ranges_of(sqlite::Connection& connection,
                                                      const Period& period);

}  // namespace spillway::ledger
