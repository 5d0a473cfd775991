#pragma once

#include <vector>

#include "ledger_reader.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::ledger {

/// The sums that `query` asks for, as of one moment: what is rolled up, and the records behind it.
/// @return `invalid_request` for dimensions that do not go together.
[[nodiscard]] Result<std::vector<SumsRow>> ask_sums(LedgerReader& reader, const SumsQuery& query);

}  // namespace spillway::ledger
