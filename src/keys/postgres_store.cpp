#include "spillway/keys/postgres_store.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/postgres/dialer.hpp"
#include "spillway/postgres/parts.hpp"

namespace spillway::keys {
namespace {

using postgres::Outcome;
using postgres::Trouble;

constexpr std::chrono::milliseconds patience{3'000};
/// A removed row tells others that it is gone; these many of the latest are enough for anybody who
/// looks every second.
constexpr Version remembered_removals = 10'000;

/// All keys are in memory, so there are not more.
constexpr std::size_t most_rows = 10'000'000;

constexpr std::array<const char*, 1> steps{
    R"sql(
CREATE TABLE spillway_keys_record (
    kind text NOT NULL,
    id text NOT NULL,
    version bigint NOT NULL,
    body text NOT NULL,
    removed boolean NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX spillway_keys_record_version ON spillway_keys_record (version);
CREATE TABLE spillway_keys_version (
    one integer PRIMARY KEY CHECK (one = 1),
    version bigint NOT NULL,
    forgotten bigint NOT NULL
);
INSERT INTO spillway_keys_version VALUES (1, 0, 0);
)sql",
};

/// Writers take turns at this row, so that versions are committed in their order.
constexpr const char* newest_and_lock =
    "SELECT version FROM spillway_keys_version WHERE one = 1 FOR UPDATE";
constexpr const char* newest = "SELECT version, forgotten FROM spillway_keys_version";
constexpr const char* all_rows =
    "SELECT kind, id, version, body, removed FROM spillway_keys_record WHERE NOT removed";
constexpr const char* later_rows =
    "SELECT kind, id, version, body, removed FROM spillway_keys_record WHERE version > $1::bigint "
    "ORDER BY version";
constexpr const char* version_of_row =
    "SELECT version FROM spillway_keys_record WHERE kind = $1 AND id = $2 AND NOT removed";
constexpr const char* put_row =
    "INSERT INTO spillway_keys_record (kind, id, version, body, removed) "
    "VALUES ($1, $2, $3::bigint, $4, $5::boolean) ON CONFLICT (kind, id) DO UPDATE SET "
    "version = excluded.version, body = excluded.body, removed = excluded.removed";
constexpr const char* count_up =
    "UPDATE spillway_keys_version SET version = $1::bigint, "
    "forgotten = greatest(forgotten, $2::bigint)";
constexpr const char* forget =
    "DELETE FROM spillway_keys_record WHERE removed AND version <= $1::bigint";

std::int64_t number(const std::optional<std::string>& text)
{
    std::int64_t value = 0;
    if (text)
        std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

Error changed(const Write& write)
{
    return {Errc::changed_meanwhile,
            "the " + std::string(word(write.kind)) + " '" + printable(write.id, 80) +
                "' was changed by another call meanwhile; nothing was written, try again"};
}

class PostgresStore final : public Store {
public:
    PostgresStore(Secret url, std::shared_ptr<EventDescriptor> stop)
        : dialer_(std::move(url)), stop_(std::move(stop))
    {}

    [[nodiscard]] Result<Contents> load() override { return read(std::nullopt); }
    [[nodiscard]] Result<Contents> changed_since(Version version) override { return read(version); }
    [[nodiscard]] Result<Version> commit(std::span<const Write> writes) override;

private:
    [[nodiscard]] Result<void> connect();
    [[nodiscard]] Result<Contents> read(std::optional<Version> since);
    [[nodiscard]] Result<Contents> read_rows(std::optional<Version> since);
    [[nodiscard]] Result<Version> write_all(std::span<const Write> writes);
    [[nodiscard]] Result<void> write_one(const Write& write, Version version);
    [[nodiscard]] tl::unexpected<Error> trouble(Trouble trouble);

    postgres::Dialer dialer_;
    std::shared_ptr<EventDescriptor> stop_;
    std::optional<postgres::Session> session_;
    bool broken_ = false;  ///< The session is in no state to go on with.
};

/// A server that refuses a value says so; everything else is a server that cannot be used now.
tl::unexpected<Error> PostgresStore::trouble(Trouble trouble)
{
    broken_ = true;
    if (postgres::remedy_for(trouble.sqlstate) == postgres::Remedy::set_aside)
        return fail(Errc::invalid_request, "PostgreSQL refuses it: " + trouble.message);
    return fail(Errc::database_unavailable, "PostgreSQL: " + trouble.message);
}

Result<void> PostgresStore::connect()
{
    if (std::exchange(broken_, false))
        session_.reset();
    if (session_)
        return {};
    auto session = dialer_.dial(stop_->descriptor());
    if (!session)
        return fail(Errc::database_unavailable, "PostgreSQL: " + session.error().message);
    session->set_patience(patience);
    if (auto ready = postgres::bring_up_to_date(*session, "keys", steps); !ready)
        return fail(Errc::database_unavailable, "PostgreSQL: " + ready.error().message);
    session_.emplace(std::move(*session));
    return {};
}

Result<Store::Contents> PostgresStore::read(std::optional<Version> since)
{
    if (auto connected = connect(); !connected)
        return fail(std::move(connected).error());
    // One state of all rows.
    if (auto begun = session_->run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); !begun)
        return trouble(begun.error());
    auto contents = read_rows(since);
    if (!contents) {
        broken_ = true;
        return contents;
    }
    if (auto done = session_->run("COMMIT"); !done)
        return trouble(done.error());
    return contents;
}

Result<Store::Contents> PostgresStore::read_rows(std::optional<Version> since)
{
    const auto version = session_->rows(newest, {}, 1);
    if (!version)
        return trouble(version.error());
    if (version->empty())
        return fail(Errc::database_unavailable, "PostgreSQL: the tables of keys were emptied");
    Contents contents;
    contents.version = number(version->front()[0]);
    const bool remembered = since && *since >= number(version->front()[1]);
    contents.extent = remembered ? Contents::Extent::changes : Contents::Extent::all;
    if (remembered && *since == contents.version)
        return contents;
    const auto rows = remembered ? session_->rows(later_rows, {std::to_string(*since)}, most_rows)
                                 : session_->rows(all_rows, {}, most_rows);
    if (!rows)
        return trouble(rows.error());
    for (const auto& row : *rows) {
        const auto kind = parse_kind(row[0].value_or(""));
        if (!kind)
            return fail(Errc::database_unavailable, "PostgreSQL holds records of a newer spillway");
        Row read{*kind, row[1].value_or(""), number(row[2]), std::nullopt};
        if (row[4] == "f")
            read.body = row[3];
        contents.rows.push_back(std::move(read));
    }
    return contents;
}

Result<Version> PostgresStore::commit(std::span<const Write> writes)
{
    for (const auto& write : writes)
        if (write.id.find('\0') != std::string::npos)
            return fail(Errc::invalid_request, "a name with a NUL byte cannot be stored");
    if (auto connected = connect(); !connected)
        return fail(std::move(connected).error());
    if (auto begun = session_->run("BEGIN ISOLATION LEVEL READ COMMITTED;"
                                   "SET LOCAL lock_timeout = '2s';"
                                   "SET LOCAL idle_in_transaction_session_timeout = '3s'");
        !begun)
        return trouble(begun.error());
    auto version = write_all(writes);
    if (!version) {
        broken_ = !session_->run("ROLLBACK");
        return version;
    }
    if (auto done = session_->run("COMMIT"); !done)
        return trouble(done.error());
    return version;
}

Result<Version> PostgresStore::write_all(std::span<const Write> writes)
{
    const auto before = session_->ask(newest_and_lock, {});
    if (!before)
        return trouble(before.error());
    const auto version = number(*before) + 1;
    for (const auto& write : writes)
        if (auto written = write_one(write, version); !written)
            return fail(std::move(written).error());
    const auto forgotten = std::to_string(std::max<Version>(0, version - remembered_removals));
    if (auto counted = session_->ask(count_up, {std::to_string(version), forgotten}); !counted)
        return trouble(counted.error());
    if (auto done = session_->ask(forget, {forgotten}); !done)
        return trouble(done.error());
    if (auto told =
            session_->ask("SELECT pg_notify($1, $2)", {"spillway_keys", std::to_string(version)});
        !told)
        return trouble(told.error());
    return version;
}

Result<void> PostgresStore::write_one(const Write& write, Version version)
{
    const std::string kind(word(write.kind));
    const auto now = session_->ask(version_of_row, {kind, write.id});
    if (!now)
        return trouble(now.error());
    if (number(*now) != write.read)
        return fail(changed(write));
    auto put = session_->ask(put_row, {kind, write.id, std::to_string(version),
                                       write.body.value_or(""), write.body ? "f" : "t"});
    if (!put)
        return trouble(put.error());
    return {};
}

}  // namespace

std::unique_ptr<Store> make_postgres_store(Secret database_url,
                                           std::shared_ptr<EventDescriptor> stop)
{
    return std::make_unique<PostgresStore>(std::move(database_url), std::move(stop));
}

}  // namespace spillway::keys
