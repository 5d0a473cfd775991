#include "spillway/admin/pages.hpp"

#include <algorithm>

#include "key_pages.hpp"
#include "models.hpp"
#include "spend_pages.hpp"
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

void count_up_to(prometheus::Counter& counter, std::uint64_t sum)
{
    counter.Increment(std::max(0.0, static_cast<double>(sum) - counter.Value()));
}

void show_sharing(const std::optional<Sharing>& sharing, observe::Metrics& metrics)
{
    if (!sharing)
        return;
    metrics.instances->Set(static_cast<double>(sharing->live));
    metrics.instances_away->Set(sharing->connected ? 0 : 1);
    metrics.leases->Set(static_cast<double>(sharing->leases));
    count_up_to(*metrics.lease_rounds, sharing->rounds);
    count_up_to(*metrics.leases_refused, sharing->refused);
    count_up_to(*metrics.leases_given_back, sharing->given_back);
}

void show_engines(const View& view, observe::Metrics& metrics)
{
    if (!view.engines)
        return;
    for (const auto& gate : view.engines->all()) {
        const auto health = gate->health();
        const auto shown = metrics.engine(health.address);
        shown.waiting->Set(static_cast<double>(health.waiting));
        shown.running->Set(static_cast<double>(health.running));
        count_up_to(*shown.loads, health.loads);
    }
}

/// Gauges that nobody keeps current between two scrapes are set here.
Reply metrics_page(const Desk& desk, const View& view, const Vitals& vitals)
{
    auto& metrics = desk.metrics;
    metrics.connections->Set(static_cast<double>(vitals.connections));
    metrics.in_flight->Set(static_cast<double>(vitals.in_flight));
    show_sharing(vitals.sharing, metrics);
    show_engines(view, metrics);
    metrics.ledger_healthy->Set(vitals.ledger == Vitals::Disk::ok ? 1 : 0);
    metrics.ledger_waiting->Set(static_cast<double>(vitals.ledger_waiting));
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
        case Page::spend_logs_page:
        case Page::spend_keys:
        case Page::spend_users:
        case Page::spend_tags:
        case Page::calculate_spend:
        case Page::global_spend:
        case Page::global_spend_logs:
        case Page::global_spend_keys:
        case Page::global_spend_models:
        case Page::global_spend_teams:
        case Page::global_spend_tags:
        case Page::global_spend_provider:
        case Page::global_spend_end_users:
        case Page::spend_report:
        case Page::reset_spend:
        case Page::activity:
        case Page::activity_by_model:
        case Page::user_activity:
        case Page::team_activity:
        case Page::tag_activity:
            co_return co_await spend_page(std::move(request), desk);
        case Page::models:
            co_return model_page(*view, request["litellm_model_id"]);
        case Page::model_groups:
            co_return model_group_page(*view, request["model_group"]);
        case Page::key_call:
            co_return co_await key_page(std::move(request), desk);
        case Page::provider_budgets:
            co_return provider_budgets_page(desk);
    }
    co_return fail(Errc::unknown_path, "no such page");
}

}  // namespace spillway::admin
