#include "spillway/postgres/parts.hpp"

#include <charconv>

namespace spillway::postgres {

namespace {

/// Any number that nobody else locks; the ledger's own tables have another one.
constexpr const char* lock = "SELECT pg_advisory_xact_lock(1936747885)";

Outcome<std::size_t> version_of(Session& session, const std::string& part)
{
    // Asked first, because creating what exists needs rights that reading does not.
    auto exists = session.ask("SELECT to_regclass('spillway_parts')", {});
    if (!exists)
        return tl::make_unexpected(std::move(exists).error());
    if (!*exists)
        return 0;
    auto text = session.ask("SELECT version FROM spillway_parts WHERE part = $1", {part});
    if (!text)
        return tl::make_unexpected(std::move(text).error());
    std::size_t version = 0;
    if (*text)
        std::from_chars((*text)->data(), (*text)->data() + (*text)->size(), version);
    return version;
}

Outcome<void> upgrade(Session& session, const std::string& part, std::span<const char* const> steps)
{
    auto done = session.run("BEGIN");
    if (done)
        done = session.run(lock);
    if (done)
        done = session.run(
            "CREATE TABLE IF NOT EXISTS spillway_parts (part text PRIMARY KEY, version integer NOT "
            "NULL)");
    if (!done)
        return done;
    // Another daemon may have done the work while this one waited for the lock.
    const auto version = version_of(session, part);
    if (!version)
        return tl::make_unexpected(version.error());
    for (auto next = *version; next < steps.size(); ++next)
        if (done = session.run(steps[next]); !done)
            return done;
    auto noted = session.ask(
        "INSERT INTO spillway_parts (part, version) VALUES ($1, $2::int) "
        "ON CONFLICT (part) DO UPDATE SET version = excluded.version",
        {part, std::to_string(steps.size())});
    if (!noted)
        return tl::make_unexpected(std::move(noted).error());
    return session.run("COMMIT");
}

}  // namespace

Outcome<void> bring_up_to_date(Session& session, const std::string& part,
                               std::span<const char* const> steps)
{
    const auto version = version_of(session, part);
    if (!version)
        return tl::make_unexpected(version.error());
    if (*version > steps.size()) {
        return tl::make_unexpected(
            Trouble{"", "the database has version " + std::to_string(*version) +
                            " of the tables for " + part + ", this spillway knows " +
                            std::to_string(steps.size()) + "; use a newer spillway"});
    }
    return *version == steps.size() ? Outcome<void>{} : upgrade(session, part, steps);
}

}  // namespace spillway::postgres
