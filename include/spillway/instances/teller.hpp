#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "spillway/base/secret.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/guard/lease_desk.hpp"
#include "spillway/instances/bank.hpp"
#include "spillway/instances/shared_clock.hpp"

namespace spillway::instances {

/// How sharing stands, for /health and metrics.
struct TellerState {
    bool connected = false;
    std::size_t live = 0;          ///< Instances alive, this one among them, as last told.
    std::size_t leases = 0;        ///< Windows that this instance holds a lease of.
    std::uint64_t rounds = 0;      ///< Answered by the database since the start.
    std::uint64_t hungry = 0;      ///< Asks for which there was too little left.
    std::uint64_t given_back = 0;  ///< Leases that were lowered.
    std::string last_error;        ///< Without the connection string; empty when all is well.
};

/// Keeps the leases of one instance: asks the database for what budgets and rates want, gives back
/// what is not used or wanted by others, and renews the instance's life every second. Own thread,
/// own connection; without the database it tries again (5 s at most between two tries) and both use
/// what they have.
class Teller {
public:
    struct Parts {
        Secret database_url;
        Identity identity;
        guard::Budgets& budgets;
        guard::RateLimits& rates;
        guard::LeaseDesk& desk;
        SharedClock& clock;
        /// How many instances there were usually, empty for who never met them, and what is taken
        /// for it then: this one takes that part of limits until the database answers.
        std::optional<std::size_t> known = std::nullopt;
        std::size_t expected = 1;
        /// The usual number is another one from now on; on the teller's thread, may wait for a
        /// disk.
        std::function<void(std::size_t)> remember = nullptr;
    };
    /// All but the URL and the identity outlive it. Starts the thread.
    explicit Teller(Parts parts);
    /// Gives back all that is not spent, when the database answers within 2 s.
    ~Teller();
    Teller(const Teller&) = delete;
    Teller& operator=(const Teller&) = delete;

    /// What tells the thread that somebody waits. Any thread, also after the teller is gone.
    [[nodiscard]] std::function<void()> bell() const;
    /// Returns when a round that began after the call was answered, or could not be; after `limit`
    /// at the latest.
    void settle(Millis limit);
    [[nodiscard]] TellerState state() const;

    /// What the thread and the rest of the process share; private to this layer.
    struct Office;

private:
    std::shared_ptr<Office> office_;
    std::thread thread_;
};

}  // namespace spillway::instances
