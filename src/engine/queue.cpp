#include "spillway/engine/queue.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

#include "turns.hpp"

namespace spillway::engine {

namespace {

/// A model that was not asked for during longer than this is asked for seldom enough.
constexpr Millis longest_gap{60'000};

constexpr std::size_t none = static_cast<std::size_t>(-1);

Rank rank_of(const AdmissionQueue::Waiting& one, const QueueSettings& settings, TimePoint now)
{
    const bool aged = now - one.since >= settings.batch_ages;
    return one.ask.priority == Priority::interactive || aged ? 0 : 1;
}

/// One moment of the queue: its demand by model, and what follows from it.
class Order {
public:
    Order(const std::vector<AdmissionQueue::Waiting>& waiting, std::vector<std::uint32_t> in_use,
          std::vector<TimePoint> tenure_from, std::vector<AdmissionQueue::Arrivals> arrivals,
          const QueueSettings& settings, const EngineShape& shape, TimePoint now)
        : settings_(settings), shape_(shape), now_(now), in_use_(std::move(in_use))
    {
        const auto models = shape.models.size();
        std::vector<Demand> demand(models);
        in_use_.resize(models);
        tenure_from.resize(models);
        arrivals.resize(models);
        // Between being called and being sent, a request's load is known to the queue alone.
        for (std::uint32_t model = 0; model < models; ++model) {
            if (in_use_[model] > 0 && shape_.models[model].warmth == Warmth::cold)
                begin_load(shape_, ModelIndex{model}, in_use_, now);
        }
        for (const auto& one : waiting) {
            auto& wants = demand[at(one.ask.model)];
            const auto rank = rank_of(one, settings, now);
            if (rank < wants.rank)
                wants = {rank, one.since};
            else if (rank == wants.rank)
                wants.since = std::min(wants.since, one.since);
        }
        turns_ = take_turns({shape_, demand, in_use_, tenure_from, arrivals, settings, now});
    }

    [[nodiscard]] Held held(ModelIndex model) const { return turns_.held[at(model)]; }
    [[nodiscard]] TimePoint change_at() const { return turns_.change_at; }

    /// Least first. A load is put off for those whose model is there, but not for ever.
    [[nodiscard]] auto place(const AdmissionQueue::Waiting& one) const
    {
        const auto& model = shape_.models[at(one.ask.model)];
        const bool cold = model.warmth == Warmth::cold && in_use_[at(one.ask.model)] == 0;
        const bool put_off =
            cold && turns_.claimant != one.ask.model && now_ - one.since < settings_.turn;
        return std::tuple(rank_of(one, settings_, now_), put_off, one.start, one.ticket);
    }

private:
    const QueueSettings& settings_;
    EngineShape shape_;
    TimePoint now_;
    std::vector<std::uint32_t> in_use_;
    Turns turns_;
};

template <class List>
auto found(List& list, TicketId ticket)
{
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& one) { return one.ticket == ticket; });
}

}  // namespace

std::string_view name(Held held)
{
    switch (held) {
        case Held::nothing:
            return "nothing";
        case Held::slots:
            return "slots";
        case Held::memory:
            return "memory";
        case Held::turn:
            break;
    }
    return "turn";
}

AdmissionQueue::AdmissionQueue(QueueSettings settings) : settings_(settings) {}

/// Start-time fair queueing: a key's requests are lined up by the work before them, and one that
/// was away begins where the others are. @return what the key owes before this request.
double& AdmissionQueue::owed(const Ask& ask)
{
    const auto lane =
        static_cast<std::uint64_t>(ask.key) * 2 + (ask.priority == Priority::batch ? 1U : 0U);
    auto& owed = charged_[lane];
    owed = std::max(served_, owed);
    return owed;
}

void AdmissionQueue::note_arrival(ModelIndex model, TimePoint now)
{
    arrivals_.resize(std::max(arrivals_.size(), at(model) + 1));
    auto& asked = arrivals_[at(model)];
    const auto gap = std::min(std::chrono::duration_cast<Millis>(now - asked.last), longest_gap);
    if (asked.last != TimePoint{})
        asked.spacing =
            asked.spacing == Millis::max() ? gap : asked.spacing + (gap - asked.spacing) / 4;
    asked.last = now;
}

void AdmissionQueue::forget_the_served()
{
    const auto most = std::size_t{4} * settings_.most_waiting + 64;
    if (charged_.size() <= most)
        return;
    std::erase_if(charged_, [&](const auto& one) { return one.second <= served_; });
    // Whoever is left has a debt; so many of them are not worth the memory.
    if (charged_.size() > most)
        charged_.clear();
}

std::size_t AdmissionQueue::best(const EngineShape& shape, TimePoint now) const
{
    if (waiting_.empty() || running_.size() >= settings_.most_running.value_or(UINT32_MAX))
        return none;
    const Order order(waiting_, in_use_, tenure_from_, arrivals_, settings_, shape, now);
    auto best = none;
    for (std::size_t index = 0; index < waiting_.size(); ++index) {
        const auto& one = waiting_[index];
        if (order.held(one.ask.model) == Held::nothing &&
            (best == none || order.place(one) < order.place(waiting_[best])))
            best = index;
    }
    return best;
}

void AdmissionQueue::begin(std::size_t index, EngineShape& shape, TimePoint now)
{
    const auto one = waiting_[index];
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    served_ = std::max(served_, one.start);
    const auto model = at(one.ask.model);
    in_use_.resize(std::max(in_use_.size(), shape.models.size()));
    tenure_from_.resize(in_use_.size());
    if (shape.models[model].warmth == Warmth::cold && in_use_[model] == 0) {
        begin_load(shape, one.ask.model, in_use_, now);
        tenure_from_[model] = shape.models[model].ready_at;
    }
    ++in_use_[model];
    running_.push_back({one.ticket, one.ask, now, std::nullopt});
}

Entry AdmissionQueue::enter(const Ask& ask, const EngineShape& shape, TimePoint now)
{
    assert(at(ask.model) < shape.models.size());
    const TicketId ticket{++last_ticket_};
    forget_the_served();
    auto& owed_before = owed(ask);
    waiting_.push_back({ticket, ask, now, owed_before});
    const auto first = best(shape, now);
    const bool begins = first == waiting_.size() - 1;
    if (!begins && waiting_.size() > settings_.most_waiting) {
        waiting_.pop_back();
        return {};
    }
    note_arrival(ask.model, now);
    owed_before += static_cast<double>(std::max<std::int64_t>(ask.work.count(), 1));
    if (begins) {
        auto after = shape;
        begin(first, after, now);
        return {Entry::Kind::admitted, ticket, 0, Held::nothing};
    }
    return {Entry::Kind::waiting, ticket, position(ticket, shape, now).value_or(0),
            held(ticket, shape, now)};
}

void AdmissionQueue::leave(TicketId ticket)
{
    if (const auto running = found(running_, ticket); running != running_.end()) {
        --in_use_[at(running->ask.model)];
        running_.erase(running);
    } else if (const auto waits = found(waiting_, ticket); waits != waiting_.end())
        waiting_.erase(waits);
}

void AdmissionQueue::writes(TicketId ticket, TimePoint now)
{
    if (const auto running = found(running_, ticket);
        running != running_.end() && !running->writes_since)
        running->writes_since = now;
}

std::vector<Call> AdmissionQueue::next(const EngineShape& shape, TimePoint now)
{
    std::vector<Call> calls;
    std::erase_if(waiting_, [&](const Waiting& one) {
        const bool late = one.ask.deadline <= now;
        if (late)
            calls.push_back({one.ticket, one.ask.model, Call::Kind::expired});
        return late;
    });
    if (waiting_.empty())
        return calls;
    auto after = shape;
    for (auto index = best(after, now); index != none; index = best(after, now)) {
        calls.push_back({waiting_[index].ticket, waiting_[index].ask.model, Call::Kind::admitted});
        begin(index, after, now);
    }
    return calls;
}

TimePoint AdmissionQueue::wake_at(const EngineShape& shape, TimePoint now) const
{
    if (waiting_.empty())
        return TimePoint::max();
    auto wake =
        Order(waiting_, in_use_, tenure_from_, arrivals_, settings_, shape, now).change_at();
    for (const auto& one : waiting_) {
        wake = std::min(wake, one.ask.deadline);
        if (rank_of(one, settings_, now) != 0)
            wake = std::min(wake, one.since + settings_.batch_ages);
    }
    return wake;
}

std::optional<std::uint32_t> AdmissionQueue::position(TicketId ticket, const EngineShape& shape,
                                                      TimePoint now) const
{
    const auto one = found(waiting_, ticket);
    if (one == waiting_.end())
        return std::nullopt;
    const Order order(waiting_, in_use_, tenure_from_, arrivals_, settings_, shape, now);
    const auto place = order.place(*one);
    return static_cast<std::uint32_t>(
        std::count_if(waiting_.begin(), waiting_.end(),
                      [&](const Waiting& other) { return order.place(other) < place; }));
}

Held AdmissionQueue::held(TicketId ticket, const EngineShape& shape, TimePoint now) const
{
    const auto one = found(waiting_, ticket);
    if (one == waiting_.end())
        return Held::nothing;
    const auto held = Order(waiting_, in_use_, tenure_from_, arrivals_, settings_, shape, now)
                          .held(one->ask.model);
    // Its model could begin one, but there are others before it, or the engine has its bound.
    return held == Held::nothing ? Held::slots : held;
}

std::size_t AdmissionQueue::waiting(ModelIndex model) const
{
    return static_cast<std::size_t>(
        std::count_if(waiting_.begin(), waiting_.end(),
                      [&](const Waiting& one) { return one.ask.model == model; }));
}

std::uint32_t AdmissionQueue::running(ModelIndex model) const
{
    return at(model) < in_use_.size() ? in_use_[at(model)] : 0;
}

}  // namespace spillway::engine
