#pragma once

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/clock.hpp"
#include "spillway/config/config.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::app {

/// Brings caps into force with what the ledger says was spent before: those of the file, and those
/// of keys when they change.
///
/// Blocking, on the thread of who brings them, so that no request is held by a cap whose past is
/// not known. While the ledger cannot be read, the windows in question let nothing through. Any
/// thread.
class BudgetBook {
public:
    BudgetBook(std::string ledger_path, guard::Budgets& budgets, const Clock& clock)
        : ledger_path_(std::move(ledger_path)), budgets_(budgets), clock_(clock)
    {}

    /// The caps of this configuration, and no longer those of the one before.
    [[nodiscard]] Result<void> follow(const config::Config& config);
    /// The caps of these scopes, instead of those they had; before a grant with them is published.
    /// A tag has those of the file as well, and so has the end user of no name, who stands for all
    /// without caps of their own.
    [[nodiscard]] Result<void> hold(std::span<const chat::ScopeBudget> budgets);

private:
    [[nodiscard]] Result<void> bring(std::span<const chat::ScopeBudget> budgets,
                                     std::span<const chat::Cap> end_users);
    [[nodiscard]] chat::ScopeBudget both(const chat::Scope& tag) const;
    void default_end_users(std::vector<chat::ScopeBudget>& caps);
    void close(const std::vector<guard::Budgets::Unknown>& windows);

    const std::string ledger_path_;
    guard::Budgets& budgets_;
    const Clock& clock_;

    std::mutex mutex_;
    bool past_seen_ = false;  ///< The budgets know the ledger's latest moment.
    std::map<chat::Scope, chat::ScopeBudget> configured_;  ///< By the file.
    std::map<chat::Scope, chat::ScopeBudget> held_tags_;   ///< By `hold`; tags may have both.
    std::vector<chat::Cap> file_end_users_;                ///< Of each end user, by the file.
    std::vector<chat::Cap> held_end_users_;                ///< The same by `hold`.
    std::vector<chat::Cap> end_users_;                     ///< Both.
    std::vector<guard::Budgets::Unknown> closed_;  ///< The ledger could not be read for them.
};

}  // namespace spillway::app
