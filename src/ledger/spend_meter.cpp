#include "spillway/ledger/spend_meter.hpp"

#include <limits>
#include <utility>

#include "day_sums.hpp"
#include "ledger_file.hpp"
#include "seq_ranges.hpp"
#include "sqlite.hpp"

namespace spillway::ledger {
namespace {

constexpr std::int64_t nanos_per_usd = 1'000'000'000;

NanoUsd bounded(const Spend& spend)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    const auto dollars = spend.dollars + spend.nanos / nanos_per_usd;
    return dollars >= most / nanos_per_usd
               ? NanoUsd{most}
               : NanoUsd{dollars * nanos_per_usd + spend.nanos % nanos_per_usd};
}

}  // namespace

struct SpendMeter::Parts {
    explicit Parts(std::string path) : file(std::move(path)) {}

    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<void> add(SeqRange range, WallTime from);

    const std::string file;
    FileIdentity identity;
    sqlite::Connection connection;
    sqlite::Statement sum;
    WallTime from{};
    std::int64_t through = 0;  ///< The last row that `spent` knows; 0: nothing is known.
    Spend spent;
};

SpendMeter::SpendMeter(std::string ledger_path)
    : parts_(std::make_unique<Parts>(std::move(ledger_path)))
{}
SpendMeter::~SpendMeter() = default;

Result<void> SpendMeter::Parts::refresh()
{
    const auto now = identity_of(file);
    if (connection.open() && now == identity) {
        return {};
    }
    through = 0;
    sum = {};
    connection = {};
    auto fresh = sqlite::Connection::open(file, sqlite::Access::read);
    if (!fresh) {
        return fail(Errc::ledger_unavailable, fresh.error().message());
    }
    auto statement = fresh->prepare(
        std::string{"SELECT "} + spend_columns +
        ", coalesce(max(seq), 0) FROM records WHERE seq BETWEEN ?1 AND ?2 AND started >= ?3");
    if (!statement) {
        return fail(Errc::ledger_unavailable, statement.error().message());
    }
    connection = std::move(*fresh);
    sum = std::move(*statement);
    identity = now;
    return {};
}

Result<void> SpendMeter::Parts::add(SeqRange range, WallTime since)
{
    const sqlite::Running running{sum};
    sum.bind(1, range.first);
    sum.bind(2, range.last);
    sum.bind(3, since.time_since_epoch().count());
    if (sum.step() != SQLITE_ROW) {
        return fail(Errc::ledger_unavailable, connection.error("summing").message());
    }
    spent += Spend{sum.integer(0), sum.integer(1)};
    through = std::max(through, sum.integer(2));
    return {};
}

Result<NanoUsd> SpendMeter::since(WallTime from)
{
    auto& at = *parts_;
    if (auto ready = at.refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    std::vector<SeqRange> ranges;
    if (at.through == 0 || at.from != from) {
        at.through = 0;
        at.spent = {};
        at.from = from;
        Period period;
        period.from = from.time_since_epoch().count();
        auto found = ranges_of(at.connection, period);
        if (!found) {
            return fail(std::move(found).error());
        }
        ranges = std::move(*found);
    } else {
        ranges.push_back({at.through + 1, std::numeric_limits<std::int64_t>::max()});
    }
    for (const auto& range : ranges) {
        if (auto added = at.add(range, from); !added) {
            at.through = 0;  // Half a sum is none: the next question begins anew.
            return fail(std::move(added).error());
        }
    }
    return bounded(at.spent);
}

}  // namespace spillway::ledger
