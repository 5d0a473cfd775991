#pragma once

#include <atomic>
#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::guard {

/// Retries may be at most 10 % of the requests of the last ten seconds, plus 3 per second
/// (reliability.md, promise 40). Shared by all shards; lock-free.
class RetryBudget {
public:
    void request_began(TimePoint now);
    /// True, and counted, when one more retry is affordable.
    [[nodiscard]] bool may_retry(TimePoint now) const;
    void retried(TimePoint now);

private:
    struct Bucket { std::atomic<std::int64_t> second{0}; std::atomic<std::uint32_t> requests{0}; std::atomic<std::uint32_t> retries{0}; };
    Bucket buckets_[16];
};

}  // namespace spillway::guard
