#include "spend_pages.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "spend_questions.hpp"

namespace spillway::admin {

namespace {

using Make = Result<std::string> (*)(const Request&, ledger::Query&);

/// The pages that need nothing but the ledger.
constexpr std::array<std::pair<Page, Make>, 18> made_of_the_ledger{{
    {Page::spend_logs, spend_logs},
    {Page::spend_logs_page, spend_logs_page},
    {Page::spend_keys, spend_keys},
    {Page::spend_users, spend_users},
    {Page::spend_tags, spend_tags},
    {Page::global_spend_logs, global_spend_logs},
    {Page::global_spend_keys, global_spend_keys},
    {Page::global_spend_models, global_spend_models},
    {Page::global_spend_teams, global_spend_teams},
    {Page::global_spend_tags, global_spend_tags},
    {Page::global_spend_provider, global_spend_provider},
    {Page::global_spend_end_users, global_spend_end_users},
    {Page::spend_report, spend_report},
    {Page::activity, activity},
    {Page::activity_by_model, activity_by_model},
    {Page::user_activity, daily_activity},
    {Page::team_activity, daily_activity},
    {Page::tag_activity, daily_activity},
}};

Make maker_of(Page page)
{
    const auto* found = std::find_if(made_of_the_ledger.begin(), made_of_the_ledger.end(),
                                     [&](const auto& each) { return each.first == page; });
    return found == made_of_the_ledger.end() ? nullptr : found->second;
}

Result<Reply> reply_of(Result<std::string> body)
{
    if (!body)
        return fail(std::move(body).error());
    Reply reply;
    reply.body = std::move(*body);
    return reply;
}

/// The question outlives an asker who left, so it owns what it asks with.
Archive::Question question_of(Make make, Request request)
{
    std::string key(request.caller.key_hash);
    return [make, request = std::move(request), key = std::move(key)](ledger::Query& ledger) {
        auto asked = request;
        asked.caller.key_hash = key;
        return make(asked, ledger);
    };
}

}  // namespace

net::Task<Result<Reply>> spend_page(Request request, const Desk& desk)
{
    const auto view = desk.view;
    if (request.page == Page::calculate_spend)
        co_return reply_of(calculate_spend(request, *view));
    if (request.page == Page::reset_spend)
        co_return fail(Errc::not_implemented,
                       "Spend is not reset here: it is always the sum of the records. A budget "
                       "begins anew by itself when its period ends; to spend more before, raise "
                       "its cap.");
    if (request.page == Page::global_spend_end_users)
        if (auto read = take_end_users_question(request); !read)
            co_return fail(std::move(read).error());
    request.names = Names(desk.keys.known());
    for (auto& [name, value] : request.query)
        if (name == "api_key" && !value.empty())
            value = desk.keys.account_of(value);
    Archive::Question question;
    if (const auto make = maker_of(request.page)) {
        question = question_of(make, std::move(request));
    } else {
        question = [most = view->max_budget](ledger::Query& ledger) {
            return global_spend(most, ledger);
        };
    }
    auto body = co_await desk.archive.ask(desk.shard, std::move(question));
    co_return reply_of(std::move(body));
}

}  // namespace spillway::admin
