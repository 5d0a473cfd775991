#include <map>

#include "spend_pages.hpp"
#include "spend_questions.hpp"

namespace spillway::admin {

namespace {

using ledger::Dimension;
using ledger::SumsRow;

const ledger::DayRange ever{};

/// Rows of one dimension, the dearest first, without those of no name.
Result<std::vector<SumsRow>> ranking(const Request& request, ledger::Query& ledger,
                                     Dimension dimension, ledger::DayRange otherwise)
{
    const auto days = days_of(request, otherwise);
    if (!days)
        return fail(days.error());
    auto question = question_of(request, *days, {dimension});
    auto rows = ledger.sums(question);
    if (!rows)
        return rows;
    std::erase_if(*rows, [](const SumsRow& row) { return row.names[0].empty(); });
    rank(*rows, request);
    return rows;
}

/// A list of objects, one of each row.
template <class Shape>
Result<std::string> list_of(const Result<std::vector<SumsRow>>& rows, Shape shape)
{
    if (!rows)
        return fail(rows.error());
    auto list = Json::array();
    for (const auto& row : *rows)
        list.push_back(shape(row));
    return text_of(list);
}

}  // namespace

Result<std::string> spend_keys(const Request& request, ledger::Query& ledger)
{
    auto question = question_of(request, ever, {Dimension::key, Dimension::team, Dimension::user});
    auto rows = ledger.sums(question);
    if (rows)
        rank(*rows, request);
    return list_of(rows, [&](const SumsRow& row) {
        const auto key = request.names.key(row.names[0]);
        return Json{{"token", row.names[0]},
                    {"key_name", name_or_null(key ? key->key_name : "")},
                    {"key_alias", name_or_null(key ? key->key_alias : "")},
                    {"spend", row.sums.cost.usd()},
                    {"team_id", name_or_null(row.names[1])},
                    {"user_id", name_or_null(row.names[2])},
                    {"total_requests", row.sums.requests}};
    });
}

Result<std::string> spend_users(const Request& request, ledger::Query& ledger)
{
    auto question = question_of(request, ever, {Dimension::user});
    only(question, Dimension::user, request["user_id"]);
    auto rows = ledger.sums(question);
    if (rows) {
        std::erase_if(*rows, [](const SumsRow& row) { return row.names[0].empty(); });
        rank(*rows, request);
    }
    return list_of(rows, [&](const SumsRow& row) {
        const auto user = request.names.user(row.names[0]);
        return Json{{"user_id", row.names[0]},
                    {"user_alias", name_or_null(user ? user->user_alias : "")},
                    {"user_email", name_or_null(user ? user->user_email : "")},
                    {"spend", row.sums.cost.usd()},
                    {"total_requests", row.sums.requests}};
    });
}

Result<std::string> spend_tags(const Request& request, ledger::Query& ledger)
{
    return list_of(ranking(request, ledger, Dimension::tag, ever), [](const SumsRow& row) {
        return Json{{"individual_request_tag", row.names[0]},
                    {"log_count", row.sums.requests},
                    {"total_spend", row.sums.cost.usd()}};
    });
}

Result<std::string> global_spend(std::optional<NanoUsd> max_budget, ledger::Query& ledger)
{
    const auto days = last_month();
    ledger::SumsQuery question;
    question.first = days.first;
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    Json page{{"spend", rows->empty() ? 0.0 : rows->front().sums.cost.usd()},
              {"max_budget", nullptr}};
    if (max_budget)
        page["max_budget"] = ledger::Spend{0, count(*max_budget)}.usd();
    return text_of(page);
}

Result<std::string> global_spend_logs(const Request& request, ledger::Query& ledger)
{
    const auto days = days_of(request, last_month());
    if (!days)
        return fail(days.error());
    auto question = question_of(request, *days, {Dimension::day});
    const std::string model(request["model"]);
    if (!model.empty())
        question.by = {Dimension::day, Dimension::model, Dimension::group};
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    std::map<std::string, ledger::Spend> by_day;
    for (const auto& row : *rows) {
        if (model.empty() || row.names[1] == model || row.names[2] == model)
            by_day[row.names[0]] += row.sums.cost;
    }
    auto list = Json::array();
    for (const auto& [day, spend] : by_day)
        list.push_back(Json{{"date", day}, {"spend", spend.usd()}});
    return text_of(list);
}

Result<std::string> global_spend_keys(const Request& request, ledger::Query& ledger)
{
    return list_of(ranking(request, ledger, Dimension::key, last_month()), [&](const SumsRow& row) {
        const auto key = request.names.key(row.names[0]);
        return Json{{"api_key", row.names[0]},
                    {"key_alias", name_or_null(key ? key->key_alias : "")},
                    {"key_name", name_or_null(key ? key->key_name : "")},
                    {"total_spend", row.sums.cost.usd()}};
    });
}

Result<std::string> global_spend_models(const Request& request, ledger::Query& ledger)
{
    return list_of(ranking(request, ledger, Dimension::model, last_month()),
                   [](const SumsRow& row) {
                       return Json{{"model", row.names[0]}, {"total_spend", row.sums.cost.usd()}};
                   });
}

Result<std::string> global_spend_teams(const Request& request, ledger::Query& ledger)
{
    const auto days = days_of(request, last_month());
    if (!days)
        return fail(days.error());
    const auto rows = ledger.sums(question_of(request, *days, {Dimension::day, Dimension::team}));
    if (!rows)
        return fail(rows.error());
    // Two teams may have one name: LiteLLM's page knows them by it, so they are one there.
    std::map<std::string, std::map<std::string, ledger::Spend>> by_day;
    std::map<std::string, ledger::Spend> by_team;
    for (const auto& row : *rows) {
        const auto team =
            row.names[1].empty() ? std::string("Unassigned") : request.names.team(row.names[1]);
        by_day[row.names[0]][team] += row.sums.cost;
        by_team[team] += row.sums.cost;
    }
    Json page{{"daily_spend", Json::array()},
              {"teams", Json::array()},
              {"total_spend_per_team", Json::array()}};
    for (const auto& [day, spends] : by_day) {
        Json entry{{"date", day}};
        for (const auto& [team, spend] : spends)
            entry[team] = spend.usd();
        page["daily_spend"].push_back(std::move(entry));
    }
    for (const auto& [team, spend] : by_team) {
        page["teams"].push_back(team);
        page["total_spend_per_team"].push_back(
            Json{{"team_id", team}, {"total_spend", spend.usd()}});
    }
    return text_of(page);
}

Result<std::string> global_spend_tags(const Request& request, ledger::Query& ledger)
{
    const auto days = days_of(request, last_month());
    if (!days)
        return fail(days.error());
    auto question = question_of(request, *days, {Dimension::tag});
    only(question, Dimension::tag, request["tags"]);
    auto rows = ledger.sums(question);
    if (!rows)
        return fail(std::move(rows).error());
    rank(*rows, request);
    auto list = Json::array();
    for (const auto& row : *rows)
        list.push_back(Json{{"name", row.names[0]},
                            {"spend", row.sums.cost.usd()},
                            {"log_count", row.sums.requests}});
    return text_of(Json{{"spend_per_tag", std::move(list)}});
}

Result<std::string> global_spend_provider(const Request& request, ledger::Query& ledger)
{
    return list_of(ranking(request, ledger, Dimension::provider, last_month()),
                   [](const SumsRow& row) {
                       return Json{{"provider", row.names[0]}, {"spend", row.sums.cost.usd()}};
                   });
}

Result<std::string> global_spend_end_users(const Request& request, ledger::Query& ledger)
{
    return list_of(ranking(request, ledger, Dimension::end_user, last_month()),
                   [](const SumsRow& row) {
                       return Json{{"end_user", row.names[0]},
                                   {"total_count", row.sums.requests},
                                   {"total_spend", row.sums.cost.usd()}};
                   });
}

}  // namespace spillway::admin
