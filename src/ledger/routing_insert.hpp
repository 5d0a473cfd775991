#pragma once

#include <cstdint>
#include <string>

#include "spillway/ledger/spend_record.hpp"
#include "spillway/sqlite/connection.hpp"
#include "words.hpp"

namespace spillway::ledger {

/// The prepared INSERT of how one record was routed.
class RoutingInsert {
public:
    RoutingInsert() = default;
    [[nodiscard]] static Result<RoutingInsert> prepare(sqlite::Connection& connection);

    /// @param taken  Outlives the step. Bind before every step.
    void bind(std::int64_t seq, const RouteTaken& taken, Words& words);
    [[nodiscard]] sqlite::Statement& statement() { return statement_; }

private:
    sqlite::Statement statement_;
    std::string reason_;  ///< What is bound when the record's own cannot be stored as it is.
    std::string features_;
    std::string route_;
    std::string rule_;
};

}  // namespace spillway::ledger
