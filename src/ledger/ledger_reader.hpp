#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "ledger_file.hpp"
#include "record_row.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// A reading connection that follows the ledger when it was set aside and begun anew, and gives a
/// question up that takes too long. One thread. Must not move once it was refreshed.
class LedgerReader {
public:
    explicit LedgerReader(std::string path) : path_(std::move(path)) {}
    LedgerReader(const LedgerReader&) = delete;
    LedgerReader& operator=(const LedgerReader&) = delete;

    /// Opens what is to be opened, and starts the clock of a question.
    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<sqlite::Statement> prepare(const std::string& sql);
    /// The id of a word; -1, which no row has, when it was never stored.
    [[nodiscard]] Result<std::int64_t> word_id(const std::string& text);
    [[nodiscard]] std::string word(const sqlite::Statement& row, int column)
    {
        return records_->word(row, column);
    }
    [[nodiscard]] SpendRecord record(const sqlite::Statement& row) { return records_->read(row); }
    [[nodiscard]] sqlite::Connection& connection() { return connection_; }
    /// What the last failed call means to the one who asked.
    [[nodiscard]] Error failed() const;

private:
    std::string path_;
    FileIdentity identity_;
    sqlite::Connection connection_;
    std::optional<RecordReader> records_;
    std::chrono::steady_clock::time_point give_up_at_;
};

}  // namespace spillway::ledger
