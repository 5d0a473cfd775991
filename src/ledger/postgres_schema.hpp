#pragma once

#include "spillway/ledger/spend_record.hpp"
#include "spillway/postgres/session.hpp"

namespace spillway::ledger::remote {

/// Creates or upgrades `spillway_spend_logs` and its view; several daemons may do so at once.
[[nodiscard]] postgres::Outcome<void> migrate(postgres::Session& session);

/// Inserts one record; a second time it does nothing.
[[nodiscard]] std::string insert_statement();

/// The parameters of `insert_statement` for `record`.
[[nodiscard]] postgres::Row parameters_of(const SpendRecord& record);

}  // namespace spillway::ledger::remote
