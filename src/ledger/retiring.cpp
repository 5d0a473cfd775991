#include "retiring.hpp"

#include <algorithm>
#include <string>

#include "cubes.hpp"
#include "retired_charges.hpp"

namespace spillway::ledger {
namespace {

/// Old enough, by the start and by the moment that chose a budget's period.
std::string too_old(const std::string& before)
{
    return "max(started, coalesce(charged_at, started)) < " + before +
           " AND seq NOT IN (SELECT seq FROM quarantine)";
}

bool run(sqlite::Statement& statement)
{
    const sqlite::Running running{statement};
    return statement.step() == SQLITE_DONE;
}

}  // namespace

Result<Retiring> Retiring::prepare(sqlite::Connection& connection)
{
    Retiring retiring;
    const auto ready = [&](const std::string& sql, sqlite::Statement& into) {
        auto statement = connection.prepare(sql);
        if (statement)
            into = std::move(*statement);
        return statement.has_value();
    };
    const bool all =
        ready(
            "SELECT first_seq, last_seq FROM blocks WHERE last_seq > ?1 AND min_started < ?2 AND "
            "first_seq <= ?3 ORDER BY last_seq LIMIT 1",
            retiring.next_block_) &&
        ready("SELECT coalesce(max(last_seq), 0) + 1 FROM blocks", retiring.tail_) &&
        ready(retire_sql(too_old("?4")), retiring.sum_) &&
        ready(
            "DELETE FROM routings WHERE record BETWEEN ?1 AND ?2 AND record IN "
            "(SELECT seq FROM records WHERE seq BETWEEN ?1 AND ?2 AND " +
                too_old("?3") + ")",
            retiring.drop_routings_) &&
        ready("DELETE FROM records WHERE seq BETWEEN ?1 AND ?2 AND " + too_old("?3"),
              retiring.drop_) &&
        // Of a block without records no time is known, so that no question looks there.
        ready(
            "UPDATE blocks SET (min_started, max_started) = (SELECT "
            "coalesce(min(started), 9223372036854775807), "
            "coalesce(max(started), -9223372036854775808) FROM records WHERE seq BETWEEN "
            "blocks.first_seq AND blocks.last_seq) WHERE last_seq = ?1",
            retiring.narrow_);
    bool ready_to_sum = all;
    for (const auto& sql : retire_charges_sql(too_old("?4")))
        ready_to_sum = ready_to_sum && ready(sql, retiring.charges_.emplace_back());
    if (!ready_to_sum)
        return fail(connection.error("preparing retention"));
    return retiring;
}

Result<bool> Retiring::find_place(sqlite::Connection& connection, std::int64_t before,
                                  std::int64_t through)
{
    if (place_)
        return true;
    {
        const sqlite::Running running{next_block_};
        next_block_.bind(1, looked_through_);
        next_block_.bind(2, before);
        next_block_.bind(3, through);
        const int code = next_block_.step();
        if (code == SQLITE_ROW) {
            const auto first = next_block_.integer(0);
            place_ = Place{first, first, next_block_.integer(1), true};
            return true;
        }
        if (code != SQLITE_DONE)
            return fail(connection.error("looking for old records"));
    }
    if (tail_done_) {
        looked_through_ = 0;
        tail_done_ = false;
        return false;
    }
    tail_done_ = true;
    const sqlite::Running running{tail_};
    if (tail_.step() != SQLITE_ROW)
        return fail(connection.error("looking for old records"));
    const auto first = tail_.integer(0);
    place_ = Place{first, first, std::max(first, through), false};
    return true;
}

Result<std::optional<std::int64_t>> Retiring::step(sqlite::Connection& connection,
                                                   std::int64_t before, std::int64_t through)
{
    auto found = find_place(connection, before, through);
    if (!found)
        return fail(std::move(found).error());
    if (!*found)
        return std::nullopt;
    auto& place = *place_;
    const SeqRange range{place.next, std::min({place.next + chunk - 1, place.last, through})};
    std::int64_t taken = 0;
    if (range.first <= range.last) {
        if (!take_out(connection, range, before, taken)) {
            auto error = connection.error("taking out old records");
            if (sqlite3_get_autocommit(connection.raw()) == 0)
                (void)connection.run("ROLLBACK");
            return fail(std::move(error));
        }
    }
    place.next = range.last + 1;
    if (range.last >= std::min(place.last, through)) {
        if (place.closed)
            looked_through_ = place.last;
        place_.reset();
    }
    return taken;
}

bool Retiring::take_out(sqlite::Connection& connection, SeqRange range, std::int64_t before,
                        std::int64_t& taken)
{
    sum_.bind(1, place_->block_first);
    const auto restrict = [&](sqlite::Statement& statement) {
        statement.bind(2, range.first);
        statement.bind(3, range.last);
        statement.bind(4, before);
    };
    restrict(sum_);
    for (auto& charges : charges_)
        restrict(charges);
    for (auto* statement : {&drop_routings_, &drop_}) {
        statement->bind(1, range.first);
        statement->bind(2, range.last);
        statement->bind(3, before);
    }
    if (!connection.run("BEGIN IMMEDIATE") || !run(sum_) ||
        !std::all_of(charges_.begin(), charges_.end(), run) || !run(drop_routings_) ||
        !run(drop_)) {
        return false;
    }
    taken = sqlite3_changes64(connection.raw());
    return narrow_block() && connection.run("COMMIT").has_value();
}

bool Retiring::narrow_block()
{
    if (!place_->closed)
        return true;
    narrow_.bind(1, place_->last);
    return run(narrow_);
}

}  // namespace spillway::ledger
