#include "spillway/guard/daily_allowance.hpp"

#include <algorithm>
#include <chrono>

namespace spillway::guard {
namespace {

std::int64_t day_of(WallTime now)
{
    return std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
}

}  // namespace

/// A clock that goes back does not open a day again: what was spent stays spent.
DailyAllowance::Account& DailyAllowance::today(const std::string& name, WallTime now)
{
    auto& account = accounts_[name];
    if (const auto day = day_of(now); day > account.day) {
        account.day = day;
        account.spent = NanoUsd{0};
    }
    return account;
}

bool DailyAllowance::reserve(const std::string& name, NanoUsd worst, NanoUsd cap, WallTime now)
{
    const std::lock_guard hold(mutex_);
    auto& account = today(name, now);
    const auto room = count(cap) - count(account.spent) - count(account.reserved);
    if (count(worst) > room)
        return false;
    account.reserved = account.reserved + worst;
    return true;
}

void DailyAllowance::settle(const std::string& name, NanoUsd worst, NanoUsd spent, WallTime now)
{
    const std::lock_guard hold(mutex_);
    auto& account = today(name, now);
    account.reserved = NanoUsd{std::max<std::int64_t>(0, count(account.reserved) - count(worst))};
    account.spent = account.spent + spent;
}

void DailyAllowance::restore(const std::string& name, NanoUsd spent, WallTime now)
{
    const std::lock_guard hold(mutex_);
    auto& account = today(name, now);
    account.spent = account.spent + spent;
}

NanoUsd DailyAllowance::spent(const std::string& name, WallTime now) const
{
    const std::lock_guard hold(mutex_);
    const auto found = accounts_.find(name);
    return found == accounts_.end() || found->second.day < day_of(now) ? NanoUsd{0}
                                                                       : found->second.spent;
}

}  // namespace spillway::guard
