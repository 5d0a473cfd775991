#include "spillway/ledger/instance_id.hpp"

#include "spillway/base/clock.hpp"
#include "spillway/base/ids.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

namespace {

/// The ledger, with the table of how many there are: as that of the id, beside the schema.
Result<sqlite::Connection> open_count(const std::string& ledger_path)
{
    auto opened = sqlite::Connection::open(ledger_path, sqlite::Access::write);
    if (!opened)
        return opened;
    if (auto made = opened->run("CREATE TABLE IF NOT EXISTS instances (one INTEGER PRIMARY KEY "
                                "CHECK (one = 1), usual INTEGER NOT NULL) STRICT");
        !made)
        return fail(std::move(made).error());
    return opened;
}

}  // namespace

Result<std::string> instance_id(const std::string& ledger_path)
{
    auto opened = sqlite::Connection::open(ledger_path, sqlite::Access::write);
    if (!opened)
        return fail(std::move(opened).error());
    // Beside the steps of the schema: a ledger that nobody shares never has it.
    if (auto made = opened->run("CREATE TABLE IF NOT EXISTS instance (one INTEGER PRIMARY KEY "
                                "CHECK (one = 1), id TEXT NOT NULL) STRICT");
        !made)
        return fail(std::move(made).error());
    auto insert = opened->prepare("INSERT INTO instance VALUES (1, ?) ON CONFLICT DO NOTHING");
    if (!insert)
        return fail(std::move(insert).error());
    const auto fresh = RequestIdMaker(random_seed()).next(SystemClock().wall()).text();
    insert->bind(1, std::string_view(fresh));
    const bool done = insert->step() == SQLITE_DONE;
    insert->reset();
    if (!done)
        return fail(opened->error("naming the instance"));
    return opened->text("SELECT id FROM instance");
}

Result<std::optional<std::size_t>> known_instances(const std::string& ledger_path)
{
    auto opened = open_count(ledger_path);
    if (!opened)
        return fail(std::move(opened).error());
    const auto number = opened->number("SELECT coalesce(max(usual), 0) FROM instances");
    if (!number)
        return fail(number.error());
    return *number > 0 ? std::optional(static_cast<std::size_t>(*number)) : std::nullopt;
}

Result<void> note_instances(const std::string& ledger_path, std::size_t number)
{
    auto opened = open_count(ledger_path);
    if (!opened)
        return fail(std::move(opened).error());
    return opened->run("INSERT OR REPLACE INTO instances VALUES (1, " + std::to_string(number) +
                       ")");
}

}  // namespace spillway::ledger
