#include "spillway/ledger/verify.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "spillway/base/text.hpp"
#include "verify_parts.hpp"

namespace spillway::ledger {
namespace {

/// The first schema version with sums by day.
constexpr std::int64_t first_with_sums = 6;

Error no_ledger(const std::string& path, const std::string& why)
{
    return {Errc::bad_config, "'" + printable(path) + "' is no ledger of this spillway: " + why};
}

Result<sqlite::Connection> open(const std::string& path)
{
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(path, unknown))
        return fail(Errc::bad_config, "there is no ledger at '" + printable(path) + "'");
    auto connection = sqlite::Connection::open(path, sqlite::Access::read);
    if (!connection)
        return connection;
    const auto version = connection->number("SELECT max(version) FROM schema_version");
    if (!version)
        return fail(no_ledger(path, version.error().message()));
    if (*version < first_with_sums)
        return fail(no_ledger(path, "an older version wrote it; start the daemon on it once"));
    // For tables of our own that are not in the ledger.
    if (auto ready = connection->run("PRAGMA query_only=OFF"); !ready)
        return fail(std::move(ready).error());
    return connection;
}

/// SQLite's own look at pages and indexes.
Result<void> check_file(sqlite::Connection& connection, Verdict& verdict)
{
    auto rows = connection.prepare("PRAGMA integrity_check(20)");
    if (!rows)
        return fail(std::move(rows).error());
    int code = rows->step();
    for (; code == SQLITE_ROW; code = rows->step()) {
        if (rows->text(0) != "ok")
            verification::note(verdict, "file", printable(rows->text(0)));
    }
    if (code != SQLITE_DONE)
        verification::note(verdict, "file", connection.error("reading").message());
    return {};
}

}  // namespace

void verification::note(Verdict& verdict, std::string check, std::string what)
{
    if (verdict.findings.size() < most_findings)
        verdict.findings.push_back({std::move(check), std::move(what)});
}

Result<Verdict> verify(const VerifyWish& wish)
{
    auto connection = open(wish.ledger_path);
    if (!connection)
        return fail(std::move(connection).error());
    Verdict verdict;
    if (auto looked = check_file(*connection, verdict); !looked)
        return fail(std::move(looked).error());
    const auto last = connection->number("SELECT coalesce(max(seq), 0) FROM records");
    const auto mark = connection->number("SELECT through_seq FROM rollup_mark");
    if (!last || !mark)
        return fail(connection->error("reading"));
    const verification::Extent extent{std::max(*last, *mark), *mark};
    verdict.rolled_up = *mark;
    for (const auto check : {verification::check_records, verification::check_blocks,
                             verification::check_references}) {
        if (auto looked = check(*connection, extent, verdict); !looked)
            return fail(std::move(looked).error());
    }
    if (auto looked = verification::check_sums(*connection, verdict); !looked)
        return fail(std::move(looked).error());
    if (wish.database_url) {
        auto looked = verification::check_database(*connection, *wish.database_url, verdict);
        if (!looked)
            return fail(std::move(looked).error());
    }
    return verdict;
}

}  // namespace spillway::ledger
