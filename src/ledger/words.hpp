#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// Strings that repeat from record to record, stored once. Bounded: models and end users come from
/// clients, and what no longer fits is stored in the row.
class Words {
public:
    [[nodiscard]] static Result<Words> load(sqlite::Connection& connection);

    /// The id of `text`, made when there is room; empty when it must be stored in the row.
    [[nodiscard]] std::optional<std::int64_t> id_of(const std::string& text);
    /// False when a new word could not be written.
    [[nodiscard]] bool sound() const { return sound_; }

    void committed() { fresh_.clear(); }
    void rolled_back();

private:
    explicit Words(sqlite::Statement insert) : insert_(std::move(insert)) {}

    sqlite::Statement insert_;
    std::unordered_map<std::string, std::int64_t> ids_;
    std::vector<std::string> fresh_;
    std::int64_t next_ = 1;
    bool sound_ = true;
};

}  // namespace spillway::ledger
