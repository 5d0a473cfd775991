#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger {

/// The embedded ledger: one SQLite file in WAL mode with STRICT tables and versioned migrations.
///
/// `append` may be called from any shard; a mutex admits one writer at a time. With
/// `Durability::process` it writes to the page cache and never waits for the disk, so that a shard
/// may call it between two turns of its loop (docs/adr/0006); a separate connection checkpoints.
/// With `power` it syncs, and is called from the ledger thread only.
class Store {
public:
    /// Opens or creates; checks integrity; applies migrations. ":memory:" is refused.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const config::Ledger& settings);
    ~Store();

    /// Commits all records in one transaction, or none. Without records it commits an empty one:
    /// a probe whether the disk takes transactions again. A record that was committed must not be
    /// appended again; one that was refused may be, and becomes one row whatever the disk kept.
    /// @return `ledger_unavailable` (disk full, I/O error, locked past 2 s). Later calls try again.
    [[nodiscard]] Result<void> append(std::span<const SpendRecord* const> records);

    /// Is there a record with this id?
    [[nodiscard]] Result<bool> holds(const RequestId& id);

    /// Moves the write-ahead log into the file. Called by the keeper thread, never by a shard.
    void checkpoint();

    [[nodiscard]] const std::string& path() const;

private:
    struct Parts;
    explicit Store(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
