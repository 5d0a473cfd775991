#include <map>
#include <utility>

#include "spend_pages.hpp"
#include "spend_questions.hpp"

namespace spillway::admin {

namespace {

using ledger::Dimension;
using ledger::SumsRow;

/// What teams and customers are called in a report.
struct Grouping {
    Dimension dimension;
    const char* list;  ///< The member that holds them.
    const char* name;  ///< Of one of them.
};

Result<std::string> by_day(const Grouping& grouping, ledger::SumsQuery question, const Names& names,
                           ledger::Query& ledger)
{
    question.by = {Dimension::day, grouping.dimension, Dimension::model, Dimension::key};
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    struct Group {
        ledger::Spend spend;
        Json details = Json::array();
    };
    std::map<std::string, std::map<std::string, Group>> days;
    for (const auto& row : *rows) {
        auto& group = days[row.names[0]][row.names[1]];
        group.spend += row.sums.cost;
        group.details.push_back(Json{{"model", row.names[2]},
                                     {"spend", row.sums.cost.usd()},
                                     {"total_tokens", tokens_of(row.sums)},
                                     {"api_key", row.names[3]}});
    }
    auto page = Json::array();
    for (auto& [day, groups] : days) {
        auto list = Json::array();
        for (auto& [name, group] : groups)
            list.push_back(Json{
                {grouping.name, grouping.dimension == Dimension::team ? names.team(name) : name},
                {"total_spend", group.spend.usd()},
                {"metadata", std::move(group.details)}});
        page.push_back(
            Json{{"group_by_day", day + "T00:00:00+00:00"}, {grouping.list, std::move(list)}});
    }
    return text_of(page);
}

Json costs_of(const ledger::Sums& sums)
{
    return Json{{"total_cost", sums.cost.usd()},
                {"total_input_tokens", sums.prompt_tokens},
                {"total_output_tokens", sums.completion_tokens}};
}

/// One object of each key, with its models.
Result<std::string> by_key(ledger::SumsQuery question, ledger::Query& ledger)
{
    question.by = {Dimension::key, Dimension::model};
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    std::map<std::string, std::pair<ledger::Sums, Json>> keys;
    for (const auto& row : *rows) {
        auto& [sums, models] =
            keys.try_emplace(row.names[0], ledger::Sums{}, Json::array()).first->second;
        sums += row.sums;
        Json model{{"model", row.names[1]}};
        model.update(costs_of(row.sums));
        models.push_back(std::move(model));
    }
    auto page = Json::array();
    for (auto& [key, of_key] : keys) {
        Json entry{{"api_key", key}};
        entry.update(costs_of(of_key.first));
        entry["model_details"] = std::move(of_key.second);
        page.push_back(std::move(entry));
    }
    return text_of(page);
}

}  // namespace

Result<std::string> spend_report(const Request& request, ledger::Query& ledger)
{
    const auto days = days_that_must_be(request);
    if (!days)
        return fail(days.error());
    auto question = question_of(request, *days, {});
    only(question, Dimension::user, request["internal_user_id"]);
    only(question, Dimension::team, request["team_id"]);
    const auto group_by = request["group_by"];
    if (!request["api_key"].empty() || !request["internal_user_id"].empty() ||
        group_by == "api_key")
        return by_key(std::move(question), ledger);
    if (group_by.empty() || group_by == "team")
        return by_day({Dimension::team, "teams", "team_name"}, std::move(question), request.names,
                      ledger);
    if (group_by == "customer") {
        only(question, Dimension::end_user, request["customer_id"]);
        return by_day({Dimension::end_user, "customers", "customer"}, std::move(question),
                      request.names, ledger);
    }
    return fail(Error(Errc::invalid_request, "group_by must be team, customer or api_key.")
                    .about("group_by"));
}

}  // namespace spillway::admin
