#include "spillway/app/budget_watch.hpp"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "spillway/base/log.hpp"

namespace spillway::app {

namespace {

constexpr std::chrono::seconds pause{2};
constexpr double millionths = 1e6;

}  // namespace

std::int64_t millionths_left(const config::Budget& budget, NanoUsd spent)
{
    if (!budget.most)
        return -1;
    const auto most = static_cast<double>(count(*budget.most));
    if (most <= 0)
        return 0;
    const auto left = (most - static_cast<double>(count(spent))) / most;
    return static_cast<std::int64_t>(std::clamp(left, 0.0, 1.0) * millionths);
}

BudgetWatch::BudgetWatch(std::string ledger_path, gateway::Shared& shared, const Clock& clock)
    : meter_(std::move(ledger_path)), shared_(shared), clock_(clock)
{}

BudgetWatch::~BudgetWatch()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable())
        thread_.join();
}

void BudgetWatch::follow(const config::Budget& budget)
{
    {
        const std::lock_guard lock(mutex_);
        if (budget_ == budget)
            return;
        budget_ = budget;
        news_ = true;
    }
    if (!thread_.joinable() && budget.most) {
        thread_ = std::thread([this] { run(); });
        pthread_setname_np(thread_.native_handle(), "budget");
    }
    changed_.notify_one();
}

void BudgetWatch::run()
{
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto budget = budget_;
        news_ = false;
        lock.unlock();
        look(budget);
        lock.lock();
        const auto interrupted = [this] { return stopping_ || news_; };
        if (budget.most)
            changed_.wait_for(lock, pause, interrupted);
        else
            changed_.wait(lock, interrupted);
    }
}

void BudgetWatch::look(const config::Budget& budget)
{
    if (!budget.most) {
        shared_.budget_left = -1;
        return;
    }
    const auto spent = meter_.since(config::began(budget.period, clock_.wall()));
    if (spent)
        shared_.budget_left = millionths_left(budget, *spent);
    // What was known last stands until the ledger can be read again.
    if (!spent && !std::exchange(failing_, true))
        SPILLWAY_WARN("budget: {}; rules go by what was left before", spent.error().message());
    if (spent)
        failing_ = false;
}

}  // namespace spillway::app
