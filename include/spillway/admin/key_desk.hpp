#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spillway/admin/worker.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/result.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/keys/calls.hpp"
#include "spillway/keys/key_book.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::admin {

/// The one thread that answers LiteLLM's calls about keys: a change waits for the store's disk, and
/// what was spent may have to be read from the ledger. At most `most_waiting` calls wait.
class KeyDesk {
public:
    static constexpr std::size_t most_waiting = 64;

    struct Parts {
        keys::KeyBook& book;
        const guard::Budgets& budgets;
        const Clock& clock;
        std::string ledger_path;
    };

    /// What `parts` refers to outlives the desk.
    explicit KeyDesk(Parts parts);
    /// As `Worker`: the shards must have stopped.
    ~KeyDesk();

    /// Asks from `shard`'s thread and resumes there. The desk outlives the task.
    /// @return The answer as JSON text. Besides the call's own errors: `changed_meanwhile` when
    ///         others kept changing the same record, and what the store says.
    [[nodiscard]] net::Task<Result<std::string>> ask(net::Shard& shard, keys::CallName name,
                                                     keys::Question question,
                                                     std::shared_ptr<const keys::CallRules> rules);

    /// The keys in force. Any thread.
    [[nodiscard]] std::shared_ptr<const keys::KeyBook::Edition> known() const;

    /// What records call the key that is given as it is or by its hash; a regenerated one has the
    /// name of its first token. Any thread.
    [[nodiscard]] std::string account_of(const std::string& key) const;

    /// All windows with a cap, as they are now. Any thread.
    [[nodiscard]] std::vector<guard::BudgetStanding> standings() const;

private:
    struct Office;
    std::unique_ptr<Office> office_;
    Worker worker_;  ///< Last, so that it dies first.
};

}  // namespace spillway::admin
