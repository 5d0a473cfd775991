#include "spend_pages.hpp"
#include "spend_questions.hpp"
#include "spillway/base/text.hpp"

namespace spillway::admin {

namespace {

constexpr int usual_page = 50;
constexpr int most_rows_of_page = 100;
constexpr int most_pages = 10'000'000;

ledger::LogsQuery logs_query(const Request& request)
{
    ledger::LogsQuery query;
    query.request_id = request["request_id"];
    query.api_key = key_of(request);
    query.user_id = request["user_id"];
    query.team_id = request["team_id"];
    query.end_user = request["end_user"];
    query.model = request["model"];
    query.start_date = request["start_date"];
    query.end_date = request["end_date"];
    query.summarize = !iequals(request["summarize"], "false");
    return query;
}

/// A record by its id is anybody's: of what is not his a plain key learns nothing.
Result<std::string> own_record(std::string rows, const std::string& key)
{
    const auto parsed = Json::parse(rows, nullptr, false);
    const bool own = parsed.is_array() && !parsed.empty() && parsed[0].value("api_key", "") == key;
    return own ? std::move(rows) : std::string("[]");
}

bool sees_all(const Request& request)
{
    return chat::sees_all(request.caller);
}

}  // namespace

Result<std::string> spend_logs(const Request& request, ledger::Query& ledger)
{
    const auto query = logs_query(request);
    if (!sees_all(request) && query.api_key.empty())
        return std::string("[]");
    auto rows = ledger.spend_logs(query);
    if (rows && !query.request_id.empty() && !sees_all(request))
        return own_record(*std::move(rows), query.api_key);
    return rows;
}

Result<std::string> spend_logs_page(const Request& request, ledger::Query& ledger)
{
    auto query = logs_query(request);
    query.summarize = false;
    const int page = number_of(request, "page", 1, most_pages);
    const int size = number_of(request, "page_size", usual_page, most_rows_of_page);
    query.limit = size;
    query.skip = (page - 1) * size;
    if (!sees_all(request) && query.api_key.empty())
        return fail(Errc::forbidden, "This key has no records of its own.");
    auto rows = ledger.spend_logs(query);
    const bool one = !query.request_id.empty();
    if (rows && one && !sees_all(request))
        rows = own_record(*std::move(rows), query.api_key);
    if (!rows)
        return rows;
    const auto total = one ? Result<std::int64_t>(*rows == "[]" ? 0 : 1) : ledger.count_logs(query);
    if (!total)
        return fail(total.error());
    const auto pages = (*total + size - 1) / size;
    return "{\"data\":" + *rows + ",\"total\":" + std::to_string(*total) +
           ",\"page\":" + std::to_string(page) + ",\"page_size\":" + std::to_string(size) +
           ",\"total_pages\":" + std::to_string(pages) + "}";
}

}  // namespace spillway::admin
