#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cubes.hpp"
#include "ledger_reader.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::ledger {

/// Where sums are read from: what is rolled up, and the records behind the mark. Two statements,
/// because their union hands every row on, which takes as long as reading it.
enum class SumsPart : std::uint8_t { rolled_up, behind_mark };

/// Reads the rows of `cube` that `query` is about in one pass, in the order in which they lie: the
/// columns of `by`, then those of `Sums`, not added up.
/// ?1 and ?2 are the range of records, ?3 and ?4 that of days, then come the names of `only`.
[[nodiscard]] std::string sums_sql(const SumsQuery& query, const Cube& cube, SumsPart part);

/// The sums that `query` asks for, as of one moment: what is rolled up, and the records behind it.
/// @return `invalid_request` for dimensions that do not go together.
[[nodiscard]] Result<std::vector<SumsRow>> ask_sums(LedgerReader& reader, const SumsQuery& query);

}  // namespace spillway::ledger
