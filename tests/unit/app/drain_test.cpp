#include "spillway/app/drain.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::app {
namespace {

/// The ladder over made-up connections; `log` is the order of its steps.
struct Ladder {
    boost::asio::io_context control;
    std::string log;
    std::size_t open = 0;
    std::size_t closed_by_cut = 0;
    std::size_t closed_by_abort = 0;

    DrainSteps steps(Millis patience)
    {
        DrainSteps out;
        out.refuse = [this] { log += "refuse "; };
        out.cut = [this] {
            log += "cut ";
            open -= closed_by_cut;
        };
        out.abort = [this] {
            log += "abort ";
            open -= closed_by_abort;
        };
        out.remaining = [this] { return open; };
        out.finished = [this] { log += "finished"; };
        out.patience = [patience] { return patience; };
        return out;
    }
};

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

TEST(Drain, FinishesAtOnceWhenNobodyIsConnected)
{
    Ladder ladder;
    Drain drain(ladder.control, ladder.steps(Millis{60'000}));
    drain.signal(now());
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse finished");
    EXPECT_TRUE(drain.orderly());
}

TEST(Drain, CutsWhatDoesNotFinishInTime)
{
    Ladder ladder;
    ladder.open = ladder.closed_by_cut = 2;
    Drain drain(ladder.control, ladder.steps(Millis{0}));
    drain.signal(now());
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse cut finished");
    EXPECT_TRUE(drain.orderly());
}

TEST(Drain, CutsAgainWhatFallsBack)
{
    Ladder ladder;
    ladder.open = 3;
    ladder.closed_by_cut = 1;
    Drain drain(ladder.control, ladder.steps(Millis{0}));
    drain.signal(now());
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse cut cut cut finished");
}

TEST(Drain, GoesStraightToTheAbortAtASecondSignal)
{
    Ladder ladder;
    ladder.open = ladder.closed_by_abort = 1;
    Drain drain(ladder.control, ladder.steps(Millis{60'000}));
    drain.signal(now());
    drain.signal(now() + Millis{150});
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse abort finished");
    EXPECT_FALSE(drain.orderly());
}

TEST(Drain, TakesSignalsOfOneBreathForOne)
{
    Ladder ladder;
    ladder.open = ladder.closed_by_cut = 1;
    Drain drain(ladder.control, ladder.steps(Millis{0}));
    const auto first = now();
    drain.signal(first);
    drain.signal(first + Millis{1});
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse cut finished");
    EXPECT_TRUE(drain.orderly());
}

TEST(Drain, AbortsOnlyOnce)
{
    Ladder ladder;
    ladder.open = ladder.closed_by_abort = 1;
    Drain drain(ladder.control, ladder.steps(Millis{60'000}));
    for (int i = 0; i < 4; ++i)
        drain.signal(now() + i * Millis{150});
    ladder.control.run();
    EXPECT_EQ(ladder.log, "refuse abort finished");
}

}  // namespace
}  // namespace spillway::app
