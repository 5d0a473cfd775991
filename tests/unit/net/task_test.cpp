#include "spillway/net/task.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace spillway::net {
namespace {

Task<int> ready(int value)
{
    co_return value;
}

Task<int> after(Event& event, int value)
{
    co_await event.wait();
    co_return value;
}

TEST(Task, DoesNotGrowTheStackInALoopOfReadyTasks)
{
    // A million frames of even 64 bytes would be far beyond any stack.
    int sum = 0;
    const auto loop = [](int& total) -> Task<void> {
        for (int i = 0; i < 1'000'000; ++i)
            total += co_await ready(1);
    };
    spawn(loop(sum));
    EXPECT_EQ(sum, 1'000'000);
}

TEST(Task, GoesOnWhenItsEventIsSet)
{
    Event event;
    int got = 0;
    const auto wait = [](Event& on, int& out) -> Task<void> { out = co_await after(on, 7); };
    spawn(wait(event, got));
    EXPECT_EQ(got, 0);
    event.set();
    EXPECT_EQ(got, 7);
}

TEST(Task, CarriesAnExceptionToItsCaller)
{
    const auto thrower = []() -> Task<int> {
        throw std::runtime_error{"boom"};
        co_return 1;
    };
    std::string seen;
    const auto catcher = [](auto& make, std::string& out) -> Task<void> {
        try {
            (void)co_await make();
        } catch (const std::runtime_error& error) {
            out = error.what();
        }
    };
    spawn(catcher(thrower, seen));
    EXPECT_EQ(seen, "boom");
}

TEST(Task, MovesItsResult)
{
    const auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
    int got = 0;
    const auto take = [](auto& maker, int& out) -> Task<void> {
        const auto value = co_await maker();
        out = *value;
    };
    spawn(take(make, got));
    EXPECT_EQ(got, 5);
}

TEST(Event, LetsNobodyWaitOnceItIsSet)
{
    Event event;
    event.set();
    bool passed = false;
    const auto wait = [](Event& on, bool& out) -> Task<void> {
        co_await on.wait();
        out = true;
    };
    spawn(wait(event, passed));
    EXPECT_TRUE(passed);
}

TEST(Event, PokesWithoutBeingSet)
{
    Event event;
    int turns = 0;
    const auto wait = [](Event& on, int& out) -> Task<void> {
        while (out < 2) {
            co_await on.wait();
            ++out;
        }
    };
    spawn(wait(event, turns));
    event.poke();
    EXPECT_EQ(turns, 1);
    EXPECT_FALSE(event.is_set());
    event.poke();
    EXPECT_EQ(turns, 2);
}

}  // namespace
}  // namespace spillway::net
