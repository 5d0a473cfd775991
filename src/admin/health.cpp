#include "spillway/admin/health.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "health_facts.hpp"
#include "json.hpp"
#include "spillway/admin/pages.hpp"
#include "spillway/base/text.hpp"

namespace spillway::admin {

namespace {

/// The release of LiteLLM whose surface we mirror; tools read it from the readiness page.
constexpr const char* mirrored_litellm = "1.94.0";

constexpr Millis probe_timeout{5'000};
constexpr std::size_t probes_at_once = 16;
constexpr std::size_t most_probe_body = std::size_t{1} << 20;

const char* database_word(const Vitals& vitals)
{
    if (!vitals.shipper)
        return "not configured";
    return vitals.shipper->connected ? "connected" : "Not connected";
}

const char* status_word(const Vitals& vitals)
{
    if (vitals.phase == Vitals::Phase::draining)
        return "draining";
    return vitals.shipper && vitals.shipper->connected ? "connected" : "healthy";
}

/// Deployments that share provider and credential are one question.
struct Probe {
    const Deployment* first;
    ProbeAnswer answer;
};

bool same_question(const Deployment& a, const Deployment& b)
{
    return std::tie(a.origin, a.base_path, a.header_block) ==
           std::tie(b.origin, b.base_path, b.header_block);
}

net::Task<void> read_answer(net::UpstreamCall& call, TimePoint by, ProbeAnswer& answer)
{
    while (answer.body.size() < most_probe_body) {
        const auto piece = co_await call.read(by);
        if (!piece) {
            answer.status = 0;
            answer.trouble = piece.error().message;
            co_return;
        }
        if (piece->empty())
            co_return;
        answer.body.append(*piece);
    }
}

net::Task<void> ask_provider(Probe& probe, Millis connect_timeout, net::Shard& shard)
{
    const auto by = std::chrono::steady_clock::now() + probe_timeout;
    net::UpstreamRequest request;
    request.head = probe_head(*probe.first);
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.connect = std::min(connect_timeout, probe_timeout);
    bounds.first_byte_by = by;
    bounds.deadline = by;
    net::UpstreamCall call(shard);
    const auto head = co_await call.start(probe.first->origin, request, bounds);
    if (!head) {
        probe.answer.trouble = head.error().message;
        co_return;
    }
    probe.answer.status = (*head)->status;
    co_await read_answer(call, by, probe.answer);
}

/// All probes of one page; lives in the frame of the coroutine that waits for `done`.
struct Round {
    std::vector<Probe> probes;
    Millis connect_timeout{};
    std::size_t next = 0;
    std::size_t running = 0;
    net::Event done;
};

net::Task<void> work_through(Round& round, net::Shard& shard)
{
    while (round.next < round.probes.size())
        co_await ask_provider(round.probes[round.next++], round.connect_timeout, shard);
    // Nothing of the round may be touched behind `set`: it resumes the owner, who ends it.
    if (--round.running == 0)
        round.done.set();
}

bool is_ollama(const Deployment& deployment)
{
    return deployment.provider == "ollama" || deployment.provider == "ollama_chat";
}

/// False only when the answer is a list of models that lacks this one.
bool lists(const std::string& body, const std::string& model)
{
    const auto parsed = Json::parse(body, nullptr, false);
    if (!parsed.is_object() || !parsed.contains("data") || !parsed["data"].is_array())
        return true;
    const auto& rows = parsed["data"];
    return std::any_of(rows.begin(), rows.end(), [&](const Json& row) {
        if (!row.is_object())
            return false;
        const auto id = row.value("id", Json());
        return id == model || id == model + ":latest";
    });
}

Json endpoint_row(const Deployment& deployment)
{
    return Json{{"model", deployment.model},
                {"api_base", deployment.api_base},
                {"model_id", deployment.id},
                {"model_name", deployment.group},
                {"custom_llm_provider", deployment.provider}};
}

bool is_asked(const Deployment& deployment, std::string_view model)
{
    return model.empty() || deployment.group == model || deployment.id == model ||
           deployment.model == model;
}

Reply health_page(const View& view, std::string_view model, const std::vector<Probe>& probes)
{
    const Instant at{
        std::chrono::steady_clock::now(),
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())};
    Json healthy = Json::array();
    Json unhealthy = Json::array();
    for (std::size_t i = 0; i < view.deployments.size(); ++i) {
        const auto& deployment = view.deployments[i];
        if (!is_asked(deployment, model))
            continue;
        const auto probe = std::find_if(probes.begin(), probes.end(), [&](const Probe& known) {
            return same_question(*known.first, deployment);
        });
        auto row = endpoint_row(deployment);
        if (view.fleet) {
            const auto index = DeploymentIndex{static_cast<std::uint32_t>(i)};
            row.update(health_facts(deployment, view.fleet->health(index, at.now), at));
        }
        if (const auto trouble = diagnose(deployment, probe->answer)) {
            row["error"] = *trouble;
            unhealthy.push_back(std::move(row));
        } else {
            healthy.push_back(std::move(row));
        }
    }
    const auto healthy_count = healthy.size();
    const auto unhealthy_count = unhealthy.size();
    Reply reply;
    Json page{{"healthy_endpoints", std::move(healthy)},
              {"unhealthy_endpoints", std::move(unhealthy)},
              {"healthy_count", healthy_count},
              {"unhealthy_count", unhealthy_count}};
    if (view.engines && !view.engines->all().empty()) {
        auto& engines = page["engines"] = Json::array();
        for (const auto& gate : view.engines->all())
            engines.push_back(engine_facts(gate->health()));
    }
    reply.body = text_of(page);
    return reply;
}

}  // namespace

Reply readiness(const View& view, const Vitals& vitals)
{
    Json page{{"status", status_word(vitals)},
              {"db", database_word(vitals)},
              {"cache", nullptr},
              {"litellm_version", mirrored_litellm},
              {"success_callbacks", Json::array()},
              {"last_updated", rfc3339(view.built)},
              {"spillway_version", SPILLWAY_VERSION},
              {"ledger", vitals.ledger == Vitals::Disk::ok ? "ok" : "failing"},
              {"ledger_waiting", vitals.ledger_waiting},
              {"ledger_lost", vitals.ledger_lost},
              {"outbox_waiting", vitals.shipper ? vitals.shipper->waiting : 0},
              {"deployments", view.deployments.size()},
              {"config_number", view.number}};
    if (const auto& sharing = vitals.sharing) {
        page["instances"] = {
            {"sharing", sharing->connected ? "connected" : "from what is held"},
            {"live", sharing->live},
            {"leases", sharing->leases},
            {"error", sharing->last_error.empty() ? Json(nullptr) : Json(sharing->last_error)}};
    }
    Reply reply;
    reply.status = vitals.phase == Vitals::Phase::draining ? 503 : 200;
    reply.body = text_of(page);
    return reply;
}

std::string probe_head(const Deployment& deployment)
{
    auto fields = deployment.header_block;
    if (deployment.provider == "anthropic") {
        // Its list of models is a native route, which takes the key under another name.
        constexpr std::string_view bearer = "authorization: Bearer ";
        if (const auto at = fields.find(bearer); at != std::string::npos)
            fields.replace(at, bearer.size(), "x-api-key: ");
        fields += "anthropic-version: 2023-06-01\r\n";
    }
    return "GET " + deployment.base_path + "/models HTTP/1.1\r\n" + fields + "\r\n";
}

std::optional<std::string> diagnose(const Deployment& deployment, const ProbeAnswer& answer)
{
    const std::string asked = "GET " + deployment.api_base + "/models";
    if (answer.status == 0)
        return asked + ": " + answer.trouble;
    if (answer.status == 401 || answer.status == 403)
        return asked + " answered " + std::to_string(answer.status) + ": check the api_key";
    // A rate limit is an answer by somebody who is there and knows us.
    if (answer.status == 429)
        return std::nullopt;
    if (answer.status == 404 || answer.status == 405)
        return asked + " answered " + std::to_string(answer.status) + ": check the api_base";
    if (answer.status < 200 || answer.status > 299)
        return asked + " answered " + std::to_string(answer.status);
    // Other engines answer under any name; Ollama has just the models that were pulled.
    if (is_ollama(deployment) && deployment.upstream_model.find('*') == std::string::npos &&
        !lists(answer.body, deployment.upstream_model)) {
        return "Ollama does not have '" + deployment.upstream_model + "'; try: ollama pull " +
               deployment.upstream_model;
    }
    return std::nullopt;
}

net::Task<Reply> probe_deployments(std::shared_ptr<const View> view, std::string model,
                                   net::Shard& shard)
{
    Round round;
    round.connect_timeout = view->connect_timeout;
    for (const auto& deployment : view->deployments) {
        const bool known = std::any_of(
            round.probes.begin(), round.probes.end(),
            [&](const Probe& probe) { return same_question(*probe.first, deployment); });
        if (is_asked(deployment, model) && !known)
            round.probes.push_back(Probe{&deployment, {}});
    }
    round.running = std::min(probes_at_once, round.probes.size());
    if (round.running == 0)
        co_return health_page(*view, model, round.probes);
    for (std::size_t left = round.running; left > 0; --left)
        net::spawn(work_through(round, shard));
    co_await round.done.wait();
    co_return health_page(*view, model, round.probes);
}

}  // namespace spillway::admin
