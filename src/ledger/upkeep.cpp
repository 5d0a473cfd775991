#include "spillway/ledger/upkeep.hpp"

#include <algorithm>
#include <utility>

#include "ledger_file.hpp"
#include "retiring.hpp"
#include "rolling.hpp"
#include "spillway/base/log.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

/// How long one call works: appends and the folding of the log come in between.
constexpr std::chrono::milliseconds slice{50};

}  // namespace

struct Upkeep::Parts {
    Parts(std::string path, RetentionRule wanted) : file(std::move(path)), rule(std::move(wanted))
    {}

    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<Left> work(WallTime now);
    [[nodiscard]] Result<Left> roll(std::chrono::steady_clock::time_point until);
    [[nodiscard]] Result<Left> retire(WallTime now, std::chrono::steady_clock::time_point until);

    const std::string file;
    const RetentionRule rule;
    FileIdentity identity;
    sqlite::Connection connection;  // Outlives the statements below.
    std::optional<Rolling> rolling;
    std::optional<Retiring> retiring;
    std::chrono::steady_clock::time_point retire_from{};
    std::int64_t retired = 0;  ///< Rows in this round.
    bool failing = false;      ///< Said once.
};

Upkeep::Upkeep(std::string ledger_path, RetentionRule rule)
    : parts_(std::make_unique<Parts>(std::move(ledger_path), std::move(rule)))
{}
Upkeep::~Upkeep() = default;

Upkeep::Left Upkeep::work(WallTime now)
{
    auto done = parts_->work(now);
    if (!done) {
        parts_->identity = {};  // Begin anew: what is prepared may rest on what is no longer so.
        if (!std::exchange(parts_->failing, true))
            SPILLWAY_WARN("{}; reports add up what is missing", done.error().message());
        return Left::nothing;
    }
    parts_->failing = false;
    return *done;
}

/// Follows the ledger when it was set aside and begun anew.
Result<void> Upkeep::Parts::refresh()
{
    const auto now = identity_of(file);
    if (connection.open() && now == identity)
        return {};
    rolling.reset();
    retiring.reset();
    connection = {};
    auto fresh = sqlite::Connection::open(file, sqlite::Access::write);
    if (!fresh)
        return fail(std::move(fresh).error());
    // What a power cut takes of this it takes with the mark: it is done again.
    if (auto set = fresh->run("PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY"); !set)
        return set;
    auto sums = Rolling::prepare(*fresh);
    if (!sums)
        return fail(std::move(sums).error());
    auto retention = Retiring::prepare(*fresh);
    if (!retention)
        return fail(std::move(retention).error());
    connection = std::move(*fresh);
    rolling.emplace(std::move(*sums));
    retiring.emplace(std::move(*retention));
    identity = now;
    return {};
}

Result<Upkeep::Left> Upkeep::Parts::work(WallTime now)
{
    if (auto ready = refresh(); !ready)
        return fail(std::move(ready).error());
    const auto until = std::chrono::steady_clock::now() + slice;
    auto rolled = roll(until);
    if (!rolled || *rolled == Left::more)
        return rolled;
    return retire(now, until);
}

Result<Upkeep::Left> Upkeep::Parts::roll(std::chrono::steady_clock::time_point until)
{
    for (;;) {
        const auto added = rolling->step(connection);
        if (!added)
            return fail(added.error());
        if (*added < Rolling::chunk)
            return Left::nothing;
        if (std::chrono::steady_clock::now() >= until)
            return Left::more;
    }
}

Result<Upkeep::Left> Upkeep::Parts::retire(WallTime now,
                                           std::chrono::steady_clock::time_point until)
{
    if (!rule.keep || std::chrono::steady_clock::now() < retire_from)
        return Left::nothing;
    auto before = now - *rule.keep;
    if (rule.needed_from)
        before = std::min(before, rule.needed_from(now));
    auto through = rolling->through();
    if (rule.outbox == RetentionRule::Outbox::must_be_empty) {
        const auto shipped = connection.number("SELECT through_seq FROM shipped");
        if (!shipped)
            return fail(shipped.error());
        through = std::min(through, *shipped);
    }
    for (;;) {
        const auto taken = retiring->step(connection, before.time_since_epoch().count(), through);
        if (!taken)
            return fail(taken.error());
        if (!*taken)
            break;
        retired += **taken;
        if (std::chrono::steady_clock::now() >= until)
            return Left::more;
    }
    retire_from = std::chrono::steady_clock::now() + rule.interval;
    if (std::exchange(retired, 0) > 0)
        SPILLWAY_INFO("ledger: records older than {} days were taken out; their sums stay",
                      std::chrono::duration_cast<std::chrono::hours>(*rule.keep).count() / 24);
    return Left::nothing;
}

}  // namespace spillway::ledger
