#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spillway/keys/grants.hpp"

/// What records allow, as scopes with caps and rates. Private to `keys`.
namespace spillway::keys {

/// What `own` leaves open is as the row of `/budget/new` has it.
[[nodiscard]] Allowance completed(const Allowance& own, const std::string& budget_id,
                                  const Catalog& catalog);

/// What may be spent by one member of a team.
[[nodiscard]] Allowance allowance_of(const Team& team, const Member& member,
                                     const Catalog& catalog);

/// What may be asked by an end user whom somebody spoke of.
[[nodiscard]] Allowance customer_allowance(const Customer& customer, const Catalog& catalog,
                                           const Defaults& defaults);

[[nodiscard]] std::string member_name(const std::string& team_id, const std::string& user_id);

// The caps of one scope; of one that nobody speaks of, none.
[[nodiscard]] chat::ScopeBudget key_budget(const Key& key, const Catalog& catalog);
[[nodiscard]] std::vector<chat::ScopeBudget> key_model_budgets(const Key& key,
                                                               const Catalog& catalog);
[[nodiscard]] chat::ScopeBudget team_budget(const std::string& team_id, const Catalog& catalog);
[[nodiscard]] chat::ScopeBudget member_budget(const Team& team, const Member& member,
                                              const Catalog& catalog);
[[nodiscard]] chat::ScopeBudget user_budget(const std::string& user_id, const Catalog& catalog,
                                            const Defaults& defaults);
[[nodiscard]] chat::ScopeBudget customer_budget(const std::string& id, const Catalog& catalog);
[[nodiscard]] chat::ScopeBudget tag_budget(const std::string& name, const Catalog& catalog);

/// The rates of one scope; empty when it has none.
[[nodiscard]] std::optional<chat::ScopeRates> rates(chat::Scope scope, const Allowance& allowance);

/// As records and budgets name an end user.
[[nodiscard]] std::string end_user_name(const std::string& id);

}  // namespace spillway::keys
