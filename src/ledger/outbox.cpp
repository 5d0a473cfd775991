#include "outbox.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"

namespace spillway::ledger {

Result<Outbox> Outbox::open(const std::string& path)
{
    const auto identity = identity_of(path);
    auto connection = sqlite::Connection::open(path, sqlite::Access::write);
    if (!connection) {
        return fail(std::move(connection).error());
    }
    // Losing the mark in a power cut means delivering again; waiting for the disk with the
    // writers' lock held would stop the shards.
    if (auto set = connection->run("PRAGMA synchronous=NORMAL"); !set) {
        return fail(std::move(set).error());
    }
    auto reader = RecordReader::open(*connection);
    if (!reader) {
        return fail(std::move(reader).error());
    }
    Outbox outbox{path, std::move(*connection), std::move(*reader)};
    outbox.identity_ = identity;
    if (auto loaded = outbox.load(); !loaded) {
        return fail(std::move(loaded).error());
    }
    return outbox;
}

Result<void> Outbox::load()
{
    auto select = connection_.prepare(select_records() + " WHERE seq > ?1 ORDER BY seq LIMIT ?2");
    auto last = connection_.prepare("SELECT coalesce(max(seq), 0) FROM records");
    auto mark = connection_.prepare("UPDATE shipped SET through_seq = ?1");
    auto through = connection_.number("SELECT through_seq FROM shipped");
    auto refused = connection_.number("SELECT count(*) FROM quarantine");
    if (!select || !last || !mark || !through || !refused) {
        return fail(connection_.error("opening the outbox"));
    }
    select_ = std::move(*select);
    last_ = std::move(*last);
    mark_ = std::move(*mark);
    through_ = saved_ = *through;
    quarantined_ = static_cast<std::uint64_t>(*refused);
    return {};
}

Result<std::uint64_t> Outbox::waiting()
{
    const sqlite::Running running{last_};
    if (last_.step() != SQLITE_ROW) {
        return fail(connection_.error("counting"));
    }
    return static_cast<std::uint64_t>(std::max<std::int64_t>(last_.integer(0) - through_, 0));
}

Result<std::vector<Parcel>> Outbox::next(int most)
{
    std::vector<Parcel> parcels;
    const sqlite::Running running{select_};
    select_.bind(1, through_);
    select_.bind(2, most);
    int code = select_.step();
    for (; code == SQLITE_ROW; code = select_.step()) {
        parcels.push_back({select_.integer(0), reader_.read(select_)});
    }
    if (code != SQLITE_DONE) {
        return fail(connection_.error("reading the outbox"));
    }
    return parcels;
}

Result<void> Outbox::delivered(std::int64_t seq, std::span<const Refusal> refusals)
{
    if (!refusals.empty() && !quarantine(refusals)) {
        auto error = connection_.error("setting rows aside");
        (void)connection_.run("ROLLBACK");
        return fail(std::move(error));
    }
    through_ = seq;
    quarantined_ += refusals.size();
    return {};
}

bool Outbox::quarantine(std::span<const Refusal> refusals)
{
    const std::string now = rfc3339(SystemClock{}.wall());
    auto insert = connection_.prepare(
        "INSERT OR REPLACE INTO quarantine (seq, sqlstate, error, at)"
        " VALUES (?1, ?2, ?3, ?4)");
    if (!insert || !connection_.run("BEGIN IMMEDIATE")) {
        return false;
    }
    for (const auto& refusal : refusals) {
        insert->bind(1, refusal.seq);
        insert->bind(2, refusal.sqlstate);
        insert->bind(3, refusal.error);
        insert->bind(4, now);
        if (insert->step() != SQLITE_DONE) {
            return false;
        }
        insert->reset();
    }
    return connection_.run("COMMIT").has_value();
}

Result<void> Outbox::save()
{
    if (saved_ == through_) {
        return {};
    }
    const sqlite::Running running{mark_};
    mark_.bind(1, through_);
    if (mark_.step() != SQLITE_DONE) {
        return fail(connection_.error("marking what was shipped"));
    }
    saved_ = through_;
    return {};
}

}  // namespace spillway::ledger
