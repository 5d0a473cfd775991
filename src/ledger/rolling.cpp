#include "rolling.hpp"

#include <algorithm>
#include <string>

#include "cubes.hpp"

namespace spillway::ledger {
namespace {

bool run(sqlite::Statement& statement)
{
    const sqlite::Running running{statement};
    return statement.step() == SQLITE_DONE;
}

}  // namespace

Result<Rolling> Rolling::prepare(sqlite::Connection& connection)
{
    Rolling rolling;
    const auto ready = [&](const std::string& sql, sqlite::Statement& into) {
        auto statement = connection.prepare(sql);
        if (statement)
            into = std::move(*statement);
        return statement.has_value();
    };
    bool all = true;
    for (const auto& cube : cubes()) {
        const std::string table{cube.table};
        const std::string own = "temp.fresh_" + table;
        all = all && connection
                         .run("CREATE TABLE IF NOT EXISTS " + own + " AS SELECT * FROM main." +
                              table + " LIMIT 0")
                         .has_value();
        auto& next = rolling.tables_.emplace_back();
        all = all && ready(fold_sql(cube, own), next.fold) &&
              ready(merge_sql(cube, "main." + table, own), next.merge) &&
              ready("DELETE FROM " + own, next.clear);
    }
    all = all && ready("SELECT coalesce(max(seq), 0) FROM records", rolling.newest_) &&
          ready("BEGIN IMMEDIATE", rolling.begin_) &&
          ready("UPDATE rollup_mark SET through_seq = ?1", rolling.mark_) &&
          ready("COMMIT", rolling.commit_);
    const auto through = connection.number("SELECT through_seq FROM rollup_mark");
    if (!all || !through)
        return fail(connection.error("preparing the sums"));
    rolling.through_ = *through;
    return rolling;
}

Result<std::int64_t> Rolling::step(sqlite::Connection& connection)
{
    std::int64_t last = 0;
    {
        const sqlite::Running running{newest_};
        if (newest_.step() != SQLITE_ROW)
            return fail(connection.error("adding up"));
        last = std::min(newest_.integer(0), through_ + chunk);
    }
    if (last <= through_)
        return 0;
    if (!fold(through_ + 1, last) || !merge(last)) {
        auto error = connection.error("adding up");
        if (sqlite3_get_autocommit(connection.raw()) == 0)
            (void)connection.run("ROLLBACK");
        return fail(std::move(error));
    }
    const auto added = last - through_;
    through_ = last;
    return added;
}

bool Rolling::fold(std::int64_t first, std::int64_t last)
{
    return std::all_of(tables_.begin(), tables_.end(), [&](Table& table) {
        table.fold.bind(1, first);
        table.fold.bind(2, last);
        // What an attempt left that failed is not counted twice.
        return run(table.clear) && run(table.fold);
    });
}

bool Rolling::merge(std::int64_t last)
{
    mark_.bind(1, last);
    return run(begin_) &&
           std::all_of(tables_.begin(), tables_.end(),
                       [](Table& table) { return run(table.merge); }) &&
           run(mark_) && run(commit_);
}

}  // namespace spillway::ledger
