#include "spillway/app/health_keeper.hpp"

#include <algorithm>
#include <utility>

#include "spillway/app/health_check.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::app {

namespace {

constexpr Millis patience{5'000};
constexpr Millis longest_pause{5'000};
constexpr std::size_t at_once = 8;
constexpr std::size_t most_answer = std::size_t{1} << 20;

/// One look at everybody who is due; lives in the frame of the coroutine that waits for `done`.
struct Round {
    std::shared_ptr<const gateway::Snapshot> snapshot;
    std::shared_ptr<const admin::View> view;
    std::vector<Question> questions;
    std::size_t next = 0;
    std::size_t running = 0;
    net::Event done;
};

/// Reads the answer to its end, so that the connection can be used again.
/// @return What went wrong; empty when nothing did.
net::Task<std::string> read_to_end(net::UpstreamCall& call, TimePoint by)
{
    std::size_t size = 0;
    while (size < most_answer) {
        const auto piece = co_await call.read(by);
        if (!piece)
            co_return piece.error().message;
        if (piece->empty())
            break;
        size += piece->size();
    }
    co_return std::string();
}

net::Task<std::string> ask(const admin::Deployment& deployment, Millis connect_timeout,
                           net::Shard& shard)
{
    const auto by = std::chrono::steady_clock::now() + patience;
    net::UpstreamRequest request;
    const auto wire_head = check_head(deployment);
    request.head = wire_head;
    net::CallBounds bounds;
    bounds.connect = std::min(connect_timeout, patience);
    bounds.first_byte_by = by;
    bounds.deadline = by;
    net::UpstreamCall call(shard);
    const auto head = co_await call.start(deployment.origin, request, bounds);
    if (!head)
        co_return head.error().message;
    auto trouble = trouble_of((*head)->status);
    auto broken = co_await read_to_end(call, by);
    co_return trouble.empty() ? std::move(broken) : std::move(trouble);
}

net::Task<void> check(Round& round, const Question& question, net::Shard& shard)
{
    const auto& first = round.view->deployments[question.deployments.front()];
    const auto began = std::chrono::steady_clock::now();
    auto trouble = co_await ask(first, round.view->connect_timeout, shard);
    const auto took = std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began);
    // Our own end says nothing about theirs.
    if (shard.draining())
        co_return;
    for (const auto position : question.deployments) {
        guard::HealthCheck result;
        result.when = began;
        result.took = took;
        result.trouble = trouble;
        const auto index = DeploymentIndex{static_cast<std::uint32_t>(position)};
        round.snapshot->fleet->checked(index, std::move(result));
    }
}

net::Task<void> work_through(Round& round, net::Shard& shard)
{
    while (round.next < round.questions.size())
        co_await check(round, round.questions[round.next++], shard);
    // Nothing of the round may be touched behind `set`: it resumes the owner, who ends it.
    if (--round.running == 0)
        round.done.set();
}

void find_questions(Round& round, TimePoint now)
{
    const auto& snapshot = *round.snapshot;
    std::vector<guard::Health> known;
    std::vector<bool> local;
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i) {
        known.push_back(
            snapshot.fleet->health(DeploymentIndex{static_cast<std::uint32_t>(i)}, now));
        const auto& deployment = snapshot.table.deployments()[i];
        local.push_back(deployment.reach == privacy::Reach::local);
    }
    round.questions = questions_due(*round.view, known, local, snapshot.config.health, now);
}

net::Task<void> look_around(std::shared_ptr<const gateway::Snapshot> snapshot,
                            std::shared_ptr<const admin::View> view, net::Shard& shard)
{
    Round round;
    round.snapshot = std::move(snapshot);
    round.view = std::move(view);
    find_questions(round, std::chrono::steady_clock::now());
    round.running = std::min(at_once, round.questions.size());
    if (round.running == 0)
        co_return;
    for (auto left = round.running; left > 0; --left)
        net::spawn(work_through(round, shard));
    co_await round.done.wait();
}

/// Until the next look, not in step with anybody else who asks the same engines.
Millis pause_after(Millis interval, std::uint64_t draw)
{
    const auto usual = std::clamp(interval, Millis{200}, longest_pause);
    const auto jitter = static_cast<std::uint64_t>(usual.count() / 4);
    return usual + Millis{static_cast<Millis::rep>(draw % (jitter + 1))};
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
        if (interval > Millis{0} && !running_in)
            co_await look_around(std::move(snapshot), std::move(view), shard);
        if (stopping_)
            co_return;
        const auto pause =
            pause_after(interval > Millis{0} ? interval : longest_pause, shard.random().draw());
        co_await shard.sleep(pause, &interrupt_);
    }
}

}  // namespace spillway::app
