#include "spillway/app/health_keeper.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "spillway/app/health_check.hpp"
#include "spillway/engine/load_report.hpp"
#include "spillway/engine/model_card.hpp"
#include "spillway/engine/model_report.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::app {

namespace {

constexpr Millis patience{5'000};
constexpr std::size_t at_once = 8;
/// So soon it is seen that an engine has news.
constexpr Millis shortest_rest{250};
constexpr std::size_t most_answer = std::size_t{1} << 20;

const std::string no_body;

/// One look at everybody who is due; lives in the frame of the coroutine that waits for `done`.
struct Looking {
    std::shared_ptr<const gateway::Snapshot> snapshot;
    std::shared_ptr<const admin::View> view;
    std::vector<Question> questions;
    std::size_t next = 0;
    std::size_t running = 0;
    net::Event done;
};

/// What came of one question.
struct Answer {
    int status = 0;       ///< 0: nobody answered.
    std::string trouble;  ///< Empty when there was none.
    std::string body;
    bool unreached = false;  ///< Nobody was there.
};

/// Reads the answer to its end, so that the connection can be used again.
net::Task<void> read_to_end(net::UpstreamCall& call, TimePoint by, Answer& answer)
{
    while (answer.body.size() < most_answer) {
        const auto piece = co_await call.read(by);
        if (!piece) {
            answer.trouble = piece.error().message;
            co_return;
        }
        if (piece->empty())
            co_return;
        answer.body.append(*piece);
    }
    answer.body.clear();  // Too long for a report, and a sign of life all the same.
}

/// @param body  Empty: there is none.
net::Task<Answer> ask(const admin::Deployment& deployment, const std::string& path,
                      Millis connect_timeout, net::Shard& shard, const std::string& body)
{
    const auto by = std::chrono::steady_clock::now() + patience;
    net::UpstreamRequest request;
    const std::array<std::string_view, 1> pieces{body};
    if (body.empty()) {
        request.head = question_head(deployment, path);
    } else {
        request.head = question_head(deployment, path, body.size());
        request.body = pieces;
    }
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.connect = std::min(connect_timeout, patience);
    bounds.first_byte_by = by;
    bounds.deadline = by;
    Answer answer;
    net::UpstreamCall call(shard);
    const auto head = co_await call.start(deployment.origin, request, bounds);
    if (!head) {
        answer.trouble = head.error().message;
        answer.unreached = head.error().fault == net::CallFault::unreachable;
        co_return answer;
    }
    answer.status = (*head)->status;
    co_await read_to_end(call, by, answer);
    // An engine that loads its model is there, however it says so.
    if (answer.trouble.empty() && !engine::says_loading(answer.status, answer.body))
        answer.trouble = trouble_of(answer.status);
    co_return answer;
}

DeploymentIndex index_of(std::size_t position)
{
    return DeploymentIndex{static_cast<std::uint32_t>(position)};
}

/// Feeds the picture that stands for the engine before its queue.
void tell_engine(const Looking& looking, const Question& question, const Answer& answer,
                 const std::vector<engine::ModelReport>& reports)
{
    auto* const gate = looking.snapshot->engines->of(index_of(question.deployments.front()));
    if (gate == nullptr)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (answer.unreached)
        gate->vanished(now);
    else if (!reports.empty())
        gate->reported(reports, now);
}

/// Is it there? @return Empty when nobody can tell.
net::Task<std::optional<guard::HealthCheck>> check(Looking& looking, const Question& question,
                                                   net::Shard& shard)
{
    const auto& first = looking.view->deployments[question.deployments.front()];
    const auto path = check_path(first);
    guard::HealthCheck result;
    result.when = std::chrono::steady_clock::now();
    auto answer = co_await ask(first, path, looking.view->connect_timeout, shard, no_body);
    // Our own end says nothing about theirs.
    if (shard.draining())
        co_return std::nullopt;
    result.took =
        std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - result.when);
    tell_engine(looking, question, answer, {});
    result.trouble = std::move(answer.trouble);
    co_return result;
}

void note(const Looking& looking, const Question& question, const guard::HealthCheck& result)
{
    for (const auto position : question.deployments)
        looking.snapshot->fleet->checked(index_of(position), result);
}

/// How busy is it? The first path that answers says.
net::Task<void> hear_load(Looking& looking, const admin::Deployment& deployment, engine::Kind kind,
                          chat::ModelFacts& load, net::Shard& shard)
{
    for (const auto place : engine::load_paths(kind)) {
        const auto path = beside_v1(deployment, place);
        const auto answer =
            co_await ask(deployment, path, looking.view->connect_timeout, shard, no_body);
        if (answer.status == 200 && engine::read_load(place, answer.body, load))
            co_return;
    }
}

/// What does the engine know of its models? One that does not tell is asked again as often as one
/// that does.
net::Task<void> hear_report(Looking& looking, const Question& question, net::Shard& shard)
{
    const auto& first = looking.view->deployments[question.deployments.front()];
    const auto kind = engine::kind_of(first.provider);
    if (!kind)
        co_return;
    const auto path = report_path(first);
    const auto began = std::chrono::steady_clock::now();
    const auto answer = co_await ask(first, path, looking.view->connect_timeout, shard, no_body);
    std::vector<engine::ModelReport> reports;
    chat::ModelFacts load;
    if (answer.status == 200)
        co_await hear_load(looking, first, *kind, load, shard);
    for (const auto position : question.deployments) {
        const auto& model = looking.view->deployments[position].upstream_model;
        const auto facts = facts_of(*kind, answer.status, answer.body, model, load);
        looking.snapshot->fleet->learned(index_of(position), facts, began);
        if (facts != chat::ModelFacts{} && model.find('*') == std::string::npos)
            reports.push_back({model, facts});
    }
    tell_engine(looking, question, answer, reports);
}

/// How much can the models hold at most? Asked once of each, where it matters: the window that we
/// ask an Ollama for is never more.
net::Task<void> hear_cards(Looking& looking, const Question& question, net::Shard& shard)
{
    for (const auto position : question.deployments) {
        const auto& upstream = looking.snapshot->upstreams[position];
        const auto& deployment = looking.view->deployments[position];
        if (!upstream.ollama || upstream.model.find('*') != std::string::npos)
            continue;
        const auto now = std::chrono::steady_clock::now();
        const auto known = looking.snapshot->fleet->health(index_of(position), now);
        const auto loaded = known.report ? known.report->facts.loaded : std::nullopt;
        if (!upstream.ollama->windows->wants_maximum(upstream.model, loaded))
            continue;
        const auto path = card_path(deployment);
        const auto body = engine::card_question(upstream.model);
        const auto answer =
            co_await ask(deployment, path, looking.view->connect_timeout, shard, body);
        if (shard.draining())
            co_return;
        // An engine that is not there has not been asked.
        if (!answer.trouble.empty())
            continue;
        auto& windows = *upstream.ollama->windows;
        windows.learned_maximum(upstream.model, engine::trained_window(answer.body));
        windows.learned_card(upstream.model, gateway::read_shown_model(answer.body));
    }
}

net::Task<void> look_at(Looking& looking, const Question& question, net::Shard& shard)
{
    std::optional<guard::HealthCheck> checked;
    if (question.check) {
        checked = co_await check(looking, question, shard);
        if (!checked)
            co_return;
        if (!checked->trouble.empty())
            co_return note(looking, question, *checked);
    }
    // What it has loaded is heard before anybody is sent there again.
    if (question.report)
        co_await hear_report(looking, question, shard);
    if (checked)
        note(looking, question, *checked);
    if (question.report)
        co_await hear_cards(looking, question, shard);
}

net::Task<void> work_through(Looking& looking, net::Shard& shard)
{
    while (looking.next < looking.questions.size())
        co_await look_at(looking, looking.questions[looking.next++], shard);
    // Nothing of it may be touched behind `set`: it resumes the owner, who ends it.
    if (--looking.running == 0)
        looking.done.set();
}

/// Does an engine of it have something to tell before its time?
bool somebody_calls(const gateway::Snapshot& snapshot, TimePoint now)
{
    const auto& gates = snapshot.engines->all();
    return std::any_of(gates.begin(), gates.end(),
                       [&](const auto& gate) { return gate->report_wanted(now); });
}

void find_questions(Looking& looking, HealthRound round, TimePoint now)
{
    const auto& snapshot = *looking.snapshot;
    std::vector<guard::Health> known;
    std::vector<bool> local;
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i) {
        auto health = snapshot.fleet->health(index_of(i), now);
        // What it told before does not hold any more.
        const auto* const gate = snapshot.engines->of(index_of(i));
        if (gate != nullptr && gate->report_wanted(now))
            health.report.reset();
        known.push_back(std::move(health));
        const auto& deployment = snapshot.table.deployments()[i];
        local.push_back(deployment.reach == privacy::Reach::local);
    }
    for (const auto& gate : snapshot.engines->all())
        gate->report_asked(now);
    looking.questions =
        questions_due(*looking.view, known, local, snapshot.config.health, round, now);
}

net::Task<void> look_around(std::shared_ptr<const gateway::Snapshot> snapshot,
                            std::shared_ptr<const admin::View> view, HealthRound round,
                            net::Shard& shard)
{
    Looking looking;
    looking.snapshot = std::move(snapshot);
    looking.view = std::move(view);
    find_questions(looking, round, std::chrono::steady_clock::now());
    looking.running = std::min(at_once, looking.questions.size());
    if (looking.running == 0)
        co_return;
    for (auto left = looking.running; left > 0; --left)
        net::spawn(work_through(looking, shard));
    co_await looking.done.wait();
}

}  // namespace

void HealthKeeper::start()
{
    lane_.shard().post([this] { net::spawn(keep()); });
}

void HealthKeeper::stop()
{
    lane_.shard().post([this] {
        stopping_ = true;
        interrupt_.set();
    });
}

net::Task<void> HealthKeeper::keep()
{
    auto& shard = lane_.shard();
    const auto began = std::chrono::steady_clock::now();
    while (!stopping_ && !shard.draining()) {
        interrupt_.reset();
        auto snapshot = lane_.services().snapshot;
        auto view = lane_.desk().view;
        const auto interval = snapshot->config.health.interval;
        // In the first interval requests and discovery show most of it.
        const bool running_in = std::chrono::steady_clock::now() - began < interval;
        const auto round = running_in ? HealthRound::reports : HealthRound::checks_and_reports;
        if (interval > Millis{0})
            co_await look_around(std::move(snapshot), std::move(view), round, shard);
        if (stopping_)
            co_return;
        co_await rest(interval);
    }
}

/// Until the next round, or until an engine has news.
net::Task<void> HealthKeeper::rest(Millis interval)
{
    auto& shard = lane_.shard();
    const auto until =
        std::chrono::steady_clock::now() + pause_after(interval, shard.random().draw());
    while (!stopping_ && !shard.draining()) {
        const auto now = std::chrono::steady_clock::now();
        const bool called = interval > Millis{0} && somebody_calls(*lane_.services().snapshot, now);
        if (now >= until || called)
            co_return;
        const auto nap = std::min(std::chrono::ceil<Millis>(until - now), shortest_rest);
        co_await shard.sleep(nap, &interrupt_);
    }
}

}  // namespace spillway::app
