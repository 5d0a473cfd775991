#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"
#include "spillway/sqlite/connection.hpp"

/// What budgets were charged for records that were taken out by age: a budget that is never renewed
/// is the sum of these and of the records that are there.
namespace spillway::ledger {

/// Adds the charges of the records with ?2 <= seq <= ?3 for which `which` holds and that are behind
/// their scope's opening, one statement for each kind of scope.
[[nodiscard]] std::vector<std::string> retire_charges_sql(std::string_view which);

/// What the table calls the scope's kind.
[[nodiscard]] std::string_view retired_word(chat::ScopeKind kind);

/// Of one scope; as much as fits.
[[nodiscard]] Result<NanoUsd> retired_charge(sqlite::Connection& connection,
                                             const chat::Scope& scope);
/// Of every end user there was.
[[nodiscard]] Result<std::vector<std::pair<std::string, NanoUsd>>> retired_end_user_charges(
    sqlite::Connection& connection);

}  // namespace spillway::ledger
