#include "spillway/guard/token_bucket.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;

const TimePoint noon{std::chrono::hours{1'000}};

TEST(TokenBucket, GivesOutOneMinutesWorthAtOnceAndThenASixtiethPerSecond)
{
    TokenBucket bucket(60, noon);
    EXPECT_TRUE(bucket.holds(60, noon));
    bucket.take(60, noon);
    EXPECT_FALSE(bucket.holds(1, noon + 999ms));
    EXPECT_TRUE(bucket.holds(1, noon + 1s));
    EXPECT_FALSE(bucket.holds(2, noon + 1s));
    EXPECT_EQ(bucket.left(noon + 7500ms), 7);
}

TEST(TokenBucket, HoldsExactlyItsLimitAlsoWhereAMinuteDoesNotDivide)
{
    for (const std::int64_t limit : {1, 7, 11, 59, 61, 997, 1'000'003}) {
        TokenBucket bucket(limit, noon);
        for (std::int64_t i = 0; i < std::min<std::int64_t>(limit, 2'000); ++i) {
            ASSERT_TRUE(bucket.holds(1, noon)) << limit << " after " << i;
            bucket.take(1, noon);
        }
        EXPECT_EQ(bucket.holds(1, noon), limit > 2'000);
    }
}

TEST(TokenBucket, TellsToTheNanosecondWhenItHoldsSoMany)
{
    TokenBucket bucket(7, noon);
    bucket.take(7, noon);
    const auto wait = bucket.wait(3, noon);
    EXPECT_TRUE(bucket.holds(3, noon + wait));
    EXPECT_FALSE(bucket.holds(3, noon + wait - 1ns));
    EXPECT_EQ(bucket.wait(1, noon), 8'571'428'572ns);
}

TEST(TokenBucket, WaitsForNothingThatItHolds)
{
    const TokenBucket bucket(10, noon);
    EXPECT_EQ(bucket.wait(10, noon), 0ns);
    EXPECT_EQ(bucket.full_in(noon), 0ns);
}

TEST(TokenBucket, NeverHoldsMoreThanOneMinutesWorth)
{
    TokenBucket bucket(10, noon);
    bucket.take(5, noon);
    bucket.settle(5, 0, noon + 5min);
    EXPECT_EQ(bucket.left(noon + 1h), 10);
    EXPECT_FALSE(bucket.could_hold(11));
    EXPECT_FALSE(bucket.holds(11, noon + 24h));
}

TEST(TokenBucket, OwesWhatWasUsedBeyondItsLevelButNoMoreThanAMinute)
{
    TokenBucket bucket(60, noon);
    bucket.take(90, noon);
    EXPECT_EQ(bucket.left(noon), 0);
    EXPECT_EQ(bucket.wait(1, noon), 31s);
    bucket.take(1'000'000, noon);
    EXPECT_EQ(bucket.wait(1, noon), 61s);
}

TEST(TokenBucket, PutsBackWhatWasNotUsed)
{
    TokenBucket bucket(100, noon);
    bucket.take(80, noon);
    bucket.settle(80, 50, noon);
    EXPECT_EQ(bucket.left(noon), 50);
}

TEST(TokenBucket, TakesWhatWasUsedBeyondWhatWasSetAside)
{
    TokenBucket bucket(100, noon);
    bucket.take(10, noon);
    bucket.settle(10, 70, noon);
    EXPECT_EQ(bucket.left(noon), 30);
}

TEST(TokenBucket, KeepsTheShareThatIsLeftUnderAnotherLimit)
{
    TokenBucket bucket(100, noon);
    bucket.take(100, noon);
    bucket.set_limit(1'000, noon);
    EXPECT_EQ(bucket.left(noon), 0) << "no second burst";
    EXPECT_EQ(bucket.wait(100, noon), 6s) << "but the new rate at once";
    bucket.set_limit(10, noon + 30s);
    EXPECT_EQ(bucket.left(noon + 30s), 5);
}

TEST(TokenBucket, IsFullUnderARaisedLimitWhenNothingWasTaken)
{
    TokenBucket bucket(10, noon);
    bucket.set_limit(1'000, noon + 1s);
    EXPECT_EQ(bucket.left(noon + 1s), 1'000);
}

TEST(TokenBucket, AdmitsNothingUnderALimitOfNothing)
{
    TokenBucket bucket(0, noon);
    EXPECT_FALSE(bucket.holds(1, noon + 1h));
    EXPECT_FALSE(bucket.could_hold(1));
    EXPECT_EQ(bucket.empty_at(noon), TimePoint::max());
}

TEST(TokenBucket, StandsStillWhileAClockThatIsBehindIsRead)
{
    TokenBucket bucket(60, noon);
    bucket.take(60, noon + 10s);
    EXPECT_FALSE(bucket.holds(1, noon));
    bucket.take(0, noon);
    EXPECT_EQ(bucket.left(noon + 10s), 0);
}

TEST(TokenBucket, TellsWhenItWasEmptySoThatOthersCanReckon)
{
    TokenBucket bucket(60, noon);
    EXPECT_EQ(bucket.empty_at(noon), noon - 60s);
    bucket.take(90, noon);
    EXPECT_EQ(bucket.empty_at(noon), noon + 30s);
}

TEST(TokenBucket, CountsLimitsThatPass64BitsAMinute)
{
    TokenBucket bucket(1'000'000'000'000'000, noon);
    bucket.take(999'999'999'999'999, noon);
    EXPECT_EQ(bucket.left(noon), 1);
    EXPECT_EQ(bucket.left(noon + 60s), 1'000'000'000'000'000);
}

/// One thing that was given out.
struct Given {
    TimePoint when;
    std::int64_t units;
};

/// What `given` may be at most in (from, to]: the limit once, and what that time refills.
void expect_within_limit(const std::vector<Given>& given, std::int64_t limit)
{
    for (std::size_t first = 0; first < given.size(); ++first) {
        std::int64_t sum = 0;
        for (std::size_t last = first; last < given.size(); ++last) {
            sum += given[last].units;
            const auto time = (given[last].when - given[first].when).count();
            // Sixty seconds' worth and what `time` refills, in units times nanoseconds.
            ASSERT_LE(static_cast<long double>(sum) * 60e9L,
                      static_cast<long double>(limit) * (60e9L + static_cast<long double>(time)));
        }
    }
}

TEST(TokenBucket, NeverGivesOutMoreThanItsLimitAndTheRefillOverAnyTime)
{
    std::mt19937_64 random(20'261'130);
    const auto below = [&random](std::int64_t bound) {
        return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
    };
    for (int round = 0; round < 60; ++round) {
        const auto limit = 1 + below(round % 2 == 0 ? 20 : 100'000);
        TokenBucket bucket(limit, noon);
        auto now = noon;
        std::vector<Given> given;
        for (int step = 0; step < 200; ++step) {
            now += std::chrono::nanoseconds{below(3'000'000'000)};
            const auto wanted = 1 + below(limit);
            if (!bucket.holds(wanted, now))
                continue;
            bucket.take(wanted, now);
            given.push_back({now, wanted});
        }
        ASSERT_FALSE(given.empty());
        expect_within_limit(given, limit);
    }
}

TEST(TokenBucket, BoundsWhatIsUsedByItsLimitItsRefillAndWhatWasSetAsideBefore)
{
    std::mt19937_64 random(7);
    const auto below = [&random](std::int64_t bound) {
        return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
    };
    struct Request {
        TimePoint begun;
        TimePoint ended;
        std::int64_t set_aside;
        std::int64_t used;
    };
    for (int round = 0; round < 60; ++round) {
        const std::int64_t limit = 1'000;
        TokenBucket bucket(limit, noon);
        auto now = noon;
        std::vector<Request> all;
        std::vector<std::size_t> running;
        for (int step = 0; step < 200; ++step) {
            now += std::chrono::nanoseconds{below(round % 2 == 0 ? 2'000'000'000 : 20'000'000'000)};
            if (!running.empty() && below(2) == 0) {
                std::swap(running[static_cast<std::size_t>(below(std::ssize(running)))],
                          running.back());
                auto& done = all[running.back()];
                running.pop_back();
                done.used = below(done.set_aside + 1);
                done.ended = now;
                bucket.settle(done.set_aside, done.used, now);
                continue;
            }
            const auto wanted = 1 + below(300);
            if (!bucket.holds(wanted, now))
                continue;
            bucket.take(wanted, now);
            running.push_back(all.size());
            all.push_back({now, TimePoint::max(), wanted, wanted});
        }
        for (const auto& first : all) {
            std::int64_t before = 0;
            for (const auto& each : all) {
                if (each.begun < first.begun && each.ended >= first.begun)
                    before += each.set_aside;
            }
            std::int64_t used = 0;
            for (const auto& each : all) {
                if (each.begun < first.begun)
                    continue;
                used += each.used;
                const auto time = static_cast<long double>((each.begun - first.begun).count());
                ASSERT_LE(static_cast<long double>(used - before) * 60e9L,
                          static_cast<long double>(limit) * (60e9L + time));
            }
        }
    }
}

}  // namespace
}  // namespace spillway::guard
