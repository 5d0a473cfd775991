#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "routing_insert.hpp"
#include "row_insert.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/sqlite/connection.hpp"
#include "words.hpp"

namespace spillway::ledger {

/// Appends records through one connection: statements prepared once, state kept in memory.
class RecordWriter {
public:
    /// @param connection  Open, migrated.
    [[nodiscard]] static Result<std::unique_ptr<RecordWriter>> open(sqlite::Connection connection);
    ~RecordWriter();
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;

    /// All in one transaction or none. Whether an id is there already is not asked: each is made
    /// once and appended once, and shipping again is PostgreSQL's ON CONFLICT to settle. What an
    /// append may repeat after a commit in doubt, `Store` takes out before.
    [[nodiscard]] Result<void> append(std::span<const SpendRecord* const> records);
    /// Is the record with this id written already?
    [[nodiscard]] Result<bool> holds(const RequestId& id);
    /// Commits a transaction without a record: does the disk take one?
    [[nodiscard]] Result<void> probe();

    /// The file or the disk cannot be trusted: close, open again, verify.
    [[nodiscard]] bool suspect() const { return suspect_; }
    /// Pages in the write-ahead log; any thread.
    [[nodiscard]] int log_pages() const { return log_pages_.load(std::memory_order_relaxed); }
    /// Copies the whole log into the file and empties it; for the end.
    void fold_log();
    void log_restarted() { log_pages_.store(0, std::memory_order_relaxed); }

private:
    /// Where the next record goes, and what the open block holds so far.
    struct Position {
        std::int64_t next_seq = 1;
        std::int64_t block_first = 1;
        std::int64_t min_started = 0;
        std::int64_t max_started = 0;
    };

    RecordWriter() = default;
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<void> find_position();
    [[nodiscard]] bool insert_all(std::span<const SpendRecord* const> records);
    [[nodiscard]] bool insert(RowInsert& rows, std::span<const SpendRecord* const> records);
    [[nodiscard]] bool insert_routings(std::span<const SpendRecord* const> records,
                                       std::int64_t seq);
    [[nodiscard]] bool advance(std::int64_t started);
    [[nodiscard]] bool run(sqlite::Statement& statement);
    [[nodiscard]] Error give_up();

    sqlite::Connection connection_;  // Outlives the statements below.
    sqlite::Statement begin_;
    sqlite::Statement commit_;
    std::vector<RowInsert> inserts_;  ///< Of 16, 8, 4, 2 rows and of one.
    RoutingInsert routing_;
    sqlite::Statement close_block_;
    sqlite::Statement probe_;
    std::optional<Words> words_;
    Position position_;
    std::atomic<int> log_pages_{0};
    bool suspect_ = false;
};

}  // namespace spillway::ledger
