#include "spillway/ledger/instance_id.hpp"

#include "spillway/base/clock.hpp"
#include "spillway/base/ids.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

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

}  // namespace spillway::ledger
