#pragma once

#include <string>
#include <vector>

#include "cubes.hpp"
#include "ledger_reader.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::ledger {

/// Reads, in one pass and in the order of the table, the rows of `cube` that `query` is about, and
/// the records behind the mark: the columns of `by`, then those of `Sums`, not added up.
/// ?1 and ?2 are the range of records, ?3 and ?4 that of days, then come the names of `only`.
[[nodiscard]] std::string sums_sql(const SumsQuery& query, const Cube& cube);

/// The sums that `query` asks for, as of one moment: what is rolled up, and the records behind it.
/// @return `invalid_request` for dimensions that do not go together.
[[nodiscard]] Result<std::vector<SumsRow>> ask_sums(LedgerReader& reader, const SumsQuery& query);

}  // namespace spillway::ledger
