#pragma once

#include <coroutine>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/ledger/writer.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::gateway {

/// The shard's side of the ledger: gathers the records of one turn of the loop and commits them in
/// one transaction before their requests send their last bytes (house plan, amendment 5).
class Settlements {
public:
    Settlements(net::Shard& shard, ledger::Writer& writer, observe::Metrics& metrics)
        : shard_(shard), writer_(writer), metrics_(metrics)
    {}

    /// Resumes when the record is committed, or with `ledger_unavailable`.
    struct Commit {
        Settlements& settlements;
        const ledger::SpendRecord& record;
        Result<void> result{};
        std::coroutine_handle<> waiter{};

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle);
        Result<void> await_resume() { return std::move(result); }
    };
    /// @param record  Read where it lies: it must live until the commit resumes.
    [[nodiscard]] Commit commit(const ledger::SpendRecord& record) { return Commit{*this, record}; }
    [[nodiscard]] Commit commit(ledger::SpendRecord&& record) = delete;

    /// Takes a record that is not committed: it waits for the disk (ledger::Writer::defer).
    void defer(const ledger::SpendRecord& record)
    {
        if (writer_.defer(record) == ledger::Writer::Deferred::lost)
            metrics_.ledger_lost->Increment();
    }

    /// False after a failed commit until one succeeded again: priced work is refused meanwhile.
    [[nodiscard]] bool healthy() const noexcept { return writer_.healthy(); }

private:
    void flush();

    net::Shard& shard_;
    ledger::Writer& writer_;
    observe::Metrics& metrics_;
    std::vector<Commit*> waiting_;
    bool scheduled_ = false;
};

}  // namespace spillway::gateway
