#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/engine/shape.hpp"

namespace spillway::engine {

/// One request in an engine's queue; never used twice by one queue.
enum class TicketId : std::uint64_t {};
enum class Priority : std::uint8_t { interactive, batch };
/// Who the turns are fair between: a hash of the caller's key, say. Equal ones share a turn.
enum class FairKey : std::uint64_t {};

/// A request that wants a slot of a model.
struct Ask {
    ModelIndex model{};  ///< Known to the picture whose shape is passed with it.
    Priority priority = Priority::interactive;
    FairKey key{};
    TimePoint deadline = TimePoint::max();  ///< It does not wait any longer.
    Tokens to_read{};                       ///< `EnginePicture::to_read`.
    std::optional<Tokens> most;             ///< `max_tokens` of the request.
    Millis work{};                          ///< `EnginePicture::work`: what its key is charged.
};

/// What a waiting request waits for.
enum class Held : std::uint8_t {
    nothing,  ///< It does not wait.
    slots,    ///< All slots of the model, or of the engine, are taken.
    memory,   ///< Its model does not fit beside those that work.
    turn,     ///< Another model has its turn, or is to have it next.
};
[[nodiscard]] std::string_view name(Held held);

/// What became of a request that came.
struct Entry {
    enum class Kind : std::uint8_t { admitted, waiting, full } kind = Kind::full;
    TicketId ticket{};           ///< Meaningless when `full`: there is none.
    std::uint32_t position = 0;  ///< Requests before it; 0: the next, or none has to wait.
    Held held = Held::nothing;
};

/// A ticket whose waiting ended in `next`.
struct Call {
    TicketId ticket{};
    ModelIndex model{};
    enum class Kind : std::uint8_t { admitted, expired } kind = Kind::admitted;
};

struct QueueSettings {
    std::uint32_t most_waiting = 256;             ///< More are refused (`full`).
    std::optional<std::uint32_t> most_running{};  ///< Over all models; empty: their slots alone.
    /// A model that keeps others out goes on being served for this long after the end of its load,
    /// and after the first request for another came. With n such models nobody waits longer than n
    /// turns, the loads between them, and the answers that ran when each turn ended.
    Millis turn{30'000};
    /// Before that it makes room only when nobody waits for it, and it has been idle for this share
    /// of the load that the change takes: its next request may be close.
    double linger = 0.25;
    /// A model whose requests come more often than the loads there and back take is not left
    /// between two of them before it has been loaded for so many times as long.
    double amortized = 2;
    /// A batch request that waited for so long is treated as an interactive one.
    Millis batch_ages{60'000};
};

/// Who waits in front of one engine and who works there. Decides alone: it never waits, it reads no
/// clock. Requests of one key, priority and model begin in the order in which they came; between
/// keys turns are fair by expected work; interactive ones go first; those whose model is loaded go
/// before those that would need a load; and nothing is ever begun that could push out a model with
/// running work.
///
/// Each ticket ends exactly once: by `expired` from `next`, or by `leave`. Not thread-safe.
/// Copyable: a copy run forward is the forecast.
class AdmissionQueue {
public:
    explicit AdmissionQueue(QueueSettings settings = {});

    /// A request comes. One that is `admitted` holds its slot until `leave`. It may be admitted
    /// only when none that waits could be instead; call `next` after everything that frees a slot.
    [[nodiscard]] Entry enter(const Ask& ask, const EngineShape& shape, TimePoint now);
    /// A ticket ends: its answer is complete, its client left, it goes elsewhere. Unknown ones
    /// (ended already) are ignored. Call `next` afterwards.
    void leave(TicketId ticket);
    /// A running one wrote its first token: makes forecasts better, is not needed for anything.
    void writes(TicketId ticket, TimePoint now);
    /// Who begins now, and who waited in vain, in order. Call it when a ticket left, when the
    /// shape of the engine changed, and at `wake_at`.
    [[nodiscard]] std::vector<Call> next(const EngineShape& shape, TimePoint now);
    /// When `next` may have something to say by time alone; `TimePoint::max()`: never.
    [[nodiscard]] TimePoint wake_at(const EngineShape& shape, TimePoint now) const;

    /// Requests before a waiting one, as of now; empty for one that does not wait.
    [[nodiscard]] std::optional<std::uint32_t> position(TicketId ticket, const EngineShape& shape,
                                                        TimePoint now) const;
    /// What a waiting one waits for; `nothing` for others.
    [[nodiscard]] Held held(TicketId ticket, const EngineShape& shape, TimePoint now) const;

    [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
    [[nodiscard]] std::size_t waiting(ModelIndex model) const;
    [[nodiscard]] std::size_t running() const { return running_.size(); }
    [[nodiscard]] std::uint32_t running(ModelIndex model) const;
    [[nodiscard]] const QueueSettings& settings() const { return settings_; }
    /// A newer configuration says so; who waits already keeps its place.
    void settle(const QueueSettings& settings) { settings_ = settings; }

    /// How often a model is asked for.
    struct Arrivals {
        TimePoint last{};
        Millis spacing = Millis::max();  ///< Running mean; `max` until two came.
    };
    struct Waiting {
        TicketId ticket{};
        Ask ask;
        TimePoint since{};
        double start = 0;  ///< Its place in its key's share: least first.
    };
    struct Running {
        TicketId ticket{};
        Ask ask;
        TimePoint since{};
        std::optional<TimePoint> writes_since;
    };
    /// In no particular order. Valid until the next change.
    [[nodiscard]] const std::vector<Waiting>& who_waits() const { return waiting_; }
    [[nodiscard]] const std::vector<Running>& who_runs() const { return running_; }

private:
    [[nodiscard]] std::size_t best(const EngineShape& shape, TimePoint now) const;
    void begin(std::size_t index, EngineShape& shape, TimePoint now);
    [[nodiscard]] double& owed(const Ask& ask);
    void forget_the_served();
    void note_arrival(ModelIndex model, TimePoint now);

    QueueSettings settings_;
    std::vector<Waiting> waiting_;
    std::vector<Running> running_;
    std::vector<std::uint32_t> in_use_;                  ///< Running, by model.
    std::vector<TimePoint> tenure_from_;                 ///< By model: expected end of its load.
    std::vector<Arrivals> arrivals_;                     ///< By model.
    std::unordered_map<std::uint64_t, double> charged_;  ///< By key and priority; those ahead only.
    double served_ = 0;                                  ///< Place of the last that began.
    std::uint64_t last_ticket_ = 0;
};

}  // namespace spillway::engine
