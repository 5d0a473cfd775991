#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger_file.hpp"
#include "record_row.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// A record on its way to PostgreSQL.
struct Parcel {
    std::int64_t seq = 0;
    SpendRecord record;
};

/// A record that PostgreSQL will never take.
struct Refusal {
    std::int64_t seq = 0;
    std::string sqlstate;
    std::string error;
};

/// The SQLite ledger as the shipper sees it: what waits, and up to where all is delivered.
/// Its own connection; its few writes hold the writers' lock for some ten microseconds.
class Outbox {
public:
    [[nodiscard]] static Result<Outbox> open(const std::string& path);

    /// False when the ledger was set aside and begun anew: open again.
    [[nodiscard]] bool current() const { return identity_of(path_) == identity_; }
    /// How many records were written after the last delivered one.
    [[nodiscard]] Result<std::uint64_t> waiting();
    /// The next records in order of writing.
    [[nodiscard]] Result<std::vector<Parcel>> next(int most);
    /// Everything up to `seq` is delivered or in `refusals`. Refusals are written at once; the mark
    /// only now and then (see `save`), since delivering twice is harmless.
    [[nodiscard]] Result<void> delivered(std::int64_t seq, std::span<const Refusal> refusals);
    /// Writes the mark when it moved since it was last written.
    [[nodiscard]] Result<void> save();
    [[nodiscard]] std::uint64_t quarantined() const { return quarantined_; }

private:
    Outbox(std::string path, sqlite::Connection connection, RecordReader reader)
        : path_(std::move(path)), connection_(std::move(connection)), reader_(std::move(reader))
    {}
    [[nodiscard]] Result<void> load();
    [[nodiscard]] bool quarantine(std::span<const Refusal> refusals);

    std::string path_;
    FileIdentity identity_;
    sqlite::Connection connection_;
    RecordReader reader_;
    sqlite::Statement select_;
    sqlite::Statement last_;
    sqlite::Statement mark_;
    std::int64_t through_ = 0;
    std::int64_t saved_ = 0;
    std::uint64_t quarantined_ = 0;
};

}  // namespace spillway::ledger
