#include "spillway/engine/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace spillway::engine {

namespace {

/// Who has so many before him will wait long in any case, and it need not be known better.
constexpr std::uint32_t most_rehearsed = 48;

/// A copy of the queue and of the engine, run forward in expected time.
class Rehearsal {
public:
    Rehearsal(const EnginePicture& picture, AdmissionQueue queue, TimePoint now)
        : picture_(picture),
          queue_(std::move(queue)),
          shape_(picture.shape()),
          now_(now),
          begin_(now)
    {
        // The first of several that end is not the one that ends soonest on average: it is the one
        // that happens to be short. So each of n gets another share of what is possible.
        std::vector<std::pair<Millis, const AdmissionQueue::Running*>> running;
        for (const auto& one : queue_.who_runs())
            running.emplace_back(left_of(one, std::nullopt), &one);
        std::sort(running.begin(), running.end());
        for (std::size_t index = 0; index < running.size(); ++index) {
            const auto& one = *running[index].second;
            const auto share =
                static_cast<double>(index + 1) / static_cast<double>(running.size() + 1);
            ends_.push_back({one.ticket, one.ask.model, now_ + left_of(one, share)});
        }
    }

    [[nodiscard]] AdmissionQueue& queue() { return queue_; }
    [[nodiscard]] const EngineShape& shape() const { return shape_; }

    /// Runs until the ticket begins, or for so many others that the rest will go on like that.
    /// @return false when it does not begin within the horizon.
    [[nodiscard]] bool run_until(TicketId ticket, Forecast& forecast)
    {
        // Each step ends a request or passes a moment at which the queue changes by time alone.
        const auto most = 4 * (queue_.waiting() + queue_.running()) + 64;
        for (std::size_t step = 0; step < most; ++step) {
            for (const auto& call : queue_.next(shape_, now_)) {
                if (call.ticket == ticket) {
                    if (call.kind == Call::Kind::admitted)
                        tell(call.model, forecast);
                    return call.kind == Call::Kind::admitted;
                }
                if (call.kind == Call::Kind::admitted) {
                    begin(call);
                    ++forecast.ahead;
                }
            }
            if (forecast.ahead >= most_rehearsed) {
                const auto left = queue_.position(ticket, shape_, now_).value_or(0);
                tell(queue_model(ticket), forecast);
                forecast.queue += forecast.queue * left / forecast.ahead;
                forecast.ahead += left;
                return true;
            }
            if (!advance())
                return false;
        }
        return false;
    }

    void tell(ModelIndex model, Forecast& forecast) const
    {
        forecast.queue = std::chrono::duration_cast<Millis>(now_ - begin_);
        forecast.load = load_left(model);
    }

private:
    struct End {
        TicketId ticket;
        ModelIndex model;
        TimePoint when;
    };

    [[nodiscard]] ModelIndex queue_model(TicketId ticket) const
    {
        const auto& waiting = queue_.who_waits();
        return std::find_if(waiting.begin(), waiting.end(),
                            [&](const auto& one) { return one.ticket == ticket; })
            ->ask.model;
    }

    [[nodiscard]] Millis load_left(ModelIndex index) const
    {
        const auto& model = shape_.models[at(index)];
        if (model.warmth == Warmth::loaded)
            return Millis{};
        if (model.warmth == Warmth::cold)
            return model.load;
        return std::max(std::chrono::ceil<Millis>(model.ready_at - now_), Millis{});
    }

    [[nodiscard]] Millis left_of(const AdmissionQueue::Running& one,
                                 std::optional<double> share) const
    {
        const auto& ask = one.ask;
        const auto writes = [&](Millis written_for) {
            return picture_.decode_left(ask.model, written_for, ask.most, share);
        };
        if (one.writes_since)
            return writes(since(*one.writes_since));
        const auto prefill = picture_.prefill(ask.model, ask.to_read);
        if (const auto load = load_left(ask.model); load > Millis{})
            return load + prefill + writes(Millis{});
        const auto prefilled = since(one.since);
        return prefilled < prefill ? prefill - prefilled + writes(Millis{})
                                   : writes(prefilled - prefill);
    }

    /// Shares for those that begin in the rehearsal: spread evenly, the same each time.
    [[nodiscard]] double next_share()
    {
        constexpr double golden = 0.6180339887498949;
        share_ += golden;
        share_ -= std::floor(share_);
        return share_;
    }

    [[nodiscard]] Millis since(TimePoint when) const
    {
        return std::chrono::duration_cast<Millis>(now_ - when);
    }

    void begin(const Call& call)
    {
        const auto running =
            std::find_if(queue_.who_runs().begin(), queue_.who_runs().end(),
                         [&](const auto& one) { return one.ticket == call.ticket; });
        const auto load = load_left(call.model);
        auto& model = shape_.models[at(call.model)];
        if (model.warmth == Warmth::cold) {
            std::vector<std::uint32_t> in_use;
            for (std::size_t index = 0; index < shape_.models.size(); ++index)
                in_use.push_back(queue_.running(ModelIndex{static_cast<std::uint32_t>(index)}));
            begin_load(shape_, call.model, in_use, now_);
        }
        const auto& ask = running->ask;
        ends_.push_back({call.ticket, call.model,
                         now_ + load + picture_.prefill(ask.model, ask.to_read) +
                             picture_.decode_left(ask.model, Millis{}, ask.most, next_share())});
    }

    /// To the next moment at which something changes. @return false when nothing ever does.
    bool advance()
    {
        auto then = queue_.wake_at(shape_, now_);
        const auto first = std::min_element(
            ends_.begin(), ends_.end(),
            [](const End& left, const End& right) { return left.when < right.when; });
        if (first != ends_.end())
            then = std::min(then, std::max(first->when, now_));
        if (then > begin_ + forecast_horizon)
            return false;
        now_ = std::max(now_, then);
        for (auto& model : shape_.models) {
            if (model.warmth == Warmth::loading && model.ready_at <= now_)
                model.warmth = Warmth::loaded;
        }
        std::erase_if(ends_, [&](const End& end) {
            if (end.when > now_)
                return false;
            queue_.leave(end.ticket);
            shape_.models[at(end.model)].used_at = now_;
            shape_.models[at(end.model)].warmth = Warmth::loaded;
            return true;
        });
        return true;
    }

    const EnginePicture& picture_;
    AdmissionQueue queue_;
    EngineShape shape_;
    TimePoint now_;
    TimePoint begin_;
    std::vector<End> ends_;
    double share_ = 0.5;
};

void rehearse(Rehearsal& rehearsal, TicketId ticket, Forecast& forecast)
{
    if (!rehearsal.run_until(ticket, forecast))
        forecast.queue = forecast_horizon;
}

/// What others have sent to the engine is ahead of ours, wherever it waits.
void add_others(const EnginePicture& picture, const AdmissionQueue& queue, ModelIndex model,
                TimePoint now, Forecast& forecast)
{
    forecast.queue = std::min(
        forecast.queue + picture.others_before(model, queue.running(model), now), forecast_horizon);
}

}  // namespace

Forecast forecast(const EnginePicture& picture, const AdmissionQueue& queue, const Ask& ask,
                  TimePoint now)
{
    Rehearsal rehearsal(picture, queue, now);
    auto patient = ask;
    patient.deadline = TimePoint::max();
    const auto entry = rehearsal.queue().enter(patient, rehearsal.shape(), now);
    Forecast forecast;
    forecast.held = entry.held;
    forecast.warmth = picture.warmth(ask.model);
    forecast.prefill = picture.prefill(ask.model, ask.to_read);
    if (entry.kind == Entry::Kind::admitted)
        rehearsal.tell(ask.model, forecast);
    else if (entry.kind == Entry::Kind::waiting)
        rehearse(rehearsal, entry.ticket, forecast);
    else
        forecast.queue = forecast_horizon;
    add_others(picture, queue, ask.model, now, forecast);
    return forecast;
}

Forecast forecast(const EnginePicture& picture, const AdmissionQueue& queue, TicketId ticket,
                  TimePoint now)
{
    Forecast forecast;
    const auto& waiting = queue.who_waits();
    const auto one = std::find_if(waiting.begin(), waiting.end(),
                                  [&](const auto& other) { return other.ticket == ticket; });
    if (one == waiting.end())
        return forecast;
    Rehearsal rehearsal(picture, queue, now);
    forecast.held = queue.held(ticket, rehearsal.shape(), now);
    forecast.warmth = picture.warmth(one->ask.model);
    forecast.prefill = picture.prefill(one->ask.model, one->ask.to_read);
    rehearse(rehearsal, ticket, forecast);
    add_others(picture, queue, one->ask.model, now, forecast);
    return forecast;
}

}  // namespace spillway::engine
