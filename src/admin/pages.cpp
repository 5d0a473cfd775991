#include "spillway/admin/pages.hpp"

#include <algorithm>

#include "models.hpp"
#include "spillway/admin/health.hpp"
#include "spillway/base/text.hpp"

namespace spillway::admin {

namespace {

Result<std::string> decoded(std::string_view text)
{
    std::string spaced(text);
    std::replace(spaced.begin(), spaced.end(), '+', ' ');
    auto plain = percent_decoded(spaced);
    if (!plain)
        return fail(Errc::invalid_request, "the query string holds a malformed escape");
    return std::move(*plain);
}

bool is_date(std::string_view text)
{
    constexpr std::string_view shape = "dddd-dd-dd";
    return text.size() == shape.size() &&
           std::equal(text.begin(), text.end(), shape.begin(), [](char given, char wanted) {
               return wanted == 'd' ? given >= '0' && given <= '9' : given == wanted;
           });
}

Result<ledger::LogsQuery> logs_query(const Request& request)
{
    ledger::LogsQuery query;
    query.request_id = request["request_id"];
    query.api_key = request["api_key"];
    query.user_id = request["user_id"];
    query.start_date = request["start_date"];
    query.end_date = request["end_date"];
    query.summarize = !iequals(request["summarize"], "false");
    for (const auto* date : {&query.start_date, &query.end_date}) {
        if (!date->empty() && !is_date(*date))
            return fail(Errc::invalid_request, "dates are written YYYY-MM-DD");
    }
    return query;
}

Result<Reply> json(Result<std::string> body)
{
    if (!body)
        return fail(std::move(body).error());
    Reply reply;
    reply.body = std::move(*body);
    return reply;
}

net::Task<Result<Reply>> spend_logs(const Request& request, const Desk& desk)
{
    auto query = logs_query(request);
    if (!query)
        co_return fail(std::move(query).error());
    Archive::Question question = [query = std::move(*query)](ledger::Query& ledger) {
        return ledger.spend_logs(query);
    };
    co_return json(co_await desk.archive.ask(desk.shard, std::move(question)));
}

net::Task<Result<Reply>> global_spend_logs(const Request& request, const Desk& desk)
{
    Archive::Question question = [model = std::string(request["model"]),
                                  key = std::string(request["api_key"])](ledger::Query& ledger) {
        return ledger.global_spend_logs(model, key);
    };
    co_return json(co_await desk.archive.ask(desk.shard, std::move(question)));
}

net::Task<Result<Reply>> global_spend(const Desk& desk)
{
    Archive::Question question = [](ledger::Query& ledger) { return ledger.global_spend(); };
    co_return json(co_await desk.archive.ask(desk.shard, std::move(question)));
}

/// Gauges that nobody keeps current between two scrapes are set here.
Reply metrics_page(const Desk& desk, const View& view, const Vitals& vitals)
{
    auto& metrics = desk.metrics;
    metrics.connections->Set(static_cast<double>(vitals.connections));
    metrics.in_flight->Set(static_cast<double>(vitals.in_flight));
    metrics.ledger_healthy->Set(vitals.ledger == Vitals::Disk::ok ? 1 : 0);
    metrics.outbox_waiting->Set(vitals.shipper ? static_cast<double>(vitals.shipper->waiting) : 0);
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; view.fleet && i < view.deployments.size(); ++i) {
        const auto deployment = static_cast<DeploymentIndex>(i);
        if (auto* state = view.deployments[i].state)
            state->Set(view.fleet->state_number(deployment, now));
        if (auto* in_flight = view.deployments[i].in_flight)
            in_flight->Set(view.fleet->in_flight(deployment, now));
    }
    Reply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = metrics.text();
    return reply;
}

Reply liveness_page()
{
    Reply reply;
    reply.body = "\"I'm alive!\"";
    return reply;
}

}  // namespace

std::string_view Request::operator[](std::string_view name) const noexcept
{
    const auto found = std::find_if(query.begin(), query.end(),
                                    [&](const Parameter& one) { return one.name == name; });
    return found == query.end() ? std::string_view{} : std::string_view(found->value);
}

Result<std::vector<Parameter>> read_query(std::string_view query)
{
    std::vector<Parameter> out;
    while (!query.empty()) {
        const auto pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), pair.size() + 1));
        if (pair.empty())
            continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = decoded(pair.substr(0, equals));
        auto value = decoded(pair.substr(std::min(pair.size(), equals + 1)));
        if (!name || !value)
            return fail(std::move(!name ? name : value).error());
        out.push_back({std::move(*name), std::move(*value)});
    }
    return out;
}

net::Task<Result<Reply>> answer(Request request, const Desk& desk)
{
    const auto view = desk.view;
    switch (request.page) {
        case Page::liveness:
            co_return liveness_page();
        case Page::readiness:
            co_return readiness(*view, desk.vitals());
        case Page::health: {
            std::string model(request["model"]);
            co_return co_await probe_deployments(view, std::move(model), desk.shard);
        }
        case Page::metrics:
            co_return metrics_page(desk, *view, desk.vitals());
        case Page::spend_logs:
            co_return co_await spend_logs(request, desk);
        case Page::global_spend:
            co_return co_await global_spend(desk);
        case Page::global_spend_logs:
            co_return co_await global_spend_logs(request, desk);
        case Page::models:
            co_return model_page(*view, request["litellm_model_id"]);
        case Page::model_groups:
            co_return model_group_page(*view, request["model_group"]);
    }
    co_return fail(Errc::unknown_path, "no such page");
}

}  // namespace spillway::admin
