#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/chat/grant.hpp"
#include "spillway/keys/catalog.hpp"

namespace spillway::keys {

/// What the configuration says about records that say nothing themselves.
struct Defaults {
    std::vector<chat::Cap> internal_user;  ///< `max_internal_user_budget`, of users with no own.
    /// `max_end_user_budget_id`: the budget that holds where an end user's own says nothing.
    std::string end_user_budget{};
    friend bool operator==(const Defaults&, const Defaults&) = default;
};

/// An end user about whom something is known (`/customer/*`).
struct Patron {
    bool blocked = false;
    std::vector<chat::ScopeRates> rates;
};

/// What requests ask of a catalog: compiled once per change. Immutable, so any thread.
class Grants {
public:
    /// By the hash of what was offered; null when no key has it. Expired and blocked ones are
    /// found, too, and say so.
    [[nodiscard]] std::shared_ptr<const chat::Grant> find(std::string_view token) const
    {
        return by_token_.find(token);
    }
    /// By the name that records have; null for those nobody spoke of, unless there are limits for
    /// them, too.
    [[nodiscard]] std::shared_ptr<const Patron> end_user(std::string_view name) const;
    [[nodiscard]] std::size_t size() const { return by_token_.size(); }

    [[nodiscard]] static Grants compile(const Catalog& catalog, const Defaults& defaults);
    /// The grants after changes that lead from `before` to `after`: those they touch are compiled
    /// anew.
    [[nodiscard]] Grants with(const Catalog& before, const Catalog& after,
                              std::span<const Change> changes, const Defaults& defaults) const;

private:
    void put(const Key& key, const Catalog& catalog, const Defaults& defaults);
    void drop(const Key& key);
    void put(const Customer& customer, const Catalog& catalog, const Defaults& defaults);

    SharedMap<chat::Grant> by_token_;
    SharedMap<Patron> patrons_;
    std::optional<chat::ScopeRates> strangers_;  ///< Limits of each end user nobody spoke of.
};

/// The caps of those scopes that the changes may have touched; without caps where they have none
/// any more. Those of each end user without its own stand under an end user of no name.
[[nodiscard]] std::vector<chat::ScopeBudget> touched_budgets(const Catalog& before,
                                                             const Catalog& after,
                                                             std::span<const Change> changes,
                                                             const Defaults& defaults);

}  // namespace spillway::keys
