#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "spillway/admin/worker.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/event_descriptor.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/instances/told_board.hpp"
#include "spillway/net/task.hpp"

namespace spillway::app {

/// Says which news of budgets are told for the first time in their window: by any process on this
/// ledger, and by any instance on the same database. Asks both on a thread of its own.
///
/// What it gives out is noted as taken, with its words, until `told`: a process that ends before
/// leaves it to the next one on its ledger, or to another instance.
class NewsDesk {
public:
    /// @param shared  The database's URL where instances share; null: this one is alone.
    NewsDesk(std::string ledger_path, const Secret* shared, const Clock& clock);
    /// Notes what is not noted yet. The shards must have stopped.
    ~NewsDesk();
    NewsDesk(const NewsDesk&) = delete;
    NewsDesk& operator=(const NewsDesk&) = delete;

    using Notices = std::vector<ledger::Notice>;

    /// From `shard`'s thread; resumes there. What neither the ledger nor the database can be asked
    /// of is taken for new: better told twice than never.
    [[nodiscard]] net::Task<Notices> first_told(net::Shard& shard,
                                                std::vector<guard::BudgetNews> news);
    /// What others took and never told: the process before, at the first call; another instance
    /// that has been silent for minutes. As `first_told`, whenever there is time for it.
    /// @param under_way  What this one is still at, so that nobody takes it.
    [[nodiscard]] net::Task<Notices> left_behind(net::Shard& shard,
                                                 std::vector<ledger::Tiding> under_way);
    /// It was told, or given up. Any thread; waits for nothing.
    void told(ledger::Tiding tiding);
    /// Notes what `told` said, on this desk's thread.
    [[nodiscard]] net::Task<void> note(net::Shard& shard);

    /// Does this one look for what others leave behind?
    [[nodiscard]] bool shares() const noexcept { return board_.has_value(); }
    /// Ends what it waits for: from now on it only remembers what it is told.
    void finish();

private:
    [[nodiscard]] Notices claim(Notices notices);
    [[nodiscard]] Notices claim_shared(Notices notices);
    [[nodiscard]] Notices look(const std::vector<ledger::Tiding>& under_way);
    void mark();

    const std::string ledger_path_;
    const Clock& clock_;
    std::shared_ptr<EventDescriptor> stop_ = std::make_shared<EventDescriptor>();
    // The worker's.
    std::optional<instances::ToldBoard> board_;
    Notices left_;  ///< By the process before.

    std::mutex mutex_;
    std::vector<ledger::Tiding> told_;  ///< Not noted yet.
    std::unique_ptr<admin::Worker> worker_;
};

}  // namespace spillway::app
