#pragma once

#include "postgres.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::ledger::postgres {

/// Creates or upgrades `spillway_spend_logs` and its view; several daemons may do so at once.
[[nodiscard]] Outcome<void> migrate(Session& session);

/// Inserts one record; a second time it does nothing.
[[nodiscard]] std::string insert_statement();

/// The parameters of `insert_statement` for `record`.
[[nodiscard]] Row parameters_of(const SpendRecord& record);

}  // namespace spillway::ledger::postgres
