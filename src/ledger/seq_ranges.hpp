#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/sqlite/connection.hpp"

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

/// The row of the record with this id; empty when there is none. There is no index on ids: an id
/// carries the millisecond in which its request started, and so leads to a block or two.
[[nodiscard]] Result<std::optional<std::int64_t>> seq_of(sqlite::Connection& connection,
                                                         const RequestId& id);

}  // namespace spillway::ledger
