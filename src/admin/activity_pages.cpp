#include <array>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>

#include "spend_pages.hpp"
#include "spend_questions.hpp"

namespace spillway::admin {

namespace {

using ledger::Dimension;
using ledger::SumsRow;

/// "Nov 20" of "2026-11-20", as LiteLLM prints it.
std::string short_date(std::string_view day)
{
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    unsigned month = 1;
    std::from_chars(day.data() + 5, day.data() + 7, month);
    return std::string(months.at((month - 1) % months.size())).append(" ").append(day.substr(8));
}

/// Requests and tokens by day, and their sums.
class Activity {
public:
    void add(std::string_view day, const ledger::Sums& sums)
    {
        daily_.push_back(Json{{"date", short_date(day)},
                              {"api_requests", sums.requests},
                              {"total_tokens", tokens_of(sums)}});
        requests_ += sums.requests;
        tokens_ += tokens_of(sums);
    }
    [[nodiscard]] Json take() &&
    {
        return Json{{"daily_data", std::move(daily_)},
                    {"sum_api_requests", requests_},
                    {"sum_total_tokens", tokens_}};
    }

private:
    Json daily_ = Json::array();
    std::int64_t requests_ = 0;
    std::int64_t tokens_ = 0;
};

Json metrics_of(const ledger::Sums& sums)
{
    return Json{{"spend", sums.cost.usd()},
                {"prompt_tokens", sums.prompt_tokens},
                {"completion_tokens", sums.completion_tokens},
                {"cache_read_input_tokens", sums.cached_tokens},
                {"cache_creation_input_tokens", sums.cache_write_tokens},
                {"total_tokens", tokens_of(sums)},
                {"successful_requests", sums.served},
                {"failed_requests", sums.requests - sums.served},
                {"api_requests", sums.requests}};
}

/// One way to break a day down: "models" by name, each with its keys.
struct Breakdown {
    const char* member;
    Dimension dimension;
};

struct Part {
    ledger::Sums sums;
    std::map<std::string, ledger::Sums> keys;
};
using Parts = std::map<std::string, Part>;

Json key_metadata(const Names& names, const std::string& account)
{
    const auto key = names.key(account);
    return Json{{"key_alias", name_or_null(key ? key->key_alias : "")},
                {"team_id", name_or_null(key ? key->team_id : "")}};
}

Json json_of(const Parts& parts, std::string_view member, const Request& request)
{
    Json out = Json::object();
    for (const auto& [name, part] : parts) {
        Json entry{{"metrics", metrics_of(part.sums)}, {"metadata", Json::object()}};
        if (member == "api_keys") {
            entry["metadata"] = key_metadata(request.names, name);
        } else {
            Json keys = Json::object();
            for (const auto& [key, sums] : part.keys)
                keys[key] = Json{{"metrics", metrics_of(sums)},
                                 {"metadata", key_metadata(request.names, key)}};
            entry["api_key_breakdown"] = std::move(keys);
            const auto team = request.names.team(name);
            if (member == "entities" && request.page == Page::team_activity && team != name)
                entry["metadata"]["team_alias"] = team;
        }
        out[name] = std::move(entry);
    }
    return out;
}

/// Days as they come together from one question per breakdown.
struct Days {
    std::map<std::string, ledger::Sums> sums;
    std::map<std::string, std::map<std::string_view, Parts>> parts;
};

Result<void> add_breakdown(Days& days, ledger::SumsQuery question, const Breakdown& breakdown,
                           ledger::Query& ledger)
{
    question.by = {Dimension::day, breakdown.dimension, Dimension::key};
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    for (const auto& row : *rows) {
        if (row.names[1].empty())
            continue;
        auto& part = days.parts[row.names[0]][breakdown.member][row.names[1]];
        part.sums += row.sums;
        part.keys[row.names[2]] += row.sums;
    }
    return {};
}

Json page_of(const Days& days, const Request& request)
{
    auto results = Json::array();
    ledger::Sums total;
    for (const auto& [day, sums] : days.sums) {
        total += sums;
        Json breakdown{{"models", Json::object()},      {"model_groups", Json::object()},
                       {"mcp_servers", Json::object()}, {"providers", Json::object()},
                       {"api_keys", Json::object()},    {"entities", Json::object()}};
        if (const auto found = days.parts.find(day); found != days.parts.end())
            for (const auto& [member, parts] : found->second)
                breakdown[std::string(member)] = json_of(parts, member, request);
        results.push_back(Json{
            {"date", day}, {"metrics", metrics_of(sums)}, {"breakdown", std::move(breakdown)}});
    }
    return Json{{"results", std::move(results)},
                {"metadata", Json{{"total_spend", total.cost.usd()},
                                  {"total_prompt_tokens", total.prompt_tokens},
                                  {"total_completion_tokens", total.completion_tokens},
                                  {"total_tokens", tokens_of(total)},
                                  {"total_api_requests", total.requests},
                                  {"total_successful_requests", total.served},
                                  {"total_failed_requests", total.requests - total.served},
                                  {"total_cache_read_input_tokens", total.cached_tokens},
                                  {"total_cache_creation_input_tokens", total.cache_write_tokens},
                                  {"page", 1},
                                  {"total_pages", 1},
                                  {"has_more", false}}}};
}

/// What a page is about: users, teams or tags, and how the question names them.
struct Subject {
    Dimension dimension;
    std::string_view names;
};

Subject subject_of(const Request& request)
{
    if (request.page == Page::team_activity)
        return {Dimension::team, request["team_ids"]};
    if (request.page == Page::tag_activity)
        return {Dimension::tag, request["tags"]};
    return {Dimension::user, request["user_id"]};
}

}  // namespace

Result<std::string> activity(const Request& request, ledger::Query& ledger)
{
    const auto days = days_that_must_be(request);
    if (!days)
        return fail(days.error());
    const auto rows = ledger.sums(question_of(request, *days, {Dimension::day}));
    if (!rows)
        return fail(rows.error());
    Activity all;
    for (const auto& row : *rows)
        all.add(row.names[0], row.sums);
    return text_of(std::move(all).take());
}

Result<std::string> activity_by_model(const Request& request, ledger::Query& ledger)
{
    const auto days = days_that_must_be(request);
    if (!days)
        return fail(days.error());
    const auto rows = ledger.sums(question_of(request, *days, {Dimension::group, Dimension::day}));
    if (!rows)
        return fail(rows.error());
    std::map<std::string, Activity> models;
    for (const auto& row : *rows) {
        if (!row.names[0].empty())
            models[row.names[0]].add(row.names[1], row.sums);
    }
    auto page = Json::array();
    for (auto& [name, of_model] : models) {
        Json entry{{"model", name}};
        entry.update(std::move(of_model).take());
        page.push_back(std::move(entry));
    }
    return text_of(page);
}

Result<std::string> daily_activity(const Request& request, ledger::Query& ledger)
{
    const auto range = days_that_must_be(request);
    if (!range)
        return fail(range.error());
    const auto subject = subject_of(request);
    auto question = question_of(request, *range, {Dimension::day});
    only(question, subject.dimension, subject.names);
    only(question, Dimension::model, request["model"]);
    const bool tags = subject.dimension == Dimension::tag;
    Days days;
    // A request with two of the tags that are asked for counts twice, as it does in LiteLLM.
    const auto rows = ledger.sums(question);
    if (!rows)
        return fail(rows.error());
    for (const auto& row : *rows)
        days.sums[row.names[0]] += row.sums;
    std::vector<Breakdown> breakdowns{{"models", Dimension::model}, {"api_keys", Dimension::key}};
    if (!tags) {
        breakdowns.push_back({"model_groups", Dimension::group});
        breakdowns.push_back({"providers", Dimension::provider});
    }
    if (subject.dimension != Dimension::user)
        breakdowns.push_back({"entities", subject.dimension});
    for (const auto& breakdown : breakdowns) {
        if (auto added = add_breakdown(days, question, breakdown, ledger); !added)
            return fail(std::move(added).error());
    }
    return text_of(page_of(days, request));
}

}  // namespace spillway::admin
