#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::guard {

/// Retries may be at most 10 % of the requests of the last ten seconds, plus 3 per second since
/// those requests began (promise 40): over any run of T seconds upstreams see at
/// most 1.1 times the requests plus 3 T. Shared by all shards; lock-free. Counts of neighbouring
/// threads may be missed for a moment, so the bound is exact only to the number of shards.
class RetryBudget {
public:
    void request_began(TimePoint now);
    /// True when one more retry is affordable; it is counted by `retried`.
    [[nodiscard]] bool may_retry(TimePoint now) const;
    void retried(TimePoint now);

private:
    /// What happened in one second.
    struct Bucket {
        std::atomic<std::int64_t> second{-1};
        std::atomic<std::uint32_t> requests{0};
        std::atomic<std::uint32_t> retries{0};
    };
    [[nodiscard]] Bucket& bucket_of(std::int64_t second);

    std::array<Bucket, 16> buckets_;
};

}  // namespace spillway::guard
