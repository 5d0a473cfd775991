#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/base/secret.hpp"

namespace spillway::ledger {

/// How the outbox stands, for /health and metrics.
struct ShipperState {
    bool connected = false;
    std::uint64_t waiting = 0;      ///< Records not yet confirmed by PostgreSQL.
    std::uint64_t shipped = 0;      ///< Since start.
    std::uint64_t quarantined = 0;  ///< Rows PostgreSQL refuses (22xxx, 23xxx); kept aside.
    std::string last_error;         ///< Without the connection string.
};

/// Drains the SQLite ledger into PostgreSQL: batches in libpq pipeline mode, at least once,
/// `ON CONFLICT (request_id) DO NOTHING`, so twice is one row. Own thread, own connections; starts
/// without PostgreSQL and catches up when it comes back (backoff with jitter, 5 s at most).
/// Creates its tables (versioned migrations, prefix `spillway_`) when they are missing.
class Shipper {
public:
    Shipper(std::string ledger_path, Secret database_url);
    ~Shipper();  ///< Stops the thread.

    /// Wakes the thread: there is something new. Cheap; any thread.
    void nudge();
    [[nodiscard]] ShipperState state() const;
    /// Tries to ship all that waits, for at most `limit`; for shutdown.
    void drain(std::chrono::milliseconds limit);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::ledger
