#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "record_row.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/sums.hpp"
#include "verify_parts.hpp"

namespace spillway::ledger::verification {
namespace {

/// A read that lasts keeps the write-ahead log from being folded.
constexpr std::int64_t rows_at_once = 4'096;
/// Ids that are held at once, some 128 MB; a larger ledger is gone through several times.
constexpr std::int64_t ids_at_once = 4'000'000;
constexpr std::int64_t micros_per_milli = 1'000;

struct Seen {
    RequestId id;
    std::int64_t seq = 0;
};

std::string row_name(std::int64_t seq, const RequestId& id)
{
    return "row " + std::to_string(seq) + " (" + id.text() + ")";
}

/// The columns that count something, none of which can be below zero.
constexpr const char* anything_negative =
    "min(prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens, reasoning_tokens, "
    "coalesce(cost_nano_usd, 0), coalesce(charged_nano_usd, 0), coalesce(reference_nano_usd, 0)) "
    "< 0";

void note_row(const sqlite::Statement& row, const RequestId& id, Verdict& verdict)
{
    ++verdict.records;
    const auto seq = row.integer(0);
    const auto started = row.integer(2);
    if (static_cast<std::int64_t>(id.high >> 16U) != started / micros_per_milli)
        note(verdict, "ids",
             row_name(seq, id) + " has an id of another millisecond than its start");
    if (row.integer(3) != 0)
        note(verdict, "amounts", row_name(seq, id) + " has an amount below zero");
}

/// One of several passes; each looks for equals among a share of the ids.
Result<void> look_for_equals(sqlite::Connection& connection, const Extent& extent,
                             std::uint64_t pass, std::uint64_t passes, Verdict& verdict)
{
    auto rows = connection.prepare(
        std::string{"SELECT seq, id, started, "} + anything_negative +
        ", coalesce(cost_nano_usd, 0) FROM records WHERE seq > ?1 AND seq <= ?2 ORDER BY seq "
        "LIMIT ?3");
    if (!rows)
        return fail(std::move(rows).error());
    std::vector<Seen> seen;
    Spend spend;
    for (std::int64_t behind = 0;;) {
        const sqlite::Running running{*rows};
        rows->bind(1, behind);
        rows->bind(2, extent.last_seq);
        rows->bind(3, rows_at_once);
        const auto before = behind;
        int code = rows->step();
        for (; code == SQLITE_ROW; code = rows->step()) {
            const auto id = id_of(rows->text(1));
            behind = rows->integer(0);
            if (pass == 0) {
                note_row(*rows, id, verdict);
                const auto cost = rows->integer(4);
                spend += Spend{cost / 1'000'000'000, cost % 1'000'000'000};
            }
            if (id.low % passes == pass)
                seen.push_back({id, behind});
        }
        if (code != SQLITE_DONE)
            return fail(connection.error("reading"));
        if (behind == before)
            break;
    }
    if (pass == 0)
        verdict.spend_usd = spend.json();
    const auto order = [](const Seen& a, const Seen& b) {
        return std::pair(a.id, a.seq) < std::pair(b.id, b.seq);
    };
    std::sort(seen.begin(), seen.end(), order);
    for (std::size_t i = 1; i < seen.size(); ++i) {
        if (seen[i].id == seen[i - 1].id)
            note(verdict, "ids",
                 row_name(seen[i].seq, seen[i].id) + " has the id of row " +
                     std::to_string(seen[i - 1].seq));
    }
    return {};
}

}  // namespace

Result<void> check_records(sqlite::Connection& connection, const Extent& extent, Verdict& verdict)
{
    const auto passes = static_cast<std::uint64_t>(extent.last_seq / ids_at_once + 1);
    for (std::uint64_t pass = 0; pass < passes; ++pass) {
        if (auto looked = look_for_equals(connection, extent, pass, passes, verdict); !looked)
            return looked;
    }
    return {};
}

Result<void> check_blocks(sqlite::Connection& connection, const Extent& extent, Verdict& verdict)
{
    // The open block has no row yet; its times are not written down. One statement is one moment,
    // so what is retired meanwhile is on one side or on the other.
    auto blocks = connection.prepare(
        "WITH ends AS (SELECT first_seq, last_seq, min_started, max_started FROM blocks "
        "WHERE last_seq <= ?1 UNION ALL SELECT coalesce(max(last_seq), 0) + 1, ?1, "
        "-9223372036854775808, 9223372036854775807 FROM blocks WHERE last_seq <= ?1), "
        "next AS (SELECT * FROM ends WHERE last_seq > ?2 ORDER BY last_seq LIMIT 1) "
        "SELECT first_seq, last_seq, min_started, max_started, "
        "(SELECT count(*) FROM records WHERE seq BETWEEN first_seq AND last_seq), "
        "(SELECT coalesce(sum(requests), 0) FROM retired WHERE retired.first_seq = next.first_seq),"
        "(SELECT count(*) FROM records WHERE seq BETWEEN first_seq AND last_seq AND "
        "(started < min_started OR started > max_started)) FROM next");
    if (!blocks)
        return fail(std::move(blocks).error());
    for (std::int64_t behind = 0;;) {
        const sqlite::Running running{*blocks};
        blocks->bind(1, extent.last_seq);
        blocks->bind(2, behind);
        const int code = blocks->step();
        if (code == SQLITE_DONE)
            return {};
        if (code != SQLITE_ROW)
            return fail(connection.error("reading the blocks"));
        const auto first = blocks->integer(0);
        const auto last = blocks->integer(1);
        const auto retired = blocks->integer(5);
        const auto name =
            "the block of rows " + std::to_string(first) + " to " + std::to_string(last);
        if (first != behind + 1)
            note(verdict, "blocks", name + " does not follow on row " + std::to_string(behind));
        const auto there = blocks->integer(4) + retired;
        if (there != last - first + 1)
            note(verdict, "blocks", name + " has " + std::to_string(there) + " of them");
        if (blocks->integer(6) != 0)
            note(verdict, "blocks", name + " has records of other times than it says");
        verdict.retired += retired;
        behind = std::max(last, behind + 1);
    }
}

}  // namespace spillway::ledger::verification
