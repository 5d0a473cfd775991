#include "spillway/guard/retry_budget.hpp"

#include <algorithm>

namespace spillway::guard {
namespace {

constexpr std::int64_t window = 10;  // seconds
constexpr std::int64_t free_per_second = 3;
constexpr std::int64_t requests_per_retry = 10;

std::int64_t second_of(TimePoint now)
{
    return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
}

}  // namespace

RetryBudget::Bucket& RetryBudget::bucket_of(std::int64_t second)
{
    Bucket& bucket = buckets_[static_cast<std::size_t>(second) % buckets_.size()];
    std::int64_t held = bucket.second.load(std::memory_order_acquire);
    // Whoever moves the bucket on clears it; a count that slips in between is lost, not doubled.
    if (held < second && bucket.second.compare_exchange_strong(held, second)) {
        bucket.requests.store(0, std::memory_order_relaxed);
        bucket.retries.store(0, std::memory_order_relaxed);
    }
    return bucket;
}

void RetryBudget::request_began(TimePoint now)
{
    bucket_of(second_of(now)).requests.fetch_add(1, std::memory_order_relaxed);
}

void RetryBudget::retried(TimePoint now)
{
    bucket_of(second_of(now)).retries.fetch_add(1, std::memory_order_relaxed);
}

bool RetryBudget::may_retry(TimePoint now) const
{
    const std::int64_t present = second_of(now);
    std::int64_t requests = 0;
    std::int64_t retries = 0;
    std::int64_t earliest = present;
    for (const Bucket& bucket : buckets_) {
        const std::int64_t second = bucket.second.load(std::memory_order_acquire);
        if (second <= present - window || second > present) {
            continue;
        }
        requests += bucket.requests.load(std::memory_order_relaxed);
        retries += bucket.retries.load(std::memory_order_relaxed);
        earliest = std::min(earliest, second);
    }
    const std::int64_t seconds = present - earliest + 1;
    return retries < requests / requests_per_retry + free_per_second * seconds;
}

}  // namespace spillway::guard
