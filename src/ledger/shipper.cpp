#include "spillway/ledger/shipper.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "courier.hpp"
#include "spillway/base/log.hpp"

namespace spillway::ledger {
namespace {

/// libpq resolves names with the C library, which nothing can interrupt: after this long the thread
/// is left to end by itself. It owns everything it touches.
constexpr std::chrono::seconds farewell{3};

void work(const std::shared_ptr<Desk>& desk, std::string ledger_path, Secret database_url)
{
    {
        // Gone, with its connection, before the desk says so.
        Courier courier{*desk, std::move(ledger_path), std::move(database_url)};
        courier.run();
    }
    {
        const std::lock_guard hold{desk->mutex};
        desk->state.connected = false;
        desk->finished = true;
    }
    desk->changed.notify_all();
}

}  // namespace

struct Shipper::Parts {
    std::shared_ptr<Desk> desk = std::make_shared<Desk>();
    std::thread thread;
};

Shipper::Shipper(std::string ledger_path, Secret database_url) : parts_(std::make_unique<Parts>())
{
    parts_->thread = std::thread{[desk = parts_->desk, path = std::move(ledger_path),
                                  url = std::move(database_url)] { work(desk, path, url); }};
}

Shipper::~Shipper()
{
    auto& desk = *parts_->desk;
    desk.stopping = true;
    desk.stop.raise();
    bool finished = false;
    {
        std::unique_lock hold{desk.mutex};
        finished = desk.changed.wait_for(hold, farewell, [&desk] { return desk.finished; });
    }
    if (finished) {
        parts_->thread.join();
        return;
    }
    SPILLWAY_WARN("PostgreSQL: the shipper waits for a name to resolve; leaving it behind");
    parts_->thread.detach();
}

void Shipper::nudge()
{
    auto& desk = *parts_->desk;
    // The load first: while the courier is busy or cut off, a nudge is one read of a shared line.
    if (!desk.nudged.load() && !desk.nudged.exchange(true)) {
        desk.nudge.raise();
    }
}

ShipperState Shipper::state() const
{
    const std::lock_guard hold{parts_->desk->mutex};
    return parts_->desk->state;
}

void Shipper::drain(std::chrono::milliseconds limit)
{
    auto& desk = *parts_->desk;
    const std::uint64_t ticket = ++desk.drains_asked;
    desk.hurry.raise();
    std::unique_lock hold{desk.mutex};
    desk.changed.wait_for(
        hold, limit, [&desk, ticket] { return desk.drains_served >= ticket || desk.finished; });
}

}  // namespace spillway::ledger
