#pragma once

#include <string>

#include "spillway/base/secret.hpp"
#include "spillway/ledger/verify.hpp"
#include "spillway/sqlite/connection.hpp"

/// The checks of `verify`, one subject each. All of them read `connection`, and write at most to
/// its temporary tables.
namespace spillway::ledger::verification {

constexpr std::size_t most_findings = 100;

/// Notes a finding; beyond the most it only counts.
void note(Verdict& verdict, std::string check, std::string what);

/// How far the check goes: what is written later is not judged.
struct Extent {
    std::int64_t last_seq = 0;
    std::int64_t rolled_up = 0;
};

/// Each id once, its millisecond that of the start, every amount at least zero.
[[nodiscard]] Result<void> check_records(sqlite::Connection& connection, const Extent& extent,
                                         Verdict& verdict);
/// Every number is in one block, in order, and there or retired.
[[nodiscard]] Result<void> check_blocks(sqlite::Connection& connection, const Extent& extent,
                                        Verdict& verdict);
/// Words, routings, the shipper's mark and what it set aside.
[[nodiscard]] Result<void> check_references(sqlite::Connection& connection, const Extent& extent,
                                            Verdict& verdict);
/// The sums by day are those of the records.
[[nodiscard]] Result<void> check_sums(sqlite::Connection& connection, Verdict& verdict);
/// PostgreSQL has what it confirmed.
[[nodiscard]] Result<void> check_database(sqlite::Connection& connection, const Secret& url,
                                          Verdict& verdict);

}  // namespace spillway::ledger::verification
