#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <limits>
#include <vector>

#include "spillway/base/units.hpp"

namespace spillway::net {

class DeadlineWheel;

/// One deadline that can be moved for the price of a store: no timer is re-armed per event
/// (performance.md). Fires at most one tick (50 ms) late, on the shard's thread. Not movable.
class Deadline {
public:
    using Fire = void (*)(void* owner);

    Deadline(DeadlineWheel& wheel, Fire fire, void* owner) noexcept
        : wheel_(wheel), fire_(fire), owner_(owner)
    {}
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

    /// Arms or moves. Moving later is a store; moving earlier re-files the entry.
    void expire_at(TimePoint when);
    void disarm() noexcept { when_ = TimePoint::max(); }

private:
    friend class DeadlineWheel;
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    DeadlineWheel& wheel_;
    Fire fire_;
    void* owner_;
    TimePoint when_ = TimePoint::max();
    std::int64_t filed_at_ = never;  ///< Tick of the slot it lies in.
    Deadline* previous_ = nullptr;   ///< Intrusive list of its slot.
    Deadline* next_ = nullptr;
};

/// A shard's deadlines in slots of one tick. The timer is set for the next slot that holds one, so
/// an idle daemon sleeps. What lies beyond the wheel's reach (51 s) is filed again on the way.
class DeadlineWheel {
public:
    explicit DeadlineWheel(boost::asio::io_context& io);
    DeadlineWheel(const DeadlineWheel&) = delete;
    DeadlineWheel& operator=(const DeadlineWheel&) = delete;
    ~DeadlineWheel();

    static constexpr Millis tick{50};

private:
    friend class Deadline;
    static constexpr std::size_t slot_count = 1024;
    [[nodiscard]] static std::size_t slot_of(std::int64_t at) noexcept
    {
        return static_cast<std::size_t>(at) % slot_count;
    }
    void file(Deadline& entry);
    void remove(Deadline& entry) noexcept;
    void arm(std::int64_t at);
    void arm_next();
    void turn();

    boost::asio::steady_timer timer_;
    std::vector<Deadline*> slots_;
    std::size_t filed_ = 0;
    std::int64_t turned_;  ///< Last tick whose slot was emptied.
    std::int64_t armed_for_ = Deadline::never;
    bool turning_ = false;
};

}  // namespace spillway::net
