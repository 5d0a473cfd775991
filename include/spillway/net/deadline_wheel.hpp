#pragma once

#include <boost/asio/steady_timer.hpp>
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
    {
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline();

    /// Arms or moves. Moving later is a store; moving earlier re-files the entry.
    void expire_at(TimePoint when);
    void disarm() noexcept { when_ = TimePoint::max(); }

private:
    friend class DeadlineWheel;
    DeadlineWheel& wheel_;
    Fire fire_;
    void* owner_;
    TimePoint when_ = TimePoint::max();
    TimePoint filed_at_ = TimePoint::max();
    Deadline* previous_ = nullptr;  ///< Intrusive list of its slot.
    Deadline* next_ = nullptr;
    std::size_t slot_ = 0;
};

/// A shard's deadlines in slots of one tick. Ticks only while something is filed, so an idle
/// daemon sleeps.
class DeadlineWheel {
public:
    explicit DeadlineWheel(boost::asio::io_context& io);
    ~DeadlineWheel();

    static constexpr Millis tick{50};

private:
    friend class Deadline;
    void file(Deadline& entry);
    void remove(Deadline& entry) noexcept;
    void arm();
    void turn();

    static constexpr std::size_t slot_count = 1024;
    boost::asio::steady_timer timer_;
    std::vector<Deadline*> slots_;
    std::size_t filed_ = 0;
    TimePoint turned_at_;
    std::size_t position_ = 0;
    bool armed_ = false;
};

}  // namespace spillway::net
