#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "seq_ranges.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// Takes out records that are too old: the rows go, their sums go to `retired`, and the numbers
/// and times of blocks stay true. What PostgreSQL refused stays until an operator looked.
class Retiring {
public:
    /// Rows that are taken out at once: the writers' lock is held for so long.
    static constexpr std::int64_t chunk = 256;

    [[nodiscard]] static Result<Retiring> prepare(sqlite::Connection& connection);

    /// Takes out one chunk of the records that started before `before`, up to `through`.
    /// @return How many; empty when there is no further one.
    [[nodiscard]] Result<std::optional<std::int64_t>> step(sqlite::Connection& connection,
                                                           std::int64_t before,
                                                           std::int64_t through);

private:
    /// A block, and how much of it was looked at.
    struct Place {
        std::int64_t block_first = 0;
        std::int64_t next = 0;
        std::int64_t last = 0;
        bool closed = false;
    };
    Retiring() = default;
    [[nodiscard]] Result<bool> find_place(sqlite::Connection& connection, std::int64_t before,
                                          std::int64_t through);
    [[nodiscard]] bool take_out(sqlite::Connection& connection, SeqRange range, std::int64_t before,
                                std::int64_t& taken);
    [[nodiscard]] bool narrow_block();

    std::optional<Place> place_;
    std::int64_t looked_through_ = 0;  ///< The last block of this round.
    bool tail_done_ = false;
    sqlite::Statement next_block_;
    sqlite::Statement tail_;
    sqlite::Statement sum_;
    std::vector<sqlite::Statement> charges_;
    sqlite::Statement drop_routings_;
    sqlite::Statement drop_;
    sqlite::Statement narrow_;
};

}  // namespace spillway::ledger
