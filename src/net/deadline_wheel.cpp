#include "spillway/net/deadline_wheel.hpp"

#include <algorithm>
#include <chrono>
#include <ratio>

namespace spillway::net {

namespace {

using Ticks = std::chrono::duration<std::int64_t, std::ratio<DeadlineWheel::tick.count(), 1000>>;

/// Rounded up: never early, at most one tick late.
std::int64_t tick_of(TimePoint when) noexcept
{
    return std::chrono::ceil<Ticks>(when.time_since_epoch()).count();
}

TimePoint time_of(std::int64_t tick) noexcept
{
    return TimePoint{std::chrono::duration_cast<TimePoint::duration>(Ticks{tick})};
}

}  // namespace

Deadline::~Deadline()
{
    if (filed_at_ != never)
        wheel_.remove(*this);
}

void Deadline::expire_at(TimePoint when)
{
    when_ = when;
    if (filed_at_ == never || (when < TimePoint::max() && tick_of(when) < filed_at_)) {
        if (filed_at_ != never)
            wheel_.remove(*this);
        wheel_.file(*this);
    }
}

DeadlineWheel::DeadlineWheel(boost::asio::io_context& io)
    : timer_(io), slots_(slot_count, nullptr), turned_(tick_of(std::chrono::steady_clock::now()))
{}

DeadlineWheel::~DeadlineWheel() = default;

/// Puts `entry` where its time is, or as far ahead as the wheel reaches: it is filed again then.
void DeadlineWheel::file(Deadline& entry)
{
    if (entry.when_ == TimePoint::max())
        return;
    if (filed_ == 0 && !turning_)
        turned_ = std::max(turned_, tick_of(std::chrono::steady_clock::now()) - 1);
    constexpr auto reach = static_cast<std::int64_t>(slot_count) - 1;
    entry.filed_at_ = std::clamp(tick_of(entry.when_), turned_ + 1, turned_ + reach);
    Deadline*& head = slots_[slot_of(entry.filed_at_)];
    entry.previous_ = nullptr;
    entry.next_ = head;
    if (head != nullptr)
        head->previous_ = &entry;
    head = &entry;
    ++filed_;
    if (entry.filed_at_ < armed_for_ && !turning_)
        arm(entry.filed_at_);
}

void DeadlineWheel::remove(Deadline& entry) noexcept
{
    if (entry.previous_ != nullptr)
        entry.previous_->next_ = entry.next_;
    else
        slots_[slot_of(entry.filed_at_)] = entry.next_;
    if (entry.next_ != nullptr)
        entry.next_->previous_ = entry.previous_;
    entry.previous_ = entry.next_ = nullptr;
    entry.filed_at_ = Deadline::never;
    --filed_;
}

void DeadlineWheel::arm(std::int64_t at)
{
    armed_for_ = at;
    timer_.expires_at(time_of(at));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error)
            turn();
    });
}

void DeadlineWheel::turn()
{
    armed_for_ = Deadline::never;
    turning_ = true;
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    const std::int64_t now = std::chrono::floor<Ticks>(since).count();
    while (turned_ < now && filed_ > 0) {
        ++turned_;
        Deadline*& slot = slots_[slot_of(turned_)];
        while (slot != nullptr) {
            Deadline& entry = *slot;
            remove(entry);
            if (entry.when_ == TimePoint::max())
                continue;
            if (tick_of(entry.when_) > turned_)
                file(entry);
            else {
                entry.when_ = TimePoint::max();
                entry.fire_(entry.owner_);
            }
        }
    }
    turned_ = std::max(turned_, now);
    turning_ = false;
    arm_next();
}

/// Sleeps until the next slot that holds anything, however far: an idle daemon stays asleep.
void DeadlineWheel::arm_next()
{
    if (filed_ == 0)
        return;
    for (std::int64_t at = turned_ + 1;; ++at)
        if (slots_[slot_of(at)] != nullptr)
            return arm(at);
}

}  // namespace spillway::net
