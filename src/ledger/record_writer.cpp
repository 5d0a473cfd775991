#include "record_writer.hpp"

#include <algorithm>
#include <array>

#include "seq_ranges.hpp"

namespace spillway::ledger {
namespace {

/// Rows that one step can insert. Beginning and ending a statement costs a fifth of a row, so a
/// batch is put together from as few as there are ones in its size.
constexpr std::array<std::size_t, 5> step_sizes{16, 8, 4, 2, 1};
/// Records per row of `blocks`: small enough to skip time ranges, large enough to cost nothing.
constexpr std::int64_t block_size = 1'024;

int note_log_size(void* pages, sqlite3*, const char*, int count)
{
    static_cast<std::atomic<int>*>(pages)->store(count, std::memory_order_relaxed);
    return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<RecordWriter>> RecordWriter::open(sqlite::Connection connection)
{
    std::unique_ptr<RecordWriter> writer{new RecordWriter};
    writer->connection_ = std::move(connection);
    if (auto ready = writer->prepare(); !ready) {
        return fail(std::move(ready).error());
    }
    if (auto found = writer->find_position(); !found) {
        return fail(std::move(found).error());
    }
    sqlite3_wal_hook(writer->connection_.raw(), note_log_size, &writer->log_pages_);
    return writer;
}

RecordWriter::~RecordWriter()
{
    if (connection_.open()) {
        sqlite3_wal_hook(connection_.raw(), nullptr, nullptr);
    }
}

Result<void> RecordWriter::prepare()
{
    const auto ready = [&](const char* sql, sqlite::Statement& into) {
        auto statement = connection_.prepare(sql);
        if (statement) {
            into = std::move(*statement);
        }
        return statement.has_value();
    };
    if (!ready("BEGIN IMMEDIATE", begin_) || !ready("COMMIT", commit_) ||
        !ready("INSERT INTO blocks (last_seq, first_seq, min_started, max_started) "
               "VALUES (?1, ?2, ?3, ?4)",
               close_block_) ||
        !ready("UPDATE keeper SET probes = probes + 1, ballast = randomblob(65536)", probe_)) {
        return fail(connection_.error("preparing"));
    }
    auto words = Words::load(connection_);
    if (!words) {
        return fail(std::move(words).error());
    }
    words_.emplace(std::move(*words));
    for (const auto size : step_sizes) {
        auto insert = RowInsert::prepare(connection_, size);
        if (!insert) {
            return fail(std::move(insert).error());
        }
        inserts_.push_back(std::move(*insert));
    }
    auto routing = RoutingInsert::prepare(connection_);
    if (!routing) {
        return fail(std::move(routing).error());
    }
    routing_ = std::move(*routing);
    return {};
}

Result<void> RecordWriter::find_position()
{
    auto state = connection_.prepare(
        "SELECT coalesce(max(seq), 0) + 1, coalesce(min(started), 0), coalesce(max(started), 0), "
        "(SELECT coalesce(max(last_seq), 0) FROM blocks) + 1, "
        // What was retired is not there any more, and its numbers are not given again.
        "max((SELECT coalesce(max(seq), 0) FROM records), "
        "(SELECT through_seq FROM rollup_mark)) + 1 "
        "FROM records WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM blocks)");
    if (!state || state->step() != SQLITE_ROW) {
        return fail(connection_.error("finding the end"));
    }
    position_.min_started = state->integer(1);
    position_.max_started = state->integer(2);
    position_.block_first = state->integer(3);
    position_.next_seq = std::max(state->integer(3), state->integer(4));
    return {};
}

Result<void> RecordWriter::append(std::span<const SpendRecord* const> records)
{
    const Position before = position_;
    if (!run(begin_) || !insert_all(records) || !run(commit_)) {
        Error error = give_up();
        position_ = before;
        return fail(std::move(error));
    }
    words_->committed();
    return {};
}

Result<bool> RecordWriter::holds(const RequestId& id)
{
    const auto seq = seq_of(connection_, id);
    if (!seq) {
        return fail(seq.error());
    }
    return seq->has_value();
}

Result<void> RecordWriter::probe()
{
    if (!run(probe_)) {
        return fail(give_up());
    }
    return {};
}

void RecordWriter::fold_log()
{
    // When it fails, the log stays and is read at the next start.
    (void)sqlite3_wal_checkpoint_v2(connection_.raw(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                    nullptr);
}

bool RecordWriter::insert_all(std::span<const SpendRecord* const> records)
{
    for (auto& rows : inserts_) {
        for (; records.size() >= rows.size(); records = records.subspan(rows.size())) {
            if (!insert(rows, records.first(rows.size()))) {
                return false;
            }
        }
    }
    return true;
}

bool RecordWriter::insert(RowInsert& rows, std::span<const SpendRecord* const> records)
{
    const std::int64_t first = position_.next_seq;
    std::int64_t seq = first;
    for (std::size_t row = 0; row < records.size(); ++row) {
        rows.bind(row, seq++, *records[row], *words_);
    }
    if (!words_->sound() || !run(rows.statement()) || !insert_routings(records, first)) {
        return false;
    }
    return std::all_of(records.begin(), records.end(), [this](const SpendRecord* record) {
        return advance(record->started.time_since_epoch().count());
    });
}

bool RecordWriter::insert_routings(std::span<const SpendRecord* const> records, std::int64_t seq)
{
    for (const auto* record : records) {
        if (record->routing) {
            routing_.bind(seq, *record->routing, *words_);
            if (!words_->sound() || !run(routing_.statement())) {
                return false;
            }
        }
        ++seq;
    }
    return true;
}

bool RecordWriter::advance(std::int64_t started)
{
    auto& at = position_;
    const bool first = at.next_seq == at.block_first;
    at.min_started = first ? started : std::min(at.min_started, started);
    at.max_started = first ? started : std::max(at.max_started, started);
    const std::int64_t seq = at.next_seq++;
    if (seq - at.block_first + 1 < block_size) {
        return true;
    }
    close_block_.bind(1, seq);
    close_block_.bind(2, at.block_first);
    close_block_.bind(3, at.min_started);
    close_block_.bind(4, at.max_started);
    at.block_first = at.next_seq;
    return run(close_block_);
}

bool RecordWriter::run(sqlite::Statement& statement)
{
    const int code = statement.step();
    if (code != SQLITE_DONE) {
        return false;  // Reset by give_up, after the error was read.
    }
    statement.reset();
    return true;
}

Error RecordWriter::give_up()
{
    const int code = connection_.code();
    Error error = connection_.error("writing");
    suspect_ = sqlite::means_damage(code) || sqlite::means_failed_sync(code);
    for (auto* statement : {&begin_, &routing_.statement(), &close_block_, &probe_, &commit_}) {
        statement->reset();
    }
    for (auto& rows : inserts_) {
        rows.forget();
    }
    if (sqlite3_get_autocommit(connection_.raw()) == 0 && !connection_.run("ROLLBACK")) {
        suspect_ = true;
    }
    words_->rolled_back();
    return error;
}

}  // namespace spillway::ledger
