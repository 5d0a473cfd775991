#pragma once

#include <span>
#include <string>
#include <string_view>

#include "spillway/ledger/spend_record.hpp"

/// Records as lines for other programs: every column, exact decimals, RFC 3339.
namespace spillway::ledger {

/// The columns, in an order that later versions only add to.
[[nodiscard]] std::span<const std::string_view> export_columns();

/// The first line of a CSV file (RFC 4180, lines end with LF).
[[nodiscard]] std::string csv_header();
/// What is not known is an empty field; truths are `true` and `false`.
[[nodiscard]] std::string csv_line(const SpendRecord& record);
/// One JSON object with the same names, and a line feed. What is not known is null.
[[nodiscard]] std::string json_line(const SpendRecord& record);

}  // namespace spillway::ledger
