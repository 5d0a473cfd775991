#include "spillway/ledger/history.hpp"

#include <filesystem>
#include <utility>

#include "record_row.hpp"
#include "seq_ranges.hpp"
#include "spillway/base/text.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

/// A read that lasts keeps the write-ahead log from being folded.
constexpr int page_size = 2'048;
/// The first schema version whose records have all columns.
constexpr std::int64_t first_complete = 8;

Error not_a_ledger(const std::string& path, const std::string& why)
{
    return {Errc::bad_config, "'" + printable(path) + "' is no ledger of this spillway: " + why};
}

}  // namespace

struct History::Parts {
    sqlite::Connection connection;  // Outlives the statements below.
    sqlite::Statement page;
    std::optional<RecordReader> reader;

    /// @return The seq of the last row of the page; empty when there is no further one.
    [[nodiscard]] Result<std::optional<std::int64_t>> read_page(
        SeqRange range, const Period& period, const std::function<void(const SpendRecord&)>& see);
};

History::History(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
History::History(History&&) noexcept = default;
History::~History() = default;

Result<History> History::open(const std::string& ledger_path)
{
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(ledger_path, unknown)) {
        return fail(Errc::bad_config, "there is no ledger at '" + printable(ledger_path) + "'");
    }
    auto parts = std::make_unique<Parts>();
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection) {
        return fail(std::move(connection).error());
    }
    parts->connection = std::move(*connection);
    const auto version = parts->connection.number("SELECT max(version) FROM schema_version");
    if (!version) {
        return fail(not_a_ledger(ledger_path, version.error().message()));
    }
    if (*version < first_complete) {
        return fail(
            not_a_ledger(ledger_path, "an older version wrote it; start the daemon on it once"));
    }
    auto page =
        parts->connection.prepare(select_records() +
                                  " WHERE seq BETWEEN ?1 AND ?2 AND started >= ?3 AND started < ?4 "
                                  "ORDER BY seq LIMIT ?5");
    if (!page) {
        return fail(not_a_ledger(ledger_path, page.error().message()));
    }
    auto reader = RecordReader::open(parts->connection);
    if (!reader) {
        return fail(not_a_ledger(ledger_path, reader.error().message()));
    }
    parts->page = std::move(*page);
    parts->reader.emplace(std::move(*reader));
    return History{std::move(parts)};
}

Result<std::optional<std::int64_t>> History::Parts::read_page(
    SeqRange range, const Period& period, const std::function<void(const SpendRecord&)>& see)
{
    const sqlite::Running running{page};
    page.bind(1, range.first);
    page.bind(2, range.last);
    page.bind(3, period.from);
    page.bind(4, period.until);
    page.bind(5, page_size);
    int rows = 0;
    std::int64_t last = 0;
    int code = page.step();
    for (; code == SQLITE_ROW; code = page.step()) {
        ++rows;
        last = page.integer(0);
        see(reader->read(page));
    }
    if (code != SQLITE_DONE) {
        return fail(Errc::ledger_unavailable, connection.error("reading").message());
    }
    return rows == page_size ? std::optional{last} : std::nullopt;
}

Result<void> History::each(WallTime since, const std::function<void(const SpendRecord&)>& see)
{
    return each(since, std::nullopt, see);
}

Result<void> History::each(WallTime since, std::optional<WallTime> until,
                           const std::function<void(const SpendRecord&)>& see)
{
    Period period;
    period.from = since.time_since_epoch().count();
    if (until) {
        period.until = until->time_since_epoch().count();
    }
    const auto ranges = ranges_of(parts_->connection, period);
    if (!ranges) {
        return fail(ranges.error());
    }
    for (auto range : *ranges) {
        for (;;) {
            const auto last = parts_->read_page(range, period, see);
            if (!last) {
                return fail(last.error());
            }
            if (!*last) {
                break;
            }
            range.first = **last + 1;
        }
    }
    return {};
}

}  // namespace spillway::ledger
