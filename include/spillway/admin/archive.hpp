#pragma once

#include <functional>
#include <memory>
#include <string>

#include "spillway/admin/worker.hpp"
#include "spillway/base/result.hpp"
#include "spillway/ledger/query.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::admin {

/// The one thread that reads the ledger for the operator's pages, so that no shard ever waits for
/// SQL. At most `most_waiting` questions wait; beyond that they are refused.
class Archive {
public:
    static constexpr std::size_t most_waiting = 32;

    /// Blocking; runs on the archive's thread.
    using Question = std::function<Result<std::string>(ledger::Query&)>;

    /// Opens the ledger at the first question, and again after a failure to open.
    explicit Archive(std::string ledger_path);
    /// Ends the thread after the question it is at; those that wait are never answered, so the
    /// shards must have stopped.
    ~Archive();

    /// Asks from `shard`'s thread and resumes there. The archive outlives the task.
    /// @return The answer, or `overloaded` when too many wait.
    [[nodiscard]] net::Task<Result<std::string>> ask(net::Shard& shard, Question question);

private:
    [[nodiscard]] Result<std::string> look_up(const Question& question);

    const std::string ledger_path_;
    std::unique_ptr<ledger::Query> query_;  ///< The worker's own.
    Worker worker_;                         ///< Last, so that it dies first.
};

}  // namespace spillway::admin
