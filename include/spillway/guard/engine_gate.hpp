#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/engine/forecast.hpp"
#include "spillway/engine/overflow.hpp"
#include "spillway/engine/picture.hpp"
#include "spillway/engine/prediction.hpp"
#include "spillway/engine/queue.hpp"

namespace spillway::guard {

/// What a request wants of an engine.
struct EngineWish {
    std::string_view model;  ///< As the engine calls it.
    engine::Priority priority = engine::Priority::interactive;
    std::string_view key;  ///< Who the turns are fair between.
    Tokens prompt{};
    engine::Turn turn = engine::Turn::first;
    std::optional<Tokens> most;             ///< `max_tokens`
    TimePoint deadline = TimePoint::max();  ///< It does not wait any longer.
};

/// One engine at one moment, for people.
struct EngineHealth {
    struct Model {
        std::string name;
        std::string_view warmth;  ///< "cold", "loading", "loaded".
        std::uint32_t slots = 1;
        std::size_t running = 0;
        std::size_t waiting = 0;
        std::optional<std::uint64_t> memory;  ///< Bytes.
        Millis load{};
        double prefill_per_second = 0;
        double decode_per_second = 0;
        std::uint32_t loads = 0;  ///< Samples behind the figures, as are the next two.
        std::uint32_t prefills = 0;
        std::uint32_t decodes = 0;
    };
    std::string address;
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::uint32_t most_waiting = 0;
    std::optional<std::uint64_t> memory;  ///< Bytes for models, as far as it is known.
    std::uint64_t loads = 0;              ///< That requests of ours began.
    std::uint64_t spills = 0;             ///< Requests that went elsewhere instead of waiting.
    std::uint64_t predictions = 0;
    Millis prediction_bias{};   ///< Mean of truth less prediction, of the last hundred or so.
    Millis prediction_error{};  ///< The same without sign.
    std::vector<Model> models;
};

class EnginePass;

/// What stands in front of one local engine, whoever it is reached through: a picture of it and a
/// queue. Shared by all shards and by the configurations that name the engine; any thread.
class EngineGate {
public:
    EngineGate(std::string address, engine::EngineSettings engine, engine::QueueSettings queue);
    EngineGate(const EngineGate&) = delete;
    EngineGate& operator=(const EngineGate&) = delete;

    /// "127.0.0.1:11434"
    [[nodiscard]] const std::string& address() const noexcept { return address_; }
    /// A newer configuration says so.
    void settle(engine::EngineSettings engine, engine::QueueSettings queue);

    /// What the request has to expect if it came now; empty when its model is one too many to keep
    /// in mind. Of a model of which nobody ever told anything no load is foreseen.
    [[nodiscard]] std::optional<engine::Forecast> forecast(const EngineWish& wish, TimePoint now);
    /// Takes a slot, or a place in the queue. A pass that was not given (`EnginePass::none`) has
    /// neither: the queue is full.
    /// @param wake  Called once when the wait may be over, on any thread, with no lock held; it
    ///              must bear that the pass is gone already. Not called when there is no wait.
    /// @return Null when the model is one too many to keep in mind.
    [[nodiscard]] std::unique_ptr<EnginePass> enter(const EngineWish& wish,
                                                    std::function<void()> wake, TimePoint now);

    /// Whether the engine should be asked for its report: something about its models has just
    /// changed, or it is in use, also by requests that go elsewhere for now.
    [[nodiscard]] bool report_wanted(TimePoint now) const;
    /// It is being asked.
    void report_asked(TimePoint now);
    /// The engine reported on models of ours.
    void reported(std::span<const engine::ModelReport> report, TimePoint now);
    /// It does not answer, or was started again.
    void vanished(TimePoint now);
    /// It is asked to load the model, beside all requests. @return False when another was faster,
    /// or it is not worth it (`engine::worth_loading`).
    [[nodiscard]] bool begin_load(std::string_view model, TimePoint now);
    /// It is done.
    void loaded(std::string_view model, TimePoint now);
    /// It came to nothing.
    void load_failed(std::string_view model, TimePoint now);
    /// A request went elsewhere instead of waiting.
    void spilled(TimePoint now);

    /// Nobody waits, and the model has a slot to spare.
    [[nodiscard]] bool spare(std::string_view model);
    [[nodiscard]] EngineHealth health() const;

private:
    friend class EnginePass;
    using Wakes = std::vector<std::function<void()>>;

    [[nodiscard]] static std::uint64_t number(engine::TicketId ticket)
    {
        return static_cast<std::uint64_t>(ticket);
    }
    [[nodiscard]] std::optional<engine::Ask> ask_of(const EngineWish& wish);
    [[nodiscard]] engine::Forecast without_guesses(engine::Forecast forecast) const;
    void call_next(TimePoint now, Wakes& woken);
    [[nodiscard]] std::uint32_t ours(TimePoint now) const;
    void note_end(TimePoint now);
    static void wake(const Wakes& woken);

    const std::string address_;
    mutable std::mutex mutex_;
    engine::EnginePicture picture_;
    engine::AdmissionQueue queue_;
    engine::PredictionError error_;
    std::unordered_map<std::uint64_t, EnginePass*> waiting_;  ///< By ticket.
    std::deque<TimePoint> ends_;  ///< Of requests of ours, of the last moments.
    std::uint64_t spills_ = 0;
    bool tells_ = false;    ///< It has said of a model whether it is loaded.
    bool changed_ = false;  ///< Something that its next report will tell more of.
    TimePoint used_at_{};
    TimePoint asked_at_{};
};

/// A slot of an engine, or a place in front of it. Given back when it is destroyed. One request
/// uses it, on one thread; the engine's gate outlives it.
class EnginePass {
public:
    enum class State : std::uint8_t {
        none,  ///< There was no room to wait.
        waiting,
        admitted,  ///< It has a slot.
        expired,   ///< It waited until its deadline, in vain.
    };

    ~EnginePass();
    EnginePass(const EnginePass&) = delete;
    EnginePass& operator=(const EnginePass&) = delete;

    [[nodiscard]] State state() const;
    /// Requests before it when it came.
    [[nodiscard]] std::uint32_t position() const noexcept { return position_; }
    /// Requests before it now.
    [[nodiscard]] std::uint32_t position(TimePoint now) const;
    /// From now on; all zero when it does not wait.
    [[nodiscard]] engine::Forecast forecast(TimePoint now) const;
    /// When to call `look` again at the latest.
    [[nodiscard]] TimePoint wake_at(TimePoint now) const;
    /// Time has passed: somebody may begin, or have waited in vain.
    void look(TimePoint now);

    /// The request goes out. @param expected  As it was foreseen at `asked`.
    void sent(TimePoint asked, Millis expected, TimePoint now);
    /// The first token is there.
    void first_token(TimePoint now);
    /// The answer is complete. @return How far off the prediction was, where that is known.
    std::optional<engine::Miss> served(const engine::Served& served, TimePoint now);
    /// It failed.
    void failed(TimePoint now);
    /// It was refused because the engine still loads.
    void still_loading(TimePoint now);

private:
    friend class EngineGate;
    EnginePass(EngineGate& gate, engine::ModelIndex model) : gate_(gate), model_(model) {}

    EngineGate& gate_;
    engine::ModelIndex model_;
    engine::TicketId ticket_{};
    std::uint32_t position_ = 0;
    State state_ = State::none;  ///< Guarded by the gate's lock, as is `wake_`.
    std::function<void()> wake_;
    TimePoint asked_{};
    TimePoint sent_{};
    Millis expected_{};
    enum class Stage : std::uint8_t { before, sent, writing, over } stage_ = Stage::before;
};

}  // namespace spillway::guard
