#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::ledger {

/// What `GET /spend/logs` may ask; all optional, all bound as parameters.
struct LogsQuery {
    std::string request_id;
    std::string api_key;  ///< "sk-..." (hashed here) or a hash.
    std::string team_id;
    std::string user_id;     ///< The internal user, or the end user that the client named.
    std::string end_user;    ///< The end user alone.
    std::string model;       ///< The group, the provider's name of it, or what was asked for.
    std::string start_date;  ///< YYYY-MM-DD
    std::string end_date;
    bool summarize = true;  ///< Only with dates (litellm-surface 2.9).
    int limit = 1000;
    int skip = 0;  ///< So many of the newest are left out first.
};

/// Days of a query; `invalid_request` for what is no date. An empty text does not restrict.
struct DayRange {
    Day first = std::numeric_limits<Day>::min();
    Day last = std::numeric_limits<Day>::max();
};
[[nodiscard]] Result<DayRange> days_between(std::string_view start_date, std::string_view end_date);

/// The key itself hashed, a hash as it is: keys are stored as hashes, a caller may give either.
[[nodiscard]] std::string key_hash_of(const std::string& key);

/// Reads the embedded ledger on a connection of its own; blocking, for the query thread only.
class Query {
public:
    [[nodiscard]] static Result<std::unique_ptr<Query>> open(const std::string& ledger_path);
    ~Query();

    /// JSON text in LiteLLM's shape: the newest records, or sums by day.
    [[nodiscard]] Result<std::string> spend_logs(const LogsQuery& query);
    /// How many records match, but for `request_id` and for what a client calls a model when
    /// nothing here is called so.
    [[nodiscard]] Result<std::int64_t> count_logs(const LogsQuery& query);
    /// Sums by day and by whatever else, from the roll-ups and what is not in them yet: quick
    /// whatever the number of records. Sorted by their names.
    [[nodiscard]] Result<std::vector<SumsRow>> sums(const SumsQuery& query);

private:
    struct Parts;
    explicit Query(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
