#include "spillway/guard/retry_budget.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;

const TimePoint noon{std::chrono::hours{1'000}};

/// Retries that the budget affords at `now`.
int spend_all(RetryBudget& budget, TimePoint now)
{
    int retries = 0;
    while (retries < 100'000 && budget.may_retry(now)) {
        budget.retried(now);
        ++retries;
    }
    return retries;
}

void requests(RetryBudget& budget, int count, TimePoint now)
{
    for (int i = 0; i < count; ++i) {
        budget.request_began(now);
    }
}

TEST(RetryBudget, AffordsThreeRetriesToTheFirstRequest)
{
    RetryBudget budget;
    requests(budget, 1, noon);
    EXPECT_EQ(spend_all(budget, noon), 3);
}

TEST(RetryBudget, AffordsATenthOfTheRequestsOnTop)
{
    RetryBudget budget;
    requests(budget, 1'000, noon);
    EXPECT_EQ(spend_all(budget, noon), 103);
}

TEST(RetryBudget, CountsTheLastTenSecondsOnly)
{
    RetryBudget budget;
    requests(budget, 1'000, noon);
    EXPECT_EQ(spend_all(budget, noon + 9s), 130);
    RetryBudget later;
    requests(later, 1'000, noon);
    EXPECT_EQ(spend_all(later, noon + 10s), 3);
}

TEST(RetryBudget, ForgetsOldRetries)
{
    RetryBudget budget;
    requests(budget, 1, noon);
    spend_all(budget, noon);
    EXPECT_FALSE(budget.may_retry(noon + 500ms));
    EXPECT_TRUE(budget.may_retry(noon + 1s));
    EXPECT_EQ(spend_all(budget, noon + 60s), 3);
}

TEST(RetryBudget, NeverAffordsMoreThanItsPromiseOverAWholeRun)
{
    RetryBudget budget;
    int retries = 0;
    int sent = 0;
    for (int second = 0; second < 60; ++second) {
        const auto now = noon + std::chrono::seconds{second};
        const int load = second % 20 < 10 ? 200 : 1;
        requests(budget, load, now);
        sent += load;
        retries += spend_all(budget, now);
        EXPECT_LE(retries, sent / 10 + 3 * (second + 1)) << second;
    }
}

TEST(RetryBudget, IsSharedByThreads)
{
    RetryBudget budget;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&budget] { requests(budget, 10'000, noon); });
    }
    threads.clear();
    EXPECT_EQ(spend_all(budget, noon), 4'003);
}

}  // namespace
}  // namespace spillway::guard
