#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "spillway/base/units.hpp"

/// Time that passes only when something happens in it.
namespace local_policies {

class Clock {
public:
    using Action = std::function<void()>;

    [[nodiscard]] spillway::TimePoint now() const { return now_; }
    [[nodiscard]] double seconds() const
    {
        return std::chrono::duration<double>(now_ - spillway::TimePoint{}).count();
    }
    void at(spillway::TimePoint when, Action action)
    {
        events_.push({std::max(when, now_), ++count_, std::move(action)});
    }
    void in(double seconds, Action action) { at(now_ + span(seconds), std::move(action)); }
    /// Until nothing is left to happen.
    void run()
    {
        while (!events_.empty()) {
            auto event = events_.top();
            events_.pop();
            now_ = event.when;
            event.action();
        }
    }

    static spillway::TimePoint::duration span(double seconds)
    {
        return std::chrono::duration_cast<spillway::TimePoint::duration>(
            std::chrono::duration<double>(seconds));
    }

private:
    struct Event {
        spillway::TimePoint when;
        std::uint64_t order;
        Action action;
        bool operator<(const Event& other) const
        {
            return std::pair(when, order) > std::pair(other.when, other.order);
        }
    };
    spillway::TimePoint now_{};
    std::uint64_t count_ = 0;
    std::priority_queue<Event> events_;
};

}  // namespace local_policies
