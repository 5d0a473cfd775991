#pragma once

#include <string>
#include <thread>

#include "spillway/admin/pages.hpp"
#include "spillway/app/edition.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/settlements.hpp"
#include "spillway/net/shard.hpp"

namespace spillway::app {

/// What every lane is made with; all of it outlives the lanes' threads.
struct LaneParts {
    ledger::Writer& writer;
    observe::Metrics& metrics;
    gateway::Shared& shared;
    guard::Budgets& budgets;
    ledger::OpenCalls& open_calls;
    const Clock& clock;
    ledger::ComparisonWriter& comparisons;
    admin::Archive& archive;
    const keys::KeyBook& keys;
    admin::KeyDesk& key_desk;
    const std::function<admin::Vitals()>& vitals;
};

/// One shard with what stands on it: the gateway's services and the operator's desk.
class Lane {
public:
    Lane(const LaneParts& parts, const Edition& edition);
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    [[nodiscard]] net::Shard& shard() noexcept { return shard_; }
    /// Client connections now; any thread.
    [[nodiscard]] std::size_t connections() const noexcept { return shard_.connections; }
    /// For the shard's thread.
    [[nodiscard]] gateway::Services& services() noexcept { return services_; }
    [[nodiscard]] const admin::Desk& desk() const noexcept { return desk_; }

    /// Runs the shard on a thread of its own, named after `number`.
    void start(std::size_t number);
    /// Serves new requests by `edition`; running ones keep theirs. Any thread.
    void publish(const Edition& edition);
    /// Ends the thread. What still runs is left where it waits.
    void stop();

private:
    gateway::Settlements settlements_;
    gateway::Services services_;
    admin::Desk desk_;
    // Last, so that it dies first: its requests use what stands above.
    net::Shard shard_;
    std::thread thread_;
};

}  // namespace spillway::app
