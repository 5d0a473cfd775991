#include "seq_ranges.hpp"

namespace spillway::ledger {

Result<std::vector<SeqRange>> ranges_of(sqlite::Connection& connection, const Period& period)
{
    auto blocks = connection.prepare(
        "SELECT first_seq, last_seq FROM blocks WHERE max_started >= ?1 AND min_started < ?2 "
        "ORDER BY last_seq");
    // The open block has no row yet.
    auto tail = connection.number("SELECT coalesce(max(last_seq), 0) + 1 FROM blocks");
    if (!blocks || !tail) {
        return fail(connection.error("reading the blocks"));
    }
    blocks->bind(1, period.from);
    blocks->bind(2, period.until);
    std::vector<SeqRange> ranges;
    const auto add = [&ranges](std::int64_t first, std::int64_t last) {
        if (!ranges.empty() && ranges.back().last + 1 == first) {
            ranges.back().last = last;
        } else {
            ranges.push_back({first, last});
        }
    };
    int code = blocks->step();
    for (; code == SQLITE_ROW; code = blocks->step()) {
        add(blocks->integer(0), blocks->integer(1));
    }
    if (code != SQLITE_DONE) {
        return fail(connection.error("reading the blocks"));
    }
    add(*tail, std::numeric_limits<std::int64_t>::max());
    return ranges;
}

}  // namespace spillway::ledger
