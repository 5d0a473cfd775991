#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json.hpp"
#include "spillway/admin/pages.hpp"
#include "spillway/ledger/query.hpp"

/// How the spend pages read their questions; private to `admin`.
namespace spillway::admin {

/// The last 30 days and today.
[[nodiscard]] ledger::DayRange last_month();
/// `start_date` and `end_date` of the question; `otherwise` where it has neither.
[[nodiscard]] Result<ledger::DayRange> days_of(const Request& request, ledger::DayRange otherwise);
/// The same; both must be there.
[[nodiscard]] Result<ledger::DayRange> days_that_must_be(const Request& request);

/// A question about `days`, of which a plain key sees what is its own.
[[nodiscard]] ledger::SumsQuery question_of(const Request& request, ledger::DayRange days,
                                            std::vector<ledger::Dimension> by);
/// Restricts to `names`, several with commas between them; an empty text does not restrict.
void only(ledger::SumsQuery& question, ledger::Dimension dimension, std::string_view names);

/// What the body of `/global/spend/end_users` asks, as the query would ask it of other pages. Of
/// `startTime` and `endTime` the day counts.
[[nodiscard]] Result<void> take_end_users_question(Request& request);

/// The key that the asker may see: his own, where he does not administer; else the one asked for.
[[nodiscard]] std::string key_of(const Request& request);

/// A whole number of the query from 1 to `most`; `otherwise` when there is none.
[[nodiscard]] int number_of(const Request& request, std::string_view name, int otherwise, int most);

/// The dearest first; `limit` of them where the query has one.
void rank(std::vector<ledger::SumsRow>& rows, const Request& request);

[[nodiscard]] inline std::int64_t tokens_of(const ledger::Sums& sums)
{
    return sums.prompt_tokens + sums.completion_tokens;
}

/// A name, or null for an empty one.
[[nodiscard]] Json name_or_null(const std::string& name);

}  // namespace spillway::admin
