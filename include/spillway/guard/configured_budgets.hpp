#pragma once

#include <vector>

#include "spillway/chat/grant.hpp"
#include "spillway/config/config.hpp"

namespace spillway::guard {

/// The caps that the file names, by scope; windows of one length are one, the tighter.
struct ConfiguredBudgets {
    std::vector<chat::ScopeBudget> scopes;
    std::vector<chat::Cap> end_users;  ///< Of each of them.
};

[[nodiscard]] ConfiguredBudgets configured_budgets(const config::Config& config);

/// Adds a window to those of one scope; of two of one length the tighter holds.
void add_tighter(std::vector<chat::Cap>& caps, const chat::Cap& cap);

}  // namespace spillway::guard
