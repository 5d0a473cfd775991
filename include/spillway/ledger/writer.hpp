#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/ledger/store.hpp"

namespace spillway::ledger {

/// Commits batches of records for the shards: at once on the caller's thread with
/// `Durability::process`, on a thread of its own with `power`, where batches of several shards
/// share one sync. Also runs the keeper (checkpoints, probing a failed disk once a second, upkeep,
/// and the records that wait for a disk). Any thread.
class Writer {
public:
    /// Called exactly once, on the caller's thread inside `append` or on the ledger thread.
    using Done = std::function<void(Result<void>)>;

    Writer(Store& store, config::Durability durability);
    ~Writer();  ///< Finishes.

    /// Commits what waits and ends the threads. Who waited is told before it returns, so it must
    /// still be there; with `power` later appends are refused. Once, when the shards have stopped.
    void finish();

    /// @param records  Read during the call only, where they lie. With `power` they are copied, and
    ///                 at most 65,536 may wait: beyond that `ledger_unavailable` at once.
    void append(std::span<const SpendRecord* const> records, Done done);

    /// What became of a record that was not committed.
    enum class Deferred : std::uint8_t { waits, lost };
    /// Takes a record that could not be committed: it waits in memory, in some 64 MiB with others,
    /// and is written when the disk takes records again. What finds no room, or still waits when
    /// the writer ends without a disk, is lost: counted, and said in the log.
    Deferred defer(const SpendRecord& record);
    /// Records that wait for the disk.
    [[nodiscard]] std::size_t waiting() const;
    /// Records that were lost since start.
    [[nodiscard]] std::uint64_t lost() const noexcept;

    /// False after a failed commit until the keeper's probe or a commit succeeded.
    [[nodiscard]] bool healthy() const noexcept;
    /// Called after each committed batch (the shipper's nudge). Set before use.
    void on_commit(std::function<void()> callback);
    /// Called on the keeper's thread with records that were deferred and are committed now. Set
    /// before use.
    void on_late_commit(std::function<void(std::span<const SpendRecord>)> callback);
    /// Called on the keeper's thread after commits, while the ledger is healthy; again soon when it
    /// returns true: there is more to do. Replaces the one before, which is not running any more
    /// then.
    void on_keep(std::function<bool()> callback);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
