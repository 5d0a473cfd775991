#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "spillway/ledger/spend_record.hpp"
#include "spillway/sqlite/connection.hpp"
#include "words.hpp"

namespace spillway::ledger {

/// A prepared INSERT of a fixed number of records at once.
///
/// SQLite keeps what was bound from one step to the next, and most columns of a record are those of
/// the record before: only what differs from the last record in the same place is bound again.
class RowInsert {
public:
    RowInsert() = default;
    [[nodiscard]] static Result<RowInsert> prepare(sqlite::Connection& connection,
                                                   std::size_t rows);

    /// How many rows it inserts.
    [[nodiscard]] std::size_t size() const { return ids_.size(); }

    /// @param row  From 0. Each row must be bound before every step.
    void bind(std::size_t row, std::int64_t seq, const SpendRecord& record, Words& words);
    [[nodiscard]] sqlite::Statement& statement() { return statement_; }
    /// Resets, and binds all anew: after a rollback the id of a word may come to mean another one.
    void forget();

    /// What a parameter holds now. The text is the one that is bound, so it must not move.
    struct Slot {
        enum class Kind : std::uint8_t { unbound, null, number, word, text };
        Kind kind = Kind::unbound;
        std::int64_t number = 0;
        std::string text;
    };

private:
    sqlite::Statement statement_;
    std::vector<Slot> slots_;
    std::vector<std::array<unsigned char, 16>> ids_;
};

}  // namespace spillway::ledger
