#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "sqlite.hpp"

namespace spillway::ledger {

/// Strings that repeat from record to record, stored once. Bounded: models and end users come from
/// clients, and what no longer fits is stored in the row.
class Words {
public:
    [[nodiscard]] static Result<Words> load(sqlite::Connection& connection);

    /// The id of `text`, made when there is room; empty when it must be stored in the row.
    [[nodiscard]] std::optional<std::int64_t> id_of(const std::string& text);
    /// False when a new word could not be written.
    [[nodiscard]] bool sound() const { return sound_; }

    void committed() { fresh_.clear(); }
    void rolled_back();

private:
    explicit Words(sqlite::Statement insert) : insert_(std::move(insert)) {}

    sqlite::Statement insert_;
    std::unordered_map<std::string, std::int64_t> ids_;
    std::vector<std::string> fresh_;
    std::int64_t next_ = 1;
    bool sound_ = true;
};

/// Appends records through one connection: statements prepared once, state kept in memory.
class RecordWriter {
public:
    /// @param connection  Open, migrated.
    [[nodiscard]] static Result<std::unique_ptr<RecordWriter>> open(sqlite::Connection connection);
    ~RecordWriter();
    RecordWriter(const RecordWriter&) = delete;
    RecordWriter& operator=(const RecordWriter&) = delete;

    /// All in one transaction or none; a record whose id is there already is not written again.
    [[nodiscard]] Result<void> append(std::span<const SpendRecord> records);
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
    [[nodiscard]] bool insert_all(std::span<const SpendRecord> records);
    [[nodiscard]] bool insert(const SpendRecord& record);
    [[nodiscard]] bool advance(std::int64_t started);
    void bind_word(int position, const std::string& text);
    void bind_text(int position, std::string_view text, std::size_t limit);
    [[nodiscard]] bool run(sqlite::Statement& statement);
    [[nodiscard]] Error give_up();

    sqlite::Connection connection_;  // Outlives the statements below.
    sqlite::Statement begin_;
    sqlite::Statement commit_;
    sqlite::Statement insert_;
    sqlite::Statement close_block_;
    sqlite::Statement probe_;
    std::optional<Words> words_;
    Position position_;
    std::vector<std::string> cleaned_;
    std::atomic<int> log_pages_{0};
    bool suspect_ = false;
};

}  // namespace spillway::ledger
