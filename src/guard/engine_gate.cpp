#include "spillway/guard/engine_gate.hpp"

#include <algorithm>
#include <utility>

namespace spillway::guard {
namespace {

engine::FairKey fair_key(std::string_view key)
{
    return engine::FairKey{std::hash<std::string_view>{}(key)};
}

/// An engine in use is asked for its report so often, for so long after it was used.
constexpr Millis report_interval{5'000};
constexpr std::chrono::minutes in_use{5};
/// An engine's figures may be older than its answer by so much.
constexpr Millis report_age{2'000};
constexpr std::size_t most_ends = 1'024;

}  // namespace

EngineGate::EngineGate(std::string address, engine::EngineSettings engine,
                       engine::QueueSettings queue)
    : address_(std::move(address)), picture_(engine), queue_(queue)
{}

void EngineGate::settle(engine::EngineSettings engine, engine::QueueSettings queue)
{
    Wakes woken;
    {
        const std::scoped_lock lock(mutex_);
        picture_.settle(engine);
        queue_.settle(queue);
        call_next(std::chrono::steady_clock::now(), woken);
    }
    wake(woken);
}

std::optional<engine::Ask> EngineGate::ask_of(const EngineWish& wish)
{
    const auto model = picture_.model(wish.model);
    if (!model) {
        return std::nullopt;
    }
    engine::Ask ask;
    ask.model = *model;
    ask.priority = wish.priority;
    ask.key = fair_key(wish.key);
    ask.deadline = wish.deadline;
    ask.to_read = picture_.to_read(*model, wish.prompt, wish.turn);
    ask.most = wish.most;
    ask.work = picture_.work(*model, ask.to_read, wish.most);
    return ask;
}

/// An engine that never said what it has loaded may have it: only what is known to be cold is
/// counted as such. All but Ollama have their model when they answer at all.
engine::Forecast EngineGate::without_guesses(engine::Forecast forecast) const
{
    const bool loads = picture_.settings().kind == engine::Kind::ollama ||
                       forecast.warmth == engine::Warmth::loading;
    if (!tells_ || !loads) {
        forecast.load = Millis{0};
    }
    return forecast;
}

std::optional<engine::Forecast> EngineGate::forecast(const EngineWish& wish, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto ask = ask_of(wish);
    if (!ask) {
        return std::nullopt;
    }
    return without_guesses(engine::forecast(picture_, queue_, *ask, now));
}

std::unique_ptr<EnginePass> EngineGate::enter(const EngineWish& wish, std::function<void()> wake,
                                              TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto ask = ask_of(wish);
    if (!ask) {
        return nullptr;
    }
    used_at_ = now;
    std::unique_ptr<EnginePass> pass(new EnginePass(*this, ask->model));
    const auto entry = queue_.enter(*ask, picture_.shape(), now);
    pass->ticket_ = entry.ticket;
    pass->position_ = entry.position;
    switch (entry.kind) {
        case engine::Entry::Kind::full:
            break;
        case engine::Entry::Kind::admitted:
            pass->state_ = EnginePass::State::admitted;
            break;
        case engine::Entry::Kind::waiting:
            pass->state_ = EnginePass::State::waiting;
            pass->wake_ = std::move(wake);
            waiting_.emplace(number(entry.ticket), pass.get());
            break;
    }
    return pass;
}

/// Whoever's wait is over gets to know it. The lock is held.
void EngineGate::call_next(TimePoint now, Wakes& woken)
{
    if (queue_.waiting() == 0) {
        return;
    }
    for (const auto& call : queue_.next(picture_.shape(), now)) {
        const auto found = waiting_.find(number(call.ticket));
        if (found == waiting_.end()) {
            continue;
        }
        auto& pass = *found->second;
        waiting_.erase(found);
        pass.state_ = call.kind == engine::Call::Kind::admitted ? EnginePass::State::admitted
                                                                : EnginePass::State::expired;
        woken.push_back(std::exchange(pass.wake_, nullptr));
    }
}

void EngineGate::wake(const Wakes& woken)
{
    for (const auto& each : woken) {
        if (each) {
            each();
        }
    }
}

bool EngineGate::report_wanted(TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    const bool used = used_at_ != TimePoint{} && now - used_at_ < in_use;
    return changed_ || (used && now - asked_at_ >= report_interval);
}

void EngineGate::report_asked(TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    changed_ = false;
    asked_at_ = now;
}

/// Requests of ours that an engine's figures may count: those that run, and those that just ended.
std::uint32_t EngineGate::ours(TimePoint now) const
{
    const auto recent = std::count_if(ends_.begin(), ends_.end(),
                                      [&](TimePoint end) { return now - end < report_age; });
    return static_cast<std::uint32_t>(queue_.running()) + static_cast<std::uint32_t>(recent);
}

void EngineGate::note_end(TimePoint now)
{
    while (!ends_.empty() && (now - ends_.front() >= report_age || ends_.size() >= most_ends)) {
        ends_.pop_front();
    }
    ends_.push_back(now);
}

void EngineGate::reported(std::span<const engine::ModelReport> report, TimePoint now)
{
    Wakes woken;
    {
        const std::scoped_lock lock(mutex_);
        tells_ = tells_ || std::any_of(report.begin(), report.end(), [](const auto& each) {
                     return each.facts.loaded.has_value();
                 });
        picture_.reported(report, now, ours(now));
        call_next(now, woken);
    }
    wake(woken);
}

void EngineGate::vanished(TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    // Whoever never says what is loaded would be taken for cold until it has served.
    if (tells_) {
        picture_.vanished(now);
    }
}

bool EngineGate::begin_load(std::string_view model, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto index = picture_.model(model);
    if (!index || picture_.warmth(*index) != engine::Warmth::cold ||
        !engine::worth_loading(queue_, picture_.shape(), *index, now)) {
        return false;
    }
    picture_.sent(*index, now);
    changed_ = true;
    return true;
}

void EngineGate::loaded(std::string_view model, TimePoint now)
{
    Wakes woken;
    {
        const std::scoped_lock lock(mutex_);
        if (const auto index = picture_.find(model)) {
            picture_.loaded(*index, now);
        }
        changed_ = true;
        call_next(now, woken);
    }
    wake(woken);
}

void EngineGate::load_failed(std::string_view model, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    if (const auto index = picture_.find(model)) {
        picture_.failed(*index, now);
    }
}

void EngineGate::spilled(TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    ++spills_;
    used_at_ = now;
}

bool EngineGate::spare(std::string_view model)
{
    const std::scoped_lock lock(mutex_);
    const auto index = picture_.find(model);
    if (!index) {
        return queue_.waiting() == 0;
    }
    const auto running = queue_.running(*index);
    // One that works alone may, or an engine with one slot would never take any.
    return queue_.waiting() == 0 &&
           (queue_.running() == 0 || running + 1 < picture_.snapshot(*index).slots);
}

EngineHealth EngineGate::health() const
{
    const std::scoped_lock lock(mutex_);
    EngineHealth health;
    health.address = address_;
    health.running = queue_.running();
    health.waiting = queue_.waiting();
    health.most_waiting = queue_.settings().most_waiting;
    health.memory = picture_.memory();
    health.loads = picture_.loads();
    health.spills = spills_;
    health.predictions = error_.count();
    health.prediction_bias = error_.bias();
    health.prediction_error = error_.mean_size();
    for (const auto& known : picture_.snapshot()) {
        const auto index = picture_.find(known.model);
        EngineHealth::Model model;
        model.name = known.model;
        model.warmth = engine::name(known.warmth);
        model.slots = known.slots;
        model.running = index ? queue_.running(*index) : 0;
        model.waiting = index ? queue_.waiting(*index) : 0;
        model.memory = known.memory;
        model.load = known.load;
        model.prefill_per_second = known.prefill_per_second;
        model.decode_per_second = known.decode_per_second;
        model.loads = known.loads;
        model.prefills = known.prefills;
        model.decodes = known.decodes;
        health.models.push_back(std::move(model));
    }
    return health;
}

}  // namespace spillway::guard
