#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "spillway/engine/queue.hpp"

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

/// Random traffic against what must always hold.
class Play {
public:
    explicit Play(std::uint64_t seed) : random_(seed)
    {
        settings_.most_waiting = 12;
        settings_.turn = 20s;
        settings_.batch_ages = 15s;
        if (pick(2) == 0)
            settings_.most_running = 3;
        queue_ = AdmissionQueue(settings_);
        shape_.memory = 10;
        for (std::uint64_t index = 0; index < 4; ++index) {
            ModelShape model;
            model.slots = static_cast<std::uint32_t>(1 + pick(3));
            if (index < 3)
                model.memory = 4 + index;
            model.load = Millis(1'000 * (1 + static_cast<int>(pick(5))));
            shape_.models.push_back(model);
        }
    }

    void step()
    {
        now_ += Millis(pick(1'500));
        settle();
        switch (pick(4)) {
            case 0:
            case 1:
                enter();
                break;
            case 2:
                leave_one(queue_.running() > 0);
                break;
            default:
                leave_one(pick(8) != 0);
        }
        call();
        check();
    }

    /// Without newcomers all get their turn.
    void run_dry()
    {
        for (int i = 0; i < 2'000 && queue_.waiting() + queue_.running() > 0; ++i) {
            now_ += 1s;
            settle();
            leave_one(true);
            call();
            check();
        }
        EXPECT_EQ(queue_.waiting(), 0U);
        EXPECT_EQ(queue_.running(), 0U);
        for (const auto& [ticket, state] : states_)
            EXPECT_EQ(state, State::ended);
    }

private:
    enum class State { waits, runs, ended };
    using Lane = std::tuple<FairKey, Priority, ModelIndex>;

    std::size_t pick(std::size_t among)
    {
        return std::uniform_int_distribution<std::size_t>(0, among - 1)(random_);
    }

    void settle()
    {
        for (auto& model : shape_.models) {
            if (model.warmth == Warmth::loading && model.ready_at <= now_)
                model.warmth = Warmth::loaded;
        }
    }

    void enter()
    {
        Ask ask;
        ask.model = ModelIndex{static_cast<std::uint32_t>(pick(4))};
        ask.key = FairKey{pick(3)};
        ask.priority = pick(4) == 0 ? Priority::batch : Priority::interactive;
        ask.work = Millis(pick(5'000));
        if (pick(3) == 0)
            ask.deadline = now_ + Millis(pick(10'000));
        const auto entry = queue_.enter(ask, shape_, now_);
        if (entry.kind == Entry::Kind::full) {
            EXPECT_EQ(queue_.waiting(), settings_.most_waiting);
            return;
        }
        EXPECT_FALSE(states_.contains(entry.ticket));
        states_[entry.ticket] = State::waits;
        lanes_[{ask.key, ask.priority, ask.model}].push_back(entry.ticket);
        lane_of_[entry.ticket] = {ask.key, ask.priority, ask.model};
        EXPECT_EQ(entry.held == Held::nothing, entry.kind == Entry::Kind::admitted);
        if (entry.kind == Entry::Kind::admitted)
            begins(entry.ticket, ask.model);
    }

    void begins(TicketId ticket, ModelIndex model)
    {
        EXPECT_EQ(states_.at(ticket), State::waits);
        states_[ticket] = State::runs;
        auto& lane = lanes_.at(lane_of_.at(ticket));
        EXPECT_EQ(lane.front(), ticket) << "not in the order in which they came";
        std::erase(lane, ticket);
        if (shape_.models[at(model)].warmth == Warmth::cold) {
            std::vector<std::uint32_t> in_use;
            for (std::uint32_t index = 0; index < 4; ++index)
                in_use.push_back(queue_.running(ModelIndex{index}));
            begin_load(shape_, model, in_use, now_);
        }
        shape_.models[at(model)].used_at = now_;
    }

    void leave_one(bool running)
    {
        std::vector<TicketId> candidates;
        for (const auto& one : queue_.who_runs()) {
            if (running)
                candidates.push_back(one.ticket);
        }
        for (const auto& one : queue_.who_waits()) {
            if (!running)
                candidates.push_back(one.ticket);
        }
        if (candidates.empty())
            return;
        const auto ticket = candidates[pick(candidates.size())];
        queue_.leave(ticket);
        states_.at(ticket) = State::ended;
        std::erase(lanes_.at(lane_of_.at(ticket)), ticket);
        shape_.models[at(std::get<ModelIndex>(lane_of_.at(ticket)))].used_at = now_;
    }

    void call()
    {
        for (const auto& call : queue_.next(shape_, now_)) {
            if (call.kind == Call::Kind::admitted) {
                begins(call.ticket, call.model);
                continue;
            }
            EXPECT_EQ(states_.at(call.ticket), State::waits);
            states_.at(call.ticket) = State::ended;
            std::erase(lanes_.at(lane_of_.at(call.ticket)), call.ticket);
        }
    }

    void check()
    {
        EXPECT_LE(queue_.waiting(), settings_.most_waiting);
        EXPECT_LE(queue_.running(), settings_.most_running.value_or(1'000));
        std::uint64_t memory = 0;
        std::size_t in_use = 0;
        std::size_t unknown = 0;
        for (std::uint32_t index = 0; index < 4; ++index) {
            const auto running = queue_.running(ModelIndex{index});
            EXPECT_LE(running, shape_.models[index].slots);
            in_use += running > 0 ? 1 : 0;
            unknown += running > 0 && !shape_.models[index].memory ? 1 : 0;
            memory += running > 0 ? shape_.models[index].memory.value_or(0) : 0;
        }
        if (in_use > 1) {
            EXPECT_EQ(unknown, 0U) << "a model of unknown memory beside another";
            EXPECT_LE(memory, *shape_.memory) << "models that do not fit";
        }
        // Whoever waits is called by the end of a request, or by time.
        if (queue_.waiting() > 0 && queue_.running() == 0) {
            EXPECT_NE(queue_.wake_at(shape_, now_), TimePoint::max());
        }
        std::size_t waits = 0;
        for (const auto& [ticket, state] : states_)
            waits += state == State::waits ? 1 : 0;
        EXPECT_EQ(waits, queue_.waiting());
    }

    std::mt19937_64 random_;
    QueueSettings settings_;
    AdmissionQueue queue_;
    EngineShape shape_;
    TimePoint now_{1h};
    std::map<TicketId, State> states_;
    std::map<Lane, std::vector<TicketId>> lanes_;
    std::map<TicketId, Lane> lane_of_;
};

TEST(AdmissionQueueProperties, HoldForRandomTraffic)
{
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        Play play(seed);
        for (int i = 0; i < 150 && !testing::Test::HasFailure(); ++i)
            play.step();
        play.run_dry();
        ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace spillway::engine
