#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"

namespace spillway::ledger {

/// What budgets want to know of the ledger.
struct ChargesQuestion {
    /// `endless`: records that were taken out by age count, too. Those of a period that ends are
    /// never taken out before it does.
    enum class Period : std::uint8_t { ends, endless };
    struct Since {
        chat::Scope scope;
        WallTime from{};
        Period period = from == WallTime{} ? Period::endless : Period::ends;
    };
    std::vector<Since> scopes;
    /// For each of these moments the sum of every end user there is.
    std::vector<WallTime> end_users_since;
    /// What was charged from here on is left out; empty: nothing is.
    std::optional<WallTime> until{};
    /// Requests that are counted elsewhere.
    std::vector<RequestId> but;
};

struct Charges {
    std::vector<NanoUsd> scopes;  ///< In the order of the question.
    std::map<std::string, std::vector<NanoUsd>> end_users;
    WallTime latest{};      ///< The latest moment that any record was charged at.
    std::int64_t rows = 0;  ///< That were read.
};

/// A scope whose endless budget counts from then on only.
struct Opened {
    chat::Scope scope;
    WallTime at{};
};
/// Remembers openings, so that records that are taken out by age later count where they are behind
/// them. What was taken out before counts no more for an opening of the last hour; an older one
/// that is new here leaves it: too much rather than too little. Blocking, all or nothing.
[[nodiscard]] Result<void> note_openings(const std::string& ledger_path,
                                         std::span<const Opened> openings, WallTime now);

/// What was charged to scopes since a moment: the sum of `charged`, else `cost`, of the records
/// whose `charged_at`, else `started`, is not before it. Reads the ledger once, from where the
/// earliest moment begins. Blocking, on a connection of its own.
[[nodiscard]] Result<Charges> charges_since(const std::string& ledger_path,
                                            const ChargesQuestion& question);

/// The latest moment that any record started or was charged at; the epoch in an empty ledger. Reads
/// no more than what is behind the last block.
[[nodiscard]] Result<WallTime> latest_charge(const std::string& ledger_path);

}  // namespace spillway::ledger
