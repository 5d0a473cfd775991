#include "spillway/net/shard.hpp"

#include <atomic>
#include <chrono>

#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::ShardThread;
using namespace std::chrono_literals;

TEST(Shard, RunsWhatIsPosted)
{
    ShardThread thread;
    EXPECT_EQ(thread.on([] { return 7; }), 7);
}

TEST(Shard, SleepsAtLeastAsLongAsAsked)
{
    ShardThread thread;
    const auto began = std::chrono::steady_clock::now();
    thread.go([&] { return thread.shard().sleep(20ms); }).wait();
    EXPECT_GE(std::chrono::steady_clock::now() - began, 20ms);
}

TEST(Shard, EndsASleepWhenInterrupted)
{
    ShardThread thread;
    Event interrupt;
    auto done = thread.go([&] { return thread.shard().sleep(1h, &interrupt); });
    thread.on([&] { interrupt.set(); });
    done.wait();
}

TEST(Shard, LeavesTheInterruptAloneWhenTheTimeIsUp)
{
    ShardThread thread;
    Event interrupt;
    thread.go([&] { return thread.shard().sleep(1ms, &interrupt); }).wait();
    EXPECT_FALSE(thread.on([&] { return interrupt.is_set(); }));
}

TEST(Shard, EndsEverySleepOnAbort)
{
    ShardThread thread;
    auto first = thread.go([&] { return thread.shard().sleep(1h); });
    auto second = thread.go([&] { return thread.shard().sleep(1h); });
    thread.on([&] { thread.shard().abort(); });
    first.wait();
    second.wait();
}

TEST(Shard, EndsSleepsWhenItStops)
{
    std::future<void> done;
    {
        ShardThread thread;
        done = thread.go([&] { return thread.shard().sleep(1h); });
    }
    EXPECT_EQ(done.wait_for(0s), std::future_status::ready);
}

}  // namespace
}  // namespace spillway::net
