#include "schema.hpp"

#include <array>
#include <string>

namespace spillway::ledger {
namespace {

/// "SWLG": tells our file from any other SQLite database.
constexpr std::int64_t application_id = 0x53574C47;

/// One step each; a step that was released is never edited again.
///
/// `records`: `seq` is the order of insertion, so every insert appends to the table and the time
/// ranges of `blocks` (one row per 1,024 records) replace an index on `started`, which a clock jump
/// cannot fool. `keeper` is written to restart the log and to probe the disk: its ballast stands
/// for a good many records, so that a nearly full disk is not called healthy. Columns of type ANY
/// hold the id of a word (integer) or the text itself.
///
/// The second step drops the index on `id`, which cost a quarter of every insert: an id carries its
/// millisecond, so `blocks` finds it, too (docs/adr/0019).
///
/// `routings` has a row for each record that routing had to decide, and none for the others: those
/// cost what they did before, and sums over `records` need not read past the features.
///
/// The fourth step says who pays: `charged_*` are null where budgets were charged the cost, at the
/// time of the start; word 0 is the empty text.
///
/// `comparisons` are written by shadows (docs/adr/0025): their labels stand apart because several
/// judges may speak of one, their texts because these have an age. `calibrations` is what routing
/// learned of its own counts of tokens.
///
/// `rollups` and its siblings hold the sums of all records up to `rollup_mark`, by day and by what
/// reports ask for (docs/adr/0034). They are kept by the keeper behind the appends. `retired` holds
/// what was taken out by age: of each block and day how many records, and their sums;
/// `retired_charges` what budgets were charged for them.
///
/// `openings` says from when on a budget that is never renewed counts: what is retired of the time
/// before is not in its `retired_charges`.
///
/// `engine` is JSON, null unless a local engine or the queue in front of it told something: what is
/// known differs by engine and grows, and no sum is made of it.
///
/// `told` has a row for everything that was told of a window, once (docs/adr/0045). One with a
/// `message` is still to be told (docs/adr/0048).
constexpr std::array<const char*, 10> migrations{
    R"sql(
CREATE TABLE words (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    started INTEGER NOT NULL,
    call_type ANY NOT NULL,
    key_hash ANY NOT NULL,
    end_user TEXT NOT NULL,
    tags TEXT NOT NULL,
    asked_model ANY NOT NULL,
    model_group ANY NOT NULL,
    deployment ANY NOT NULL,
    provider ANY NOT NULL,
    upstream_model ANY NOT NULL,
    api_base ANY NOT NULL,
    outcome INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error ANY NOT NULL,
    why TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    fallbacks INTEGER NOT NULL,
    streamed INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    usage_source INTEGER NOT NULL,
    cost_nano_usd INTEGER,
    at_least INTEGER NOT NULL,
    queue_ms INTEGER NOT NULL,
    first_token_ms INTEGER,
    total_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX records_id ON records (id);
CREATE TABLE blocks (
    last_seq INTEGER PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    min_started INTEGER NOT NULL,
    max_started INTEGER NOT NULL
) STRICT;
CREATE TABLE shipped (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    through_seq INTEGER NOT NULL
) STRICT;
INSERT INTO shipped VALUES (1, 0);
CREATE TABLE quarantine (
    seq INTEGER PRIMARY KEY,
    sqlstate TEXT NOT NULL,
    error TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE keeper (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    log_restarts INTEGER NOT NULL,
    probes INTEGER NOT NULL,
    ballast BLOB NOT NULL
) STRICT;
INSERT INTO keeper VALUES (1, 0, 0, x'');
)sql",
    R"sql(
DROP INDEX records_id;
)sql",
    R"sql(
CREATE TABLE routings (
    record INTEGER PRIMARY KEY,
    route ANY NOT NULL,
    rule ANY NOT NULL,
    reason TEXT NOT NULL,
    features TEXT NOT NULL,
    kept_local INTEGER NOT NULL,
    scanned INTEGER NOT NULL,
    code_known INTEGER NOT NULL
) STRICT;
)sql",
    R"sql(
ALTER TABLE records ADD COLUMN team_id ANY NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN user_id ANY NOT NULL DEFAULT 0;
ALTER TABLE records ADD COLUMN charged_nano_usd INTEGER;
ALTER TABLE records ADD COLUMN charged_at INTEGER;
ALTER TABLE records ADD COLUMN reference_nano_usd INTEGER;
ALTER TABLE records ADD COLUMN replayed INTEGER NOT NULL DEFAULT 0;
)sql",
    R"sql(
CREATE TABLE comparisons (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    request BLOB NOT NULL,
    at INTEGER NOT NULL,
    route TEXT NOT NULL,
    weak_group TEXT NOT NULL,
    strong_group TEXT NOT NULL,
    served INTEGER NOT NULL,
    features BLOB NOT NULL,
    weight REAL NOT NULL
) STRICT;
CREATE TABLE comparison_labels (
    comparison INTEGER NOT NULL,
    judge INTEGER NOT NULL,
    weak REAL NOT NULL,
    strong REAL NOT NULL,
    certainty REAL NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (comparison, judge)
) STRICT, WITHOUT ROWID;
CREATE TABLE comparison_texts (
    comparison INTEGER PRIMARY KEY,
    expires INTEGER NOT NULL,
    prompt TEXT NOT NULL,
    weak TEXT NOT NULL,
    strong TEXT NOT NULL
) STRICT;
CREATE TABLE calibrations (
    model TEXT PRIMARY KEY,
    histogram TEXT NOT NULL
) STRICT;
)sql",
    R"sql(
CREATE TABLE rollup_mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    through_seq INTEGER NOT NULL
) STRICT;
INSERT INTO rollup_mark VALUES (1, 0);
CREATE TABLE rollups (
    day INTEGER NOT NULL,
    key_hash ANY NOT NULL,
    team_id ANY NOT NULL,
    user_id ANY NOT NULL,
    model ANY NOT NULL,
    model_group ANY NOT NULL,
    deployment ANY NOT NULL,
    provider ANY NOT NULL,
    api_base ANY NOT NULL,
    requests INTEGER NOT NULL,
    served INTEGER NOT NULL,
    replayed INTEGER NOT NULL,
    unknown_costs INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL,
    charged_usd INTEGER NOT NULL,
    charged_nanos INTEGER NOT NULL,
    compared_usd INTEGER NOT NULL,
    compared_nanos INTEGER NOT NULL,
    reference_usd INTEGER NOT NULL,
    reference_nanos INTEGER NOT NULL,
    PRIMARY KEY (day, key_hash, team_id, user_id, model, model_group, deployment, provider, api_base)
) STRICT, WITHOUT ROWID;
CREATE TABLE end_user_rollups (
    day INTEGER NOT NULL,
    end_user TEXT NOT NULL,
    key_hash ANY NOT NULL,
    team_id ANY NOT NULL,
    user_id ANY NOT NULL,
    model ANY NOT NULL,
    requests INTEGER NOT NULL,
    served INTEGER NOT NULL,
    replayed INTEGER NOT NULL,
    unknown_costs INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL,
    charged_usd INTEGER NOT NULL,
    charged_nanos INTEGER NOT NULL,
    compared_usd INTEGER NOT NULL,
    compared_nanos INTEGER NOT NULL,
    reference_usd INTEGER NOT NULL,
    reference_nanos INTEGER NOT NULL,
    PRIMARY KEY (day, end_user, key_hash, team_id, user_id, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE tag_rollups (
    day INTEGER NOT NULL,
    tag TEXT NOT NULL,
    key_hash ANY NOT NULL,
    team_id ANY NOT NULL,
    user_id ANY NOT NULL,
    model ANY NOT NULL,
    requests INTEGER NOT NULL,
    served INTEGER NOT NULL,
    replayed INTEGER NOT NULL,
    unknown_costs INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL,
    charged_usd INTEGER NOT NULL,
    charged_nanos INTEGER NOT NULL,
    compared_usd INTEGER NOT NULL,
    compared_nanos INTEGER NOT NULL,
    reference_usd INTEGER NOT NULL,
    reference_nanos INTEGER NOT NULL,
    PRIMARY KEY (day, tag, key_hash, team_id, user_id, model)
) STRICT, WITHOUT ROWID;
CREATE TABLE retired (
    first_seq INTEGER NOT NULL,
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    served INTEGER NOT NULL,
    replayed INTEGER NOT NULL,
    unknown_costs INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    cost_usd INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL,
    charged_usd INTEGER NOT NULL,
    charged_nanos INTEGER NOT NULL,
    compared_usd INTEGER NOT NULL,
    compared_nanos INTEGER NOT NULL,
    reference_usd INTEGER NOT NULL,
    reference_nanos INTEGER NOT NULL,
    PRIMARY KEY (first_seq, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE retired_charges (
    scope TEXT NOT NULL,
    name ANY NOT NULL,
    charged_usd INTEGER NOT NULL,
    charged_nanos INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
CREATE TABLE openings (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (scope, name)
) STRICT, WITHOUT ROWID;
)sql",
    R"sql(
ALTER TABLE records ADD COLUMN engine TEXT;
)sql",
    R"sql(
CREATE TABLE told (
    what TEXT NOT NULL,
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    period TEXT NOT NULL,
    began INTEGER NOT NULL,
    ends INTEGER,
    PRIMARY KEY (what, scope, name, period, began)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_ends ON told (ends);
)sql",
    R"sql(
ALTER TABLE told ADD COLUMN line TEXT;
ALTER TABLE told ADD COLUMN message TEXT;
)sql",
};

Result<void> in_transaction(sqlite::Connection& connection, const std::string& sql)
{
    auto done = connection.run("BEGIN IMMEDIATE;" + sql + "COMMIT;");
    if (!done && sqlite3_get_autocommit(connection.raw()) == 0) {
        (void)connection.run("ROLLBACK");
    }
    return done;
}

Result<void> claim_empty_file(sqlite::Connection& connection)
{
    return in_transaction(connection,
                          "PRAGMA application_id=" + std::to_string(application_id) +
                              ";CREATE TABLE IF NOT EXISTS schema_version (version INTEGER "
                              "PRIMARY KEY, applied TEXT NOT NULL) STRICT;");
}

}  // namespace

Result<void> migrate(sqlite::Connection& connection)
{
    auto owner = connection.number("PRAGMA application_id");
    if (!owner) {
        return fail(std::move(owner).error());
    }
    if (*owner != application_id) {
        auto tables = connection.number("SELECT count(*) FROM sqlite_schema");
        if (!tables) {
            return fail(std::move(tables).error());
        }
        if (*owner != 0 || *tables != 0) {
            return fail(Errc::bad_config,
                        "ledger: the file is a SQLite database of another application");
        }
        if (auto claimed = claim_empty_file(connection); !claimed) {
            return claimed;
        }
    }
    auto version = connection.number("SELECT max(version) FROM schema_version");
    if (!version) {
        return fail(std::move(version).error());
    }
    if (*version > static_cast<std::int64_t>(migrations.size())) {
        return fail(Errc::bad_config, "ledger: the file has schema version " +
                                          std::to_string(*version) + ", this spillway knows " +
                                          std::to_string(migrations.size()) +
                                          "; use a newer spillway or another ledger.path");
    }
    for (auto next = static_cast<std::size_t>(*version); next < migrations.size(); ++next) {
        auto applied =
            in_transaction(connection, migrations.at(next) +
                                           std::string{"INSERT INTO schema_version "
                                                       "VALUES ("} +
                                           std::to_string(next + 1) + ", datetime('now'));");
        if (!applied) {
            return applied;
        }
    }
    return {};
}

}  // namespace spillway::ledger
