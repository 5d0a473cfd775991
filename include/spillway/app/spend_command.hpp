#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "spillway/app/cli.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::app {

/// The words that `--by` takes.
[[nodiscard]] std::vector<std::string> spend_dimensions();

/// One line of the table.
struct SpendLine {
    std::string name;
    ledger::Sums all;
    ledger::Sums local;  ///< Those that machines of ours served.
};

/// What `spillway spend` shows.
struct SpendTable {
    std::string by;
    std::string first_day;  ///< "2026-11-01", UTC.
    std::string last_day;
    std::string reference_model;   ///< Empty: not known.
    bool knows_local = true;       ///< Not of end users and tags: their sums are not kept by place.
    std::vector<SpendLine> lines;  ///< By cost, days in their order.
    SpendLine total;
};

/// For people, and as JSON with exact decimals.
[[nodiscard]] std::string spend_text(const SpendTable& table);
[[nodiscard]] std::string spend_json(const SpendTable& table);

/// `spillway spend`. @return The exit code.
[[nodiscard]] int show_spend(const ShowSpend& wish, std::ostream& out, std::ostream& problems);

}  // namespace spillway::app
