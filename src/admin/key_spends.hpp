#pragma once

#include <memory>
#include <span>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/keys/calls.hpp"
#include "spillway/ledger/query.hpp"

namespace spillway::admin {

/// What keys, teams, users ... have spent, for the answers about them: of a scope with a budget
/// what its budget counts in the window of `budget_duration`, of all others what was charged ever,
/// by the ledger's sums; from an opening on, where there is one. Blocking; for one thread.
class KeySpends {
public:
    KeySpends(std::string ledger_path, const guard::Budgets& budgets)
        : ledger_path_(std::move(ledger_path)), budgets_(budgets)
    {}

    /// Fills the places of that moment in.
    /// @return Why the ledger could not be read; what is not known then is null.
    [[nodiscard]] Result<void> fill(std::span<const keys::SpendPlace> places,
                                    keys::SpendPlace::Moment moment, WallTime now,
                                    keys::Json& answer);

private:
    using Places = std::vector<const keys::SpendPlace*>;

    [[nodiscard]] bool fill_from_budget(const keys::SpendPlace& place, WallTime now,
                                        keys::Json& answer) const;
    [[nodiscard]] Result<void> fill_from_ledger(const Places& places, keys::Json& answer);
    [[nodiscard]] Result<void> fill_kind(chat::ScopeKind kind, const Places& places,
                                         keys::Json& answer);
    [[nodiscard]] Result<void> fill_since(const Places& places, keys::Json& answer);

    const std::string ledger_path_;
    const guard::Budgets& budgets_;
    std::unique_ptr<ledger::Query> query_;
};

}  // namespace spillway::admin
