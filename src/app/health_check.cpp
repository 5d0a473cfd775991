#include "spillway/app/health_check.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "spillway/admin/health.hpp"
#include "spillway/engine/load_report.hpp"
#include "spillway/engine/model_report.hpp"

namespace spillway::app {

namespace {

constexpr Millis soonest{5'000};
/// For so long after its last answer an engine is in use.
constexpr std::chrono::minutes in_use{5};

struct CheckRow {
    std::string_view provider;
    std::string_view path;
};
/// Engines that say how they are beside their `/v1`.
constexpr CheckRow check_rows[] = {
    {"ollama", "/api/version"}, {"ollama_chat", "/api/version"}, {"hosted_vllm", "/health"},
    {"llama_cpp", "/health"},   {"llamafile", "/health"},
};

bool same_question(const admin::Deployment& a, const admin::Deployment& b)
{
    return std::tie(a.origin, a.base_path, a.header_block, a.provider) ==
           std::tie(b.origin, b.base_path, b.header_block, b.provider);
}

/// Has it answered lately, or is it about to?
bool shows_itself(const guard::Health& known, Millis interval, TimePoint now)
{
    return known.state.in_flight > 0 || (known.answered && now - *known.answered < interval);
}

}  // namespace

std::string beside_v1(const admin::Deployment& deployment, std::string_view path)
{
    std::string_view base = deployment.base_path;
    if (base.ends_with("/v1"))
        base.remove_suffix(3);
    return std::string(base) + std::string(path);
}

chat::ModelFacts facts_of(engine::Kind kind, int status, std::string_view body,
                          std::string_view model, const chat::ModelFacts& load)
{
    chat::ModelFacts facts;
    if (engine::says_loading(status, body)) {
        facts.loaded = false;
        facts.loading = true;
        return facts;
    }
    if (status != 200)
        return facts;
    facts = engine::read_report(kind, body, model).value_or(chat::ModelFacts{});
    if (facts.loaded != true)
        return facts;
    // Ollama lists a model from the moment when it begins to load it.
    if (kind != engine::Kind::ollama)
        facts.loading = false;
    facts.running = load.running;
    facts.waiting = load.waiting;
    if (!facts.slots)
        facts.slots = load.slots;
    return facts;
}

std::string check_path(const admin::Deployment& deployment)
{
    for (const auto& row : check_rows) {
        if (row.provider == deployment.provider)
            return beside_v1(deployment, row.path);
    }
    return deployment.base_path + "/models";
}

std::string question_head(const admin::Deployment& deployment, const std::string& path)
{
    if (path == deployment.base_path + "/models")
        return admin::probe_head(deployment);
    return "GET " + path + " HTTP/1.1\r\n" + deployment.header_block + "\r\n";
}

std::string question_head(const admin::Deployment& deployment, const std::string& path,
                          std::size_t body_length)
{
    return "POST " + path + " HTTP/1.1\r\n" + deployment.header_block +
           "content-type: application/json\r\ncontent-length: " + std::to_string(body_length) +
           "\r\n\r\n";
}

std::string card_path(const admin::Deployment& deployment)
{
    return engine::kind_of(deployment.provider) == engine::Kind::ollama
               ? beside_v1(deployment, "/api/show")
               : std::string();
}

std::string report_path(const admin::Deployment& deployment)
{
    const auto kind = engine::kind_of(deployment.provider);
    return kind ? beside_v1(deployment, engine::report_path(*kind)) : std::string();
}

bool report_is_due(const guard::Health& known, Millis interval, TimePoint now)
{
    if (interval <= Millis{0} || known.state.unreachable)
        return false;
    const bool used =
        known.state.in_flight > 0 || (known.answered && now - *known.answered < in_use);
    const auto period = used ? std::min(interval, soonest) : interval;
    return !known.report || now - known.report->when >= period;
}

std::string trouble_of(int status)
{
    return status < 500 ? std::string() : "answered " + std::to_string(status);
}

bool is_due(const guard::Health& known, Millis interval, TimePoint now)
{
    if (interval <= Millis{0})
        return false;
    const bool missing = known.state.unreachable;
    if (!missing && shows_itself(known, interval, now))
        return false;
    const auto period = missing ? std::min(interval, soonest) : interval;
    return !known.check || now - known.check->when >= period;
}

std::vector<Question> questions_due(const admin::View& view, std::span<const guard::Health> known,
                                    const std::vector<bool>& local,
                                    const config::HealthChecks& settings, HealthRound round,
                                    TimePoint now)
{
    struct Gathered {
        Question question;
        bool due = false;
        bool missing = false;
        bool shown = false;
        bool reports = false;
    };
    std::vector<Gathered> all;
    for (std::size_t i = 0; i < view.deployments.size(); ++i) {
        if (!local[i] && !settings.clouds)
            continue;
        const auto& deployment = view.deployments[i];
        auto found = std::find_if(all.begin(), all.end(), [&](const Gathered& one) {
            return same_question(view.deployments[one.question.deployments.front()], deployment);
        });
        if (found == all.end())
            found = all.insert(all.end(), Gathered{});
        found->question.deployments.push_back(i);
        found->due = found->due || is_due(known[i], settings.interval, now);
        found->missing = found->missing || known[i].state.unreachable;
        found->shown = found->shown || shows_itself(known[i], settings.interval, now);
        found->question.report =
            found->question.report ||
            (!report_path(deployment).empty() && report_is_due(known[i], settings.interval, now));
        found->reports = found->reports || !report_path(deployment).empty();
    }
    std::vector<Question> due;
    for (auto& one : all) {
        // One model's answer shows that its engine is there for the others as well.
        one.question.check =
            round == HealthRound::checks_and_reports && one.due && (one.missing || !one.shown);
        // One that is back says at once what it has loaded.
        one.question.report =
            one.question.report || (one.question.check && one.missing && one.reports);
        if (one.question.check || one.question.report)
            due.push_back(std::move(one.question));
    }
    return due;
}

Millis pause_after(Millis interval, std::uint64_t draw)
{
    constexpr Millis shortest{200};
    constexpr Millis longest{5'000};
    const auto usual = interval > Millis{0} ? std::clamp(interval, shortest, longest) : longest;
    const auto jitter = static_cast<std::uint64_t>(usual.count() / 4);
    return usual + Millis{static_cast<Millis::rep>(draw % (jitter + 1))};
}

}  // namespace spillway::app
