#pragma once

#include <cstdint>
#include <vector>

#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// Carries the sums by day behind the records. Adds up first, in tables of its own, and takes the
/// writers' lock only to add what came of it.
class Rolling {
public:
    /// Records that are added up at once.
    static constexpr std::int64_t chunk = 1'024;

    [[nodiscard]] static Result<Rolling> prepare(sqlite::Connection& connection);

    /// Adds the next chunk. @return How many records it had; 0 when all are in the sums.
    [[nodiscard]] Result<std::int64_t> step(sqlite::Connection& connection);
    [[nodiscard]] std::int64_t through() const { return through_; }

private:
    struct Table {
        sqlite::Statement fold;
        sqlite::Statement merge;
        sqlite::Statement clear;
    };
    Rolling() = default;
    [[nodiscard]] bool fold(std::int64_t first, std::int64_t last);
    [[nodiscard]] bool merge(std::int64_t last);

    std::vector<Table> tables_;
    sqlite::Statement newest_;
    sqlite::Statement begin_;
    sqlite::Statement mark_;
    sqlite::Statement commit_;
    std::int64_t through_ = 0;
};

}  // namespace spillway::ledger
