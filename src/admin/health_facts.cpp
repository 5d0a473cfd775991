#include "health_facts.hpp"

#include <algorithm>
#include <cmath>

#include "spillway/base/text.hpp"
#include "spillway/chat/failure.hpp"

namespace spillway::admin {
namespace {

/// A time of the monotonic clock as people read it.
Json date_of(TimePoint time, const Instant& at)
{
    return rfc3339(at.wall + std::chrono::round<std::chrono::microseconds>(time - at.now));
}

/// To one decimal; null when nothing was measured.
Json measured(double value)
{
    return value > 0 ? Json(std::round(value * 10) / 10) : Json(nullptr);
}

/// One word for people and monitors: the first of these that holds.
const char* state_of(const Deployment& deployment, const guard::Health& health, TimePoint now)
{
    using guard::Standing;
    if (health.standing == Standing::resting)
        return "resting";
    if (health.state.unreachable)
        return "unreachable";
    if (health.state.loading)
        return "loading";
    if (health.standing == Standing::probing)
        return "probing";
    if (health.standing == Standing::half_open)
        return "half_open";
    if (health.state.spent(Tokens{1}, now))
        return "quota_spent";
    if (deployment.max_parallel && health.state.in_flight >= *deployment.max_parallel)
        return "saturated";
    return "healthy";
}

Json check_of(const guard::HealthCheck& check, const Instant& at)
{
    return Json{{"at", date_of(check.when, at)},
                {"took_ms", check.took.count()},
                {"error", check.trouble.empty() ? Json(nullptr) : Json(check.trouble)}};
}

/// What the engine said of its model.
Json report_of(const guard::ModelReport& report, const Instant& at)
{
    const auto shown = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
    return Json{{"at", date_of(report.when, at)},
                {"loaded", shown(report.facts.loaded)},
                {"loading", shown(report.facts.loading)},
                {"slots", shown(report.facts.slots)},
                {"running", shown(report.facts.running)},
                {"waiting", shown(report.facts.waiting)},
                {"memory_bytes", shown(report.facts.memory)},
                {"memory_gpu_bytes", shown(report.facts.memory_fast)}};
}

Json quota_of(const guard::Health& health, const Instant& at)
{
    Json quota = Json::object();
    if (health.requests) {
        quota["requests_left"] = std::max<std::int64_t>(0, health.requests->left);
        quota["requests_until"] = date_of(health.requests->until, at);
    }
    if (health.tokens) {
        quota["tokens_left"] = health.tokens->left;
        quota["tokens_until"] = date_of(health.tokens->until, at);
    }
    return quota;
}

Json model_facts(const guard::EngineHealth::Model& model)
{
    return Json{
        {"model", model.name},
        {"state", model.warmth},
        {"slots", model.slots},
        {"running", model.running},
        {"waiting", model.waiting},
        {"memory_bytes", model.memory ? Json(*model.memory) : Json(nullptr)},
        {"load_ms", model.load.count()},
        {"prompt_tokens_per_second", measured(model.prefill_per_second)},
        {"tokens_per_second", measured(model.decode_per_second)},
        {"learned_from",
         {{"loads", model.loads}, {"prompts", model.prefills}, {"answers", model.decodes}}}};
}

}  // namespace

Json engine_facts(const guard::EngineHealth& health)
{
    Json models = Json::array();
    for (const auto& model : health.models)
        models.push_back(model_facts(model));
    return Json{{"engine", health.address},
                {"running", health.running},
                {"waiting", health.waiting},
                {"most_waiting", health.most_waiting},
                {"memory_bytes", health.memory ? Json(*health.memory) : Json(nullptr)},
                {"loads", health.loads},
                {"went_elsewhere", health.spills},
                {"predictions",
                 {{"count", health.predictions},
                  {"bias_ms", health.prediction_bias.count()},
                  {"error_ms", health.prediction_error.count()}}},
                {"models", std::move(models)}};
}

Json health_facts(const Deployment& deployment, const guard::Health& health, const Instant& at)
{
    const auto& state = health.state;
    Json facts{{"state", state_of(deployment, health, at.now)}};
    if (health.standing == guard::Standing::resting) {
        facts["resting_until"] = date_of(state.rests_until, at);
        facts["resting_for"] = health.cause == guard::RestCause::slowness ? "slower than its group"
                               : health.failure ? std::string(chat::name(*health.failure))
                                                : std::string("failures");
    }
    facts["in_flight"] = state.in_flight;
    facts["max_parallel_requests"] =
        deployment.max_parallel ? Json(*deployment.max_parallel) : Json(nullptr);
    facts["warm"] = state.warm;
    facts["window"] = state.window ? Json(count(*state.window)) : Json(nullptr);
    facts["engine"] = health.report ? report_of(*health.report, at) : Json(nullptr);
    facts["expected_wait_ms"] =
        state.expected_wait ? Json(state.expected_wait->count()) : Json(nullptr);
    facts["first_token_ms"] = measured(state.first_token_ms);
    facts["tokens_per_second"] = measured(state.tokens_per_second);
    facts["requests_last_minute"] = state.requests_last_minute;
    facts["tokens_last_minute"] = state.tokens_last_minute;
    facts["last_answer"] = health.answered ? date_of(*health.answered, at) : Json(nullptr);
    facts["last_check"] = health.check ? check_of(*health.check, at) : Json(nullptr);
    facts["quota"] = quota_of(health, at);
    return facts;
}

}  // namespace spillway::admin
