// What one request tells of its slot of an engine, or of its place in the queue.

#include "spillway/guard/engine_gate.hpp"

namespace spillway::guard {

EnginePass::~EnginePass()
{
    EngineGate::Wakes woken;
    {
        const std::scoped_lock lock(gate_.mutex_);
        if (stage_ == Stage::sent) {
            gate_.picture_.failed(model_, std::chrono::steady_clock::now());
        }
        if (state_ == State::admitted) {
            gate_.note_end(std::chrono::steady_clock::now());
        }
        if (state_ == State::waiting || state_ == State::admitted) {
            gate_.waiting_.erase(EngineGate::number(ticket_));
            gate_.queue_.leave(ticket_);
            gate_.call_next(std::chrono::steady_clock::now(), woken);
        }
    }
    EngineGate::wake(woken);
}

EnginePass::State EnginePass::state() const
{
    const std::scoped_lock lock(gate_.mutex_);
    return state_;
}

std::uint32_t EnginePass::position(TimePoint now) const
{
    const std::scoped_lock lock(gate_.mutex_);
    return gate_.queue_.position(ticket_, gate_.picture_.shape(), now).value_or(0);
}

engine::Forecast EnginePass::forecast(TimePoint now) const
{
    const std::scoped_lock lock(gate_.mutex_);
    return gate_.without_guesses(engine::forecast(gate_.picture_, gate_.queue_, ticket_, now));
}

TimePoint EnginePass::wake_at(TimePoint now) const
{
    const std::scoped_lock lock(gate_.mutex_);
    return gate_.queue_.wake_at(gate_.picture_.shape(), now);
}

void EnginePass::look(TimePoint now)
{
    EngineGate::Wakes woken;
    {
        const std::scoped_lock lock(gate_.mutex_);
        gate_.call_next(now, woken);
    }
    EngineGate::wake(woken);
}

void EnginePass::sent(TimePoint asked, Millis expected, TimePoint now)
{
    asked_ = asked;
    expected_ = expected;
    sent_ = now;
    stage_ = Stage::sent;
    const std::scoped_lock lock(gate_.mutex_);
    gate_.changed_ = gate_.changed_ || gate_.picture_.warmth(model_) == engine::Warmth::cold;
    gate_.picture_.sent(model_, now);
}

void EnginePass::first_token(TimePoint now)
{
    if (stage_ != Stage::sent) {
        return;
    }
    stage_ = Stage::writing;
    EngineGate::Wakes woken;
    {
        const std::scoped_lock lock(gate_.mutex_);
        gate_.changed_ = gate_.changed_ || gate_.picture_.warmth(model_) != engine::Warmth::loaded;
        gate_.picture_.first_token(model_, now);
        gate_.queue_.writes(ticket_, now);
        gate_.call_next(now, woken);
    }
    EngineGate::wake(woken);
}

std::optional<engine::Miss> EnginePass::served(const engine::Served& served, TimePoint now)
{
    stage_ = Stage::over;
    // Of a whole answer only the engine itself knows when the first token was there.
    const auto& told = served.engine;
    auto truth = served.first_token;
    if (!truth && told.prefill) {
        truth = std::chrono::duration_cast<Millis>(told.load.value_or(std::chrono::nanoseconds{}) +
                                                   *told.prefill);
    }
    EngineGate::Wakes woken;
    std::optional<engine::Miss> miss;
    {
        const std::scoped_lock lock(gate_.mutex_);
        const auto loads = gate_.picture_.loads();
        const bool known = gate_.picture_.warmth(model_) == engine::Warmth::loaded;
        gate_.picture_.first_token(model_, now);
        gate_.picture_.served(model_, served, now);
        gate_.changed_ = gate_.changed_ || !known || gate_.picture_.loads() != loads;
        if (truth) {
            const auto waited = std::chrono::duration_cast<Millis>(sent_ - asked_);
            gate_.error_.record(expected_, waited + *truth);
            miss = engine::miss(expected_, waited + *truth);
        }
        gate_.call_next(now, woken);
    }
    EngineGate::wake(woken);
    return miss;
}

void EnginePass::still_loading(TimePoint now)
{
    stage_ = Stage::over;
    const std::scoped_lock lock(gate_.mutex_);
    gate_.tells_ = true;
    gate_.picture_.loading(model_, now);
}

void EnginePass::failed(TimePoint now)
{
    if (stage_ == Stage::sent) {
        const std::scoped_lock lock(gate_.mutex_);
        gate_.picture_.failed(model_, now);
    }
    stage_ = Stage::over;
}

}  // namespace spillway::guard
