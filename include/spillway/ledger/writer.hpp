#pragma once

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
/// share one sync. Also runs the keeper (checkpoints, probing a failed disk once a second). Any
/// thread.
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

    /// False after a failed commit until the keeper's probe or a commit succeeded.
    [[nodiscard]] bool healthy() const noexcept;
    /// Called after each committed batch (the shipper's nudge). Set before use.
    void on_commit(std::function<void()> callback);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
