#include "local_policies_engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace local_policies {

namespace {

std::chrono::nanoseconds nanos(double seconds)
{
    return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

}  // namespace

ScriptedEngine::ScriptedEngine(EngineScript script, Clock& clock, std::uint64_t seed)
    : script_(std::move(script)), clock_(clock), random_(seed), runners_(script_.models.size())
{}

double ScriptedEngine::slot_seconds(const EngineScript& script, const Request& request)
{
    const auto& model = script.models[request.model];
    const double others = model.slots - 1.0;
    return static_cast<double>(request.prompt) / model.prefill *
               (1 + script.prefill_crowd * others) +
           static_cast<double>(request.answer) / model.decode * (1 + script.decode_crowd * others);
}

double ScriptedEngine::noisy(double seconds)
{
    return seconds * std::lognormal_distribution<double>(0, script_.noise)(random_);
}

std::optional<std::uint64_t> ScriptedEngine::submit(const Request& request, Ears ears)
{
    auto waiting = pending_.size();
    for (const auto& runner : runners_)
        waiting += runner.line.size();
    if (waiting >= script_.queue_limit)
        return std::nullopt;
    calls_[++last_] = {request, std::move(ears), clock_.seconds(), false, {}};
    pending_.push_back(last_);
    const auto id = last_;
    clock_.in(0, [this] { advance(); });
    return id;
}

void ScriptedEngine::cancel(std::uint64_t id)
{
    const auto found = calls_.find(id);
    if (found == calls_.end())
        return;
    const auto model = found->second.request.model;
    auto& runner = runners_[model];
    if (found->second.runs)
        --runner.running;
    std::erase(runner.line, id);
    std::erase(pending_, id);
    calls_.erase(found);
    start(model);
    advance();
}

/// Takes requests in order until one has to wait for memory.
void ScriptedEngine::advance()
{
    while (!pending_.empty()) {
        const auto id = pending_.front();
        const auto model = calls_.at(id).request.model;
        if (runners_[model].state == Runner::State::away) {
            if (!make_room(model))
                return;
            load(model);
        }
        pending_.pop_front();
        hand_over(id);
    }
}

void ScriptedEngine::hand_over(std::uint64_t id)
{
    const auto model = calls_.at(id).request.model;
    runners_[model].line.push_back(id);
    start(model);
}

/// Puts idle models away, the longest idle first, until the model fits.
bool ScriptedEngine::make_room(std::size_t model)
{
    while (true) {
        std::uint64_t used = 0;
        std::optional<std::size_t> idle;
        for (std::size_t index = 0; index < runners_.size(); ++index) {
            const auto& runner = runners_[index];
            if (runner.state == Runner::State::away)
                continue;
            used += script_.models[index].memory;
            const bool works = runner.state == Runner::State::loading || runner.running > 0 ||
                               !runner.line.empty();
            if (!works && (!idle || runner.used < runners_[*idle].used))
                idle = index;
        }
        if (used + script_.models[model].memory <= script_.memory)
            return true;
        if (!idle)
            return false;
        runners_[*idle].state = Runner::State::away;
        runners_[*idle].conversations.clear();
    }
}

void ScriptedEngine::load(std::size_t model)
{
    auto& runner = runners_[model];
    runner.state = Runner::State::loading;
    ++loads_;
    clock_.in(noisy(script_.models[model].load), [this, model, epoch = ++runner.epoch] {
        auto& loaded = runners_[model];
        if (loaded.epoch != epoch)
            return;
        loaded.state = Runner::State::loaded;
        loaded.used = loaded.ready = clock_.seconds();
        start(model);
        advance();
    });
}

void ScriptedEngine::start(std::size_t model)
{
    auto& runner = runners_[model];
    while (runner.state == Runner::State::loaded && !runner.line.empty() &&
           runner.running < script_.models[model].slots) {
        const auto id = runner.line.front();
        runner.line.pop_front();
        ++runner.running;
        run(id);
    }
}

bool ScriptedEngine::cached(Runner& runner, std::uint64_t conversation, std::size_t slots)
{
    const bool known = runner.conversations.contains(conversation);
    runner.conversations[conversation] = ++last_;
    // Each slot keeps the last conversation that it read.
    while (runner.conversations.size() > slots) {
        runner.conversations.erase(std::min_element(
            runner.conversations.begin(), runner.conversations.end(),
            [](const auto& left, const auto& right) { return left.second < right.second; }));
    }
    return known;
}

void ScriptedEngine::run(std::uint64_t id)
{
    auto& call = calls_.at(id);
    auto& runner = runners_[call.request.model];
    const auto& model = script_.models[call.request.model];
    call.runs = true;
    const auto loaded = std::max(runner.ready - call.sent, 0.0);
    const bool known = cached(runner, call.request.conversation, model.slots);
    const auto read =
        std::llround(static_cast<double>(call.request.prompt) * (known ? 1 - script_.cached : 1));
    const auto crowd = 1 + script_.prefill_crowd * (runner.running - 1);
    const auto prefill = noisy(static_cast<double>(read) / model.prefill * crowd);
    call.facts.load = nanos(loaded + 0.02);
    call.facts.evaluated = spillway::Tokens{read};
    call.facts.prefill = nanos(prefill);
    clock_.in(0.02 + prefill, [this, id] { write(id); });
}

void ScriptedEngine::write(std::uint64_t id)
{
    const auto found = calls_.find(id);
    if (found == calls_.end())
        return;
    const auto& request = found->second.request;
    const auto crowd = 1 + script_.decode_crowd * (runners_[request.model].running - 1);
    const auto decode =
        noisy(static_cast<double>(request.answer) / script_.models[request.model].decode * crowd);
    found->second.facts.decode = nanos(decode);
    clock_.in(decode, [this, id] { end(id); });
    const auto heard = found->second.ears.first_token;
    if (heard)
        heard();
}

void ScriptedEngine::end(std::uint64_t id)
{
    const auto found = calls_.find(id);
    if (found == calls_.end())
        return;
    const auto call = std::move(found->second);
    calls_.erase(found);
    auto& runner = runners_[call.request.model];
    --runner.running;
    runner.used = clock_.seconds();
    start(call.request.model);
    advance();
    if (call.ears.done)
        call.ears.done(call.facts);
}

spillway::chat::ModelFacts ScriptedEngine::report(std::size_t model) const
{
    spillway::chat::ModelFacts facts;
    facts.loaded = runners_[model].state == Runner::State::loaded;
    if (*facts.loaded)
        facts.memory = script_.models[model].memory;
    return facts;
}

}  // namespace local_policies
