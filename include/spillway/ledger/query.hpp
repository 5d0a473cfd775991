#pragma once

#include <memory>
#include <optional>
#include <string>

#include "spillway/base/result.hpp"

namespace spillway::ledger {

/// What `GET /spend/logs` may ask; all optional, all bound as parameters.
struct LogsQuery {
    std::string request_id;
    std::string api_key;  ///< "sk-..." (hashed here) or a hash.
    std::string user_id;
    std::string start_date;  ///< YYYY-MM-DD
    std::string end_date;
    bool summarize = true;  ///< Only with dates (litellm-surface 2.9).
    int limit = 1000;
};

/// Reads the embedded ledger on a connection of its own; blocking, for the query thread only.
/// Answers are JSON text in LiteLLM's shapes.
class Query {
public:
    [[nodiscard]] static Result<std::unique_ptr<Query>> open(const std::string& ledger_path);
    ~Query();

    [[nodiscard]] Result<std::string> spend_logs(const LogsQuery& query);
    /// `[{"date","spend"}]` of the last 30 days; one model or group only when `model` is not empty.
    [[nodiscard]] Result<std::string> global_spend_logs(const std::string& model,
                                                        const std::string& api_key);
    /// `{"spend": <30-day sum>, "max_budget": null}`
    [[nodiscard]] Result<std::string> global_spend();

private:
    struct Parts;
    explicit Query(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
