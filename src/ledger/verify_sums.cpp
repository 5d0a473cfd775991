#include <algorithm>
#include <string>

#include "cubes.hpp"
#include "spillway/base/text.hpp"
#include "verify_parts.hpp"

namespace spillway::ledger::verification {
namespace {

constexpr std::int64_t rows_at_once = 4'096;
/// Retention may take rows out while they are added up; then it is done again.
constexpr int most_attempts = 3;

std::string key_columns(const Cube& cube)
{
    std::string keys;
    for (const auto& column : cube.columns)
        keys.append(keys.empty() ? "" : ", ").append(column.name);
    return keys;
}

/// Copies what the ledger says, at one moment, and makes room for what the records say.
Result<std::int64_t> take_copies(sqlite::Connection& connection)
{
    std::string sql = "BEGIN;";
    for (const auto& cube : cubes()) {
        const std::string table{cube.table};
        for (const auto* kind : {"said_", "page_", "found_"})
            sql += "DROP TABLE IF EXISTS temp." + (kind + table) + ";";
        sql += "CREATE TABLE temp.said_" + table + " AS SELECT * FROM main." + table + ";";
        for (const auto* kind : {"page_", "found_"})
            sql += "CREATE TABLE temp." + (kind + table) + " AS SELECT * FROM main." + table +
                   " LIMIT 0;";
        sql += "CREATE UNIQUE INDEX temp.found_" + table + "_keys ON found_" + table + " (" +
               key_columns(cube) + ");";
    }
    sql +=
        "DROP TABLE IF EXISTS temp.said_retired;"
        "CREATE TABLE temp.said_retired AS SELECT * FROM main.retired;"
        "DROP TABLE IF EXISTS temp.said_mark;"
        "CREATE TABLE temp.said_mark AS SELECT through_seq FROM main.rollup_mark;COMMIT;";
    if (auto copied = connection.run(sql); !copied) {
        if (sqlite3_get_autocommit(connection.raw()) == 0)
            (void)connection.run("ROLLBACK");
        return fail(std::move(copied).error());
    }
    return connection.number("SELECT through_seq FROM temp.said_mark");
}

Result<void> add_up(sqlite::Connection& connection, std::int64_t through)
{
    for (const auto& cube : cubes()) {
        const std::string table{cube.table};
        auto fold = connection.prepare(fold_sql(cube, "temp.page_" + table));
        auto merge =
            connection.prepare(merge_sql(cube, "temp.found_" + table, "temp.page_" + table));
        auto clear = connection.prepare("DELETE FROM temp.page_" + table);
        if (!fold || !merge || !clear)
            return fail(connection.error("adding up"));
        for (std::int64_t first = 1; first <= through; first += rows_at_once) {
            fold->bind(1, first);
            fold->bind(2, std::min(first + rows_at_once - 1, through));
            for (auto* statement : {&*clear, &*fold, &*merge}) {
                const sqlite::Running running{*statement};
                if (statement->step() != SQLITE_DONE)
                    return fail(connection.error("adding up"));
            }
        }
    }
    return {};
}

/// Compares, but for days of which records were retired: those are compared as a whole.
Result<void> compare(sqlite::Connection& connection, const Cube& cube, Verdict& verdict)
{
    const std::string table{cube.table};
    const auto one_way = [&](const std::string& a, const std::string& b) {
        return "SELECT day FROM (SELECT * FROM temp." + a + table + " EXCEPT SELECT * FROM temp." +
               b + table + ") WHERE day NOT IN (SELECT day FROM temp.said_retired)";
    };
    auto rows =
        connection.prepare("SELECT DISTINCT day FROM (" + one_way("said_", "found_") +
                           " UNION ALL " + one_way("found_", "said_") + ") ORDER BY day LIMIT 10");
    if (!rows)
        return fail(std::move(rows).error());
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step())
        note(verdict, "sums",
             table + " of " + day_text(rows->integer(0)) + " are not those of the records");
    return code == SQLITE_DONE ? Result<void>{} : fail(connection.error("comparing"));
}

/// The sums of whole days, of which some records are gone and theirs kept.
Result<void> compare_days(sqlite::Connection& connection, Verdict& verdict)
{
    const auto& names = measure_names();
    auto rows = connection.prepare(
        "SELECT day FROM (SELECT day, " + sums_columns() +
        " FROM temp.said_rollups GROUP BY day "
        "EXCEPT SELECT day, " +
        sums_columns() + " FROM (SELECT day, " + names +
        " FROM temp.found_rollups UNION ALL SELECT day, " + names +
        " FROM temp.said_retired) GROUP BY day) WHERE day IN (SELECT day FROM temp.said_retired) "
        "ORDER BY day LIMIT 10");
    if (!rows)
        return fail(std::move(rows).error());
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step())
        note(verdict, "sums",
             "rollups of " + day_text(rows->integer(0)) +
                 " are not those of the records and of what was retired");
    return code == SQLITE_DONE ? Result<void>{} : fail(connection.error("comparing"));
}

/// What budgets were charged for retired records, by the two places that say so.
Result<void> compare_charges(sqlite::Connection& connection, Verdict& verdict)
{
    const auto differ = connection.number(
        "SELECT (SELECT coalesce(sum(charged_usd), 0) FROM main.retired) <> "
        "(SELECT coalesce(sum(charged_usd), 0) FROM main.retired_charges WHERE scope = 'proxy') OR "
        "(SELECT coalesce(sum(charged_nanos), 0) FROM main.retired) <> "
        "(SELECT coalesce(sum(charged_nanos), 0) FROM main.retired_charges WHERE scope = 'proxy')");
    if (!differ)
        return fail(differ.error());
    if (*differ != 0)
        note(verdict, "sums", "the charges of what was retired are not those of its days");
    return {};
}

}  // namespace

Result<void> check_sums(sqlite::Connection& connection, Verdict& verdict)
{
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        const auto through = take_copies(connection);
        if (!through)
            return fail(through.error());
        if (auto added = add_up(connection, *through); !added)
            return added;
        const auto changed = connection.number(
            "SELECT (SELECT coalesce(sum(requests), 0) FROM main.retired) - "
            "(SELECT coalesce(sum(requests), 0) FROM temp.said_retired)");
        if (!changed)
            return fail(changed.error());
        if (*changed != 0)
            continue;
        for (const auto& cube : cubes()) {
            if (auto compared = compare(connection, cube, verdict); !compared)
                return compared;
        }
        if (auto compared = compare_days(connection, verdict); !compared)
            return compared;
        return compare_charges(connection, verdict);
    }
    return fail(Errc::ledger_unavailable,
                "old records are being taken out while the sums are checked; try again later");
}

}  // namespace spillway::ledger::verification
