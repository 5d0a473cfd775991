#include "spend_questions.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>

#include "spillway/base/clock.hpp"

namespace spillway::admin {

namespace {

constexpr ledger::Day days_of_month = 30;
constexpr std::string_view most_end_users = "100";  // as LiteLLM has it

/// The text of `name` in the body; empty when it is not there or null.
Result<std::string> text_in(const Json& body, const char* name)
{
    const auto found = body.find(name);
    if (found == body.end() || found->is_null())
        return std::string();
    if (!found->is_string())
        return fail(
            Error(Errc::invalid_request, std::string(name) + " must be a text.").about(name));
    return found->get<std::string>();
}

/// The day of a moment in the body, "2026-11-20T08:00:00Z" or "2026-11-20".
Result<std::string> day_in(const Json& body, const char* name)
{
    constexpr std::size_t size_of_date = 10;
    auto text = text_in(body, name);
    if (!text || text->empty())
        return text;
    const auto behind = text->size() > size_of_date ? (*text)[size_of_date] : 'T';
    const auto day = text->substr(0, size_of_date);
    if ((behind != 'T' && behind != ' ') || !ledger::days_between(day, {}))
        return fail(Error(Errc::invalid_request,
                          std::string(name) + " must begin with a date, written YYYY-MM-DD.")
                        .about(name));
    return day;
}

}  // namespace

ledger::DayRange last_month()
{
    const auto now = std::chrono::floor<std::chrono::days>(SystemClock{}.wall());
    ledger::DayRange range;
    range.first = now.time_since_epoch().count() - days_of_month;
    return range;
}

Result<ledger::DayRange> days_of(const Request& request, ledger::DayRange otherwise)
{
    if (request["start_date"].empty() && request["end_date"].empty())
        return otherwise;
    return ledger::days_between(request["start_date"], request["end_date"]);
}

Result<ledger::DayRange> days_that_must_be(const Request& request)
{
    if (request["start_date"].empty() || request["end_date"].empty())
        return fail(Errc::invalid_request,
                    "Please provide start_date and end_date, written YYYY-MM-DD.");
    return ledger::days_between(request["start_date"], request["end_date"]);
}

Result<void> take_end_users_question(Request& request)
{
    const auto body = read_object(request.body);
    if (!body)
        return fail(body.error());
    auto first = day_in(*body, "startTime");
    auto last = day_in(*body, "endTime");
    auto key = text_in(*body, "api_key");
    for (const auto* read : {&first, &last, &key})
        if (!*read)
            return fail(read->error());
    if (first->empty())
        *first = ledger::day_text(last_month().first);
    request.query = {{"start_date", *std::move(first)},
                     {"end_date", *std::move(last)},
                     {"api_key", *std::move(key)},
                     {"limit", std::string(most_end_users)}};
    return {};
}

std::string key_of(const Request& request)
{
    if (!chat::sees_all(request.caller))
        return std::string(request.caller.key_hash);
    return ledger::key_hash_of(std::string(request["api_key"]));
}

ledger::SumsQuery question_of(const Request& request, ledger::DayRange days,
                              std::vector<ledger::Dimension> by)
{
    ledger::SumsQuery question;
    question.first = days.first;
    question.last = days.last;
    question.by = std::move(by);
    // A key without a hash is nobody's: it must not see everybody's.
    if (auto key = key_of(request); !key.empty() || !chat::sees_all(request.caller))
        question.only.push_back({ledger::Dimension::key, {std::move(key)}});
    return question;
}

void only(ledger::SumsQuery& question, ledger::Dimension dimension, std::string_view names)
{
    ledger::SumsQuery::Only restriction{dimension, {}};
    while (!names.empty()) {
        const auto name = names.substr(0, names.find(','));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        if (!name.empty())
            restriction.names.emplace_back(name);
    }
    if (!restriction.names.empty())
        question.only.push_back(std::move(restriction));
}

int number_of(const Request& request, std::string_view name, int otherwise, int most)
{
    const auto text = request[name];
    int value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool sound = !text.empty() && error == std::errc{} && stop == end;
    return sound ? std::clamp(value, 1, most) : otherwise;
}

void rank(std::vector<ledger::SumsRow>& rows, const Request& request)
{
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
        return a.sums.cost.usd() > b.sums.cost.usd();
    });
    constexpr int all = std::numeric_limits<int>::max();
    const auto limit = static_cast<std::size_t>(number_of(request, "limit", all, all));
    if (rows.size() > limit)
        rows.resize(limit);
}

Json name_or_null(const std::string& name)
{
    return name.empty() ? Json() : Json(name);
}

}  // namespace spillway::admin
