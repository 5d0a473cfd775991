#include "spillway/gateway/settlements.hpp"

#include <boost/asio/post.hpp>
#include <chrono>
#include <thread>
#include <utility>

namespace spillway::gateway {

void Settlements::Commit::await_suspend(std::coroutine_handle<> handle)
{
    waiter = handle;
    settlements.waiting_.push_back(this);
    if (!std::exchange(settlements.scheduled_, true)) {
        // Behind the handlers that are ready now: what they settle shares the transaction.
        auto* const self = &settlements;
        boost::asio::post(self->shard_.io(), [self] { self->flush(); });
    }
}

void Settlements::flush()
{
    scheduled_ = false;
    std::vector<Commit*> batch;
    batch.swap(waiting_);
    waiting_.reserve(batch.size());  // The next one will be about as large.
    std::vector<const ledger::SpendRecord*> records;
    records.reserve(batch.size());
    for (const auto* commit : batch)
        records.push_back(&commit->record);

    const auto began = std::chrono::steady_clock::now();
    const auto shard_thread = std::this_thread::get_id();
    auto resume = [this, batch = std::move(batch), began](const Result<void>& result) {
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
        metrics_.commit_seconds->Observe(took.count());
        metrics_.ledger_healthy->Set(result ? 1 : 0);
        for (auto* commit : batch) {
            commit->result = result;
            // The commit dies with its coroutine's expression: touch nothing of it afterwards.
            commit->waiter.resume();
        }
    };
    writer_.append(records, [this, shard_thread,
                             resume = std::move(resume)](Result<void> result) mutable {
        if (std::this_thread::get_id() == shard_thread) {
            resume(result);
            return;
        }
        shard_.post([resume = std::move(resume), result = std::move(result)] { resume(result); });
    });
}

}  // namespace spillway::gateway
