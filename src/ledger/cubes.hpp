#pragma once

#include <span>
#include <string>
#include <string_view>

#include "spillway/ledger/sums.hpp"
#include "spillway/sqlite/connection.hpp"

/// The sums that are kept by day (`rollups*`), and how they follow from `records`. Folding,
/// checking and reading are made of the same lists, so that they cannot disagree.
namespace spillway::ledger {

/// One column that sums are kept by, and what it is of a record.
struct CubeColumn {
    Dimension dimension;
    std::string_view name;
    std::string_view of_record;  ///< SQL over a row of `Cube::records`.
    enum class Kind : std::uint8_t { number, word, text } kind = Kind::word;
};

/// One table of sums.
struct Cube {
    std::string_view table;
    std::string_view records;  ///< The records with what is needed of them, as SQL behind FROM.
    std::string_view where;    ///< Which of them; behind AND. Empty: all.
    std::span<const CubeColumn> columns;

    [[nodiscard]] const CubeColumn* find(Dimension dimension) const;
};

/// By all that key and deployment decide; by end users; by tags.
[[nodiscard]] std::span<const Cube> cubes();

/// Puts the sums of the records with ?1 <= seq <= ?2 into the empty table `into`, which has the
/// cube's columns.
[[nodiscard]] std::string fold_sql(const Cube& cube, std::string_view into);
/// Adds the rows of the table `from` to those of `into`, which has a key.
[[nodiscard]] std::string merge_sql(const Cube& cube, std::string_view into, std::string_view from);
/// The records with ?1 <= seq <= ?2, one row each, as if they were rows of the cube's table.
[[nodiscard]] std::string single_sums_sql(const Cube& cube);

/// Sums of the records to retire by their day, added to `retired` under the block ?1: those with
/// ?2 <= seq <= ?3 for which `which` holds.
[[nodiscard]] std::string retire_sql(std::string_view which);

/// The columns of `Sums` as `sum(...)`, to be read by `read_sums`.
[[nodiscard]] const std::string& sums_columns();
/// The same, not summed up: as names.
[[nodiscard]] const std::string& measure_names();
inline constexpr int sums_column_count = 16;
[[nodiscard]] Sums read_sums(const sqlite::Statement& row, int first_column);

}  // namespace spillway::ledger
