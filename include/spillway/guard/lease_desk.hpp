#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace spillway::guard {

/// Where requests wait that lack a lease, until those who share caps out have answered. Any thread.
class LeaseDesk {
public:
    /// Whether there is anybody to wait for.
    enum class State : std::uint8_t {
        closed,  ///< Nothing is shared.
        away,    ///< The database did not answer lately.
        open,
    };
    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_relaxed); }
    void set(State state) noexcept { state_.store(state, std::memory_order_relaxed); }

    /// `wake` is called once, by the thread that answers next.
    void wait(std::function<void()> wake)
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(wake));
    }
    /// A round was answered: wakes all who wait.
    void answered()
    {
        std::vector<std::function<void()>> woken;
        {
            const std::lock_guard lock(mutex_);
            woken.swap(waiting_);
        }
        for (const auto& wake : woken)
            wake();
    }

private:
    std::atomic<State> state_{State::closed};
    std::mutex mutex_;
    std::vector<std::function<void()>> waiting_;  ///< At most one per request in flight.
};

}  // namespace spillway::guard
