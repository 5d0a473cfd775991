#include "spillway/instances/teller.hpp"

#include <pthread.h>

#include <chrono>
#include <utility>

#include "spillway/base/log.hpp"
#include "teller_work.hpp"

namespace spillway::instances {

namespace {

/// For giving back what is not spent.
constexpr std::chrono::seconds last_round{2};
/// libpq resolves names with the C library, which nothing can interrupt: after this long the thread
/// is left to end by itself.
constexpr std::chrono::seconds farewell{3};

}  // namespace

Teller::Teller(Parts parts) : office_(std::make_shared<Office>())
{
    office_->wares.emplace(parts.budgets, parts.rates, parts.clock);
    const Headcount heads(parts.known, parts.expected);
    parts.rates.alone_of(heads.usual());
    office_->desk = &parts.desk;
    parts.desk.set(guard::LeaseDesk::State::away);
    thread_ = std::thread([office = office_, url = std::move(parts.database_url),
                           identity = std::move(parts.identity), heads,
                           remember = std::move(parts.remember)] {
        {
            TellerWork work(office, url, identity, heads, remember);
            work.run();
        }
        {
            const std::lock_guard hold(office->mutex);
            office->state.connected = false;
            office->finished = true;
        }
        office->changed.notify_all();
    });
    pthread_setname_np(thread_.native_handle(), "teller");
}

Teller::~Teller()
{
    auto& office = *office_;
    office.leaving = true;
    office.leave.raise();
    std::unique_lock hold(office.mutex);
    const auto finished = [&office] { return office.finished; };
    if (!office.changed.wait_for(hold, last_round, finished)) {
        office.stop.raise();
        office.changed.wait_for(hold, farewell, finished);
    }
    // Whoever waits goes on without; nobody may wait for this teller any more.
    if (office.desk != nullptr) {
        office.desk->set(guard::LeaseDesk::State::away);
        office.desk->answered();
    }
    office.wares.reset();
    office.desk = nullptr;
    const bool over = office.finished;
    hold.unlock();
    if (over) {
        thread_.join();
        return;
    }
    SPILLWAY_WARN("PostgreSQL: the leases wait for a name to resolve; leaving them behind");
    thread_.detach();
}

std::function<void()> Teller::bell() const
{
    return [office = office_] { office->ring(); };
}

void Teller::settle(Millis limit)
{
    auto& office = *office_;
    std::unique_lock hold(office.mutex);
    const auto ticket = ++office.settles_asked;
    office.bell.raise();
    office.changed.wait_for(hold, limit, [&office, ticket] {
        return office.settles_served >= ticket || office.finished;
    });
}

TellerState Teller::state() const
{
    const std::lock_guard hold(office_->mutex);
    return office_->state;
}

}  // namespace spillway::instances
