#pragma once

#include <memory>
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
class NewsDesk {
public:
    /// @param shared  The database's URL where instances share; null: this one is alone.
    NewsDesk(std::string ledger_path, const Secret* shared, const Clock& clock);
    /// Ends what it waits for. The shards must have stopped.
    ~NewsDesk();
    NewsDesk(const NewsDesk&) = delete;
    NewsDesk& operator=(const NewsDesk&) = delete;

    /// From `shard`'s thread; resumes there. What neither the ledger nor the database can be asked
    /// of is taken for new: better told twice than never.
    [[nodiscard]] net::Task<std::vector<guard::BudgetNews>> first_told(
        net::Shard& shard, std::vector<guard::BudgetNews> news);

private:
    [[nodiscard]] std::vector<std::size_t> claim(const std::vector<ledger::Tiding>& tidings);

    const std::string ledger_path_;
    const Clock& clock_;
    std::shared_ptr<EventDescriptor> stop_ = std::make_shared<EventDescriptor>();
    std::optional<instances::ToldBoard> board_;  ///< The worker's.
    std::unique_ptr<admin::Worker> worker_;
};

}  // namespace spillway::app
