#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"

/// Whether a ledger holds what it promises: every sum of money follows from rows with ids of their
/// own.
namespace spillway::ledger {

/// One thing that was looked at and found wrong.
struct Finding {
    std::string check;  ///< "ids", "blocks", "sums", ...: which promise is broken.
    std::string what;   ///< One line, with the rows.
};

/// What was looked at.
struct Verdict {
    std::int64_t records = 0;
    std::int64_t retired = 0;              ///< Taken out by age; their sums are there.
    std::int64_t rolled_up = 0;            ///< Records up to the mark of the sums.
    std::int64_t shipped = 0;              ///< The last row that PostgreSQL confirmed.
    std::string spend_usd;                 ///< Sum of all known costs of the records, exact.
    std::int64_t compared_rows = 0;        ///< Rows that PostgreSQL was asked for.
    std::vector<std::string> quarantined;  ///< Refused by PostgreSQL: "id: sqlstate, reason".
    std::vector<Finding> findings;         ///< At most 100; empty: all is well.
};

struct VerifyWish {
    std::string ledger_path;
    std::optional<Secret> database_url;  ///< Compare with PostgreSQL, too.
};

/// Reads everything once, some thousands of rows at a time, so that a daemon on the same ledger
/// goes on undisturbed. Writes nothing to it. Records that are written meanwhile are not judged.
/// @return An error when it could not look: no ledger, no database.
[[nodiscard]] Result<Verdict> verify(const VerifyWish& wish);

}  // namespace spillway::ledger
