#include "spillway/net/deadline_wheel.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <list>
#include <memory>

namespace spillway::net {
namespace {

using namespace std::chrono_literals;

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

struct Counted {
    explicit Counted(DeadlineWheel& wheel)
        : deadline(
              wheel,
              [](void* self) {
                  auto& counted = *static_cast<Counted*>(self);
                  ++counted.fired;
                  counted.at = now();
              },
              this)
    {}
    int fired = 0;
    TimePoint at{};
    Deadline deadline;
};

TEST(DeadlineWheel, FiresOnceAndNotEarly)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    Counted one{wheel};
    const TimePoint when = now() + 60ms;
    one.deadline.expire_at(when);
    io.run();
    EXPECT_EQ(one.fired, 1);
    EXPECT_GE(one.at, when);
}

TEST(DeadlineWheel, SleepsWhenNothingIsFiled)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    EXPECT_EQ(io.run(), 0u);
}

TEST(DeadlineWheel, DoesNotFireWhatWasDisarmed)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    Counted one{wheel};
    one.deadline.expire_at(now());
    one.deadline.disarm();
    io.run();
    EXPECT_EQ(one.fired, 0);
}

TEST(DeadlineWheel, ForgetsWhatIsDestroyed)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    auto one = std::make_unique<Counted>(wheel);
    Counted other{wheel};
    one->deadline.expire_at(now());
    other.deadline.expire_at(now());
    one.reset();
    io.run();
    EXPECT_EQ(other.fired, 1);
}

TEST(DeadlineWheel, MovesLaterAndEarlier)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    Counted later{wheel};
    Counted earlier{wheel};
    later.deadline.expire_at(now() + 1ms);
    const TimePoint moved = now() + 120ms;
    later.deadline.expire_at(moved);
    earlier.deadline.expire_at(now() + 1h);
    earlier.deadline.expire_at(now() + 1ms);
    io.run();
    EXPECT_GE(later.at, moved);
    EXPECT_EQ(earlier.fired, 1);
    EXPECT_LT(earlier.at, moved);
}

TEST(DeadlineWheel, KeepsManyApart)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    std::list<Counted> all;
    const TimePoint start = now();
    for (int i = 0; i < 5'000; ++i) {
        all.emplace_back(wheel);
        all.back().deadline.expire_at(start + Millis{i % 200});
    }
    io.run();
    int index = 0;
    for (const Counted& one : all) {
        EXPECT_EQ(one.fired, 1);
        EXPECT_GE(one.at, start + Millis{index % 200});
        ++index;
    }
}

TEST(DeadlineWheel, LetsACallbackArmAndDestroyOthers)
{
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    struct Chain {
        explicit Chain(DeadlineWheel& on)
            : wheel(on),
              victim(std::make_unique<Counted>(on)),
              deadline(on, [](void* self) { static_cast<Chain*>(self)->step(); }, this)
        {}
        void step()
        {
            victim.reset();
            if (++steps < 3)
                deadline.expire_at(now());
        }
        DeadlineWheel& wheel;
        std::unique_ptr<Counted> victim;
        Deadline deadline;
        int steps = 0;
    } chain{wheel};
    chain.victim->deadline.expire_at(now());
    chain.deadline.expire_at(now());
    io.run();
    EXPECT_EQ(chain.steps, 3);
}

}  // namespace
}  // namespace spillway::net
