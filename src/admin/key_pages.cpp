#include "key_pages.hpp"

#include <utility>

#include "json.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/ledger/sums.hpp"

namespace spillway::admin {

namespace {

keys::Asker asker_of(const chat::Caller& caller)
{
    keys::Asker asker;
    asker.rights = chat::administers(caller) ? chat::AdminRights::all : caller.rights;
    if (caller.grant) {
        asker.account = caller.grant->key_hash;
        asker.user_id = caller.grant->user_id;
    }
    return asker;
}

Result<keys::Question> question_of(Request& request)
{
    auto body = read_object(request.body);
    if (!body)
        return fail(std::move(body).error());
    keys::Question question;
    question.body = *std::move(body);
    for (auto& [name, value] : request.query)
        question.query.emplace_back(std::move(name), std::move(value));
    question.segment = std::move(request.segment);
    question.asker = asker_of(request.caller);
    return question;
}

double usd_of(NanoUsd amount)
{
    return ledger::Spend{0, count(amount)}.usd();
}

}  // namespace

net::Task<Result<Reply>> key_page(Request request, const Desk& desk)
{
    auto question = question_of(request);
    if (!question)
        co_return fail(std::move(question).error());
    auto asked = *std::move(question);
    auto rules = desk.view->call_rules;
    auto body =
        co_await desk.keys.ask(desk.shard, request.call, std::move(asked), std::move(rules));
    if (!body)
        co_return fail(std::move(body).error());
    Reply reply;
    reply.body = *std::move(body);
    co_return reply;
}

Reply provider_budgets_page(const Desk& desk)
{
    auto providers = Json::object();
    for (const auto& standing : desk.keys.standings()) {
        // The first window of several, as LiteLLM knows one.
        if (standing.scope.kind != chat::ScopeKind::provider ||
            providers.contains(standing.scope.name))
            continue;
        const auto period = config::text_of(standing.period);
        providers[standing.scope.name] =
            Json{{"budget_limit", usd_of(standing.cap)},
                 {"time_period", period.empty() ? Json() : Json(period)},
                 {"spend", usd_of(standing.spent)},
                 {"budget_reset_at", standing.resets ? Json(rfc3339(*standing.resets)) : Json()}};
    }
    Reply reply;
    reply.body = text_of(Json{{"providers", std::move(providers)}});
    return reply;
}

}  // namespace spillway::admin
