#pragma once

#include <string>

#include "spillway/admin/pages.hpp"
#include "spillway/base/result.hpp"
#include "spillway/ledger/query.hpp"

/// What was spent, in LiteLLM's shapes (litellm-surface 2.9). All of these run on the archive's
/// thread. Days are those of UTC; an amount is the nearest number to the exact decimal.
namespace spillway::admin {

/// `/spend/logs`: the newest records, or sums by day.
[[nodiscard]] Result<std::string> spend_logs(const Request& request, ledger::Query& ledger);
/// `/spend/logs/ui`, `/spend/logs/v2`: records by pages.
[[nodiscard]] Result<std::string> spend_logs_page(const Request& request, ledger::Query& ledger);
/// `/spend/keys`, `/spend/users`, `/spend/tags`: what each spent, ever or between two days.
[[nodiscard]] Result<std::string> spend_keys(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> spend_users(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> spend_tags(const Request& request, ledger::Query& ledger);

/// `/global/spend`: the last 30 days and today.
[[nodiscard]] Result<std::string> global_spend(std::optional<NanoUsd> max_budget,
                                               ledger::Query& ledger);
/// `/global/spend/logs`: the same by day.
[[nodiscard]] Result<std::string> global_spend_logs(const Request& request, ledger::Query& ledger);
/// `/global/spend/keys`, `models`, `teams`, `tags`, `provider`: the largest first.
[[nodiscard]] Result<std::string> global_spend_keys(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> global_spend_models(const Request& request,
                                                      ledger::Query& ledger);
[[nodiscard]] Result<std::string> global_spend_teams(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> global_spend_tags(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> global_spend_provider(const Request& request,
                                                        ledger::Query& ledger);

/// `POST /global/spend/end_users`: the dearest hundred of the last 30 days, or of those asked for.
[[nodiscard]] Result<std::string> global_spend_end_users(const Request& request,
                                                         ledger::Query& ledger);

/// `/global/spend/report`: by day and team or customer, or by key.
[[nodiscard]] Result<std::string> spend_report(const Request& request, ledger::Query& ledger);

/// `/global/activity`: requests and tokens by day; of each model.
[[nodiscard]] Result<std::string> activity(const Request& request, ledger::Query& ledger);
[[nodiscard]] Result<std::string> activity_by_model(const Request& request, ledger::Query& ledger);

/// `/user/daily/activity`, `/team/...`, `/tag/...`: days with their models, providers and keys.
[[nodiscard]] Result<std::string> daily_activity(const Request& request, ledger::Query& ledger);

/// `POST /spend/calculate`: what a request costs, or would cost, at our prices.
[[nodiscard]] Result<std::string> calculate_spend(const Request& request, const View& view);

/// The page of any of these; asks the archive where it must.
[[nodiscard]] net::Task<Result<Reply>> spend_page(Request request, const Desk& desk);

}  // namespace spillway::admin
