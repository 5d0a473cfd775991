#include "seq_ranges.hpp"

#include "record_row.hpp"

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

Result<std::optional<std::int64_t>> seq_of(sqlite::Connection& connection, const RequestId& id)
{
    constexpr std::int64_t micros_per_milli = 1'000;
    const auto millis = static_cast<std::int64_t>(id.high >> 16U);
    auto ranges =
        ranges_of(connection, Period{millis * micros_per_milli, (millis + 1) * micros_per_milli});
    if (!ranges) {
        return fail(std::move(ranges).error());
    }
    auto find =
        connection.prepare("SELECT seq FROM records WHERE seq BETWEEN ?1 AND ?2 AND id = ?3");
    if (!find) {
        return fail(std::move(find).error());
    }
    const auto bytes = id_bytes(id);
    for (const auto& range : *ranges) {
        const sqlite::Running running{*find};
        find->bind(1, range.first);
        find->bind(2, range.last);
        find->bind_blob(3, bytes);
        const int code = find->step();
        if (code == SQLITE_ROW) {
            return find->integer(0);
        }
        if (code != SQLITE_DONE) {
            return fail(connection.error("looking for an id"));
        }
    }
    return std::nullopt;
}

}  // namespace spillway::ledger
