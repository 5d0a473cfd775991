#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "outbox.hpp"
#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/ids.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/ledger/shipper.hpp"
#include "spillway/postgres/session.hpp"

namespace spillway::ledger {

/// What the shipper's thread and the rest of the process share.
struct Desk {
    EventDescriptor stop;   ///< Raised once.
    EventDescriptor nudge;  ///< There is something new.
    EventDescriptor hurry;  ///< Somebody drains: do not sit out a pause.
    std::atomic<bool> nudged{false};
    std::atomic<bool> stopping{false};
    std::atomic<std::uint64_t> drains_asked{0};

    std::mutex mutex;
    std::condition_variable changed;
    ShipperState state;               // Under `mutex`, like the rest.
    std::uint64_t drains_served = 0;  ///< The highest request after which the outbox was empty.
    bool finished = false;
};

/// Time between attempts: doubling from 250 ms to 5 s, a random half of it cut off, so that many
/// daemons do not come back together.
class Backoff {
public:
    [[nodiscard]] Millis next(std::uint64_t draw);
    void reset() { failures_ = 0; }

private:
    int failures_ = 0;
};

/// Carries records from the outbox to PostgreSQL. Lives on the shipper's thread only.
class Courier {
public:
    Courier(Desk& desk, std::string ledger_path, Secret database_url)
        : desk_(&desk), ledger_path_(std::move(ledger_path)), database_url_(std::move(database_url))
    {}

    /// Returns when the desk is stopping, or when the URL is no connection string.
    void run();

private:
    /// What to do after one round.
    enum class Next : std::uint8_t { go_on, linger, idle, back_off, look_again, give_up };

    [[nodiscard]] Next round();
    [[nodiscard]] bool open_outbox();
    [[nodiscard]] bool load_library();
    [[nodiscard]] bool read_url();
    [[nodiscard]] bool connect();
    [[nodiscard]] Next ship(const std::vector<Parcel>& parcels);
    void save_mark();
    void rest(Millis pause);
    void idle();
    void lose_session(const std::string& why);
    void note_trouble(const std::string& why);
    void note_success();
    void serve_drains(std::uint64_t asked);

    Desk* desk_;
    std::string ledger_path_;
    Secret database_url_;
    std::optional<Outbox> outbox_;
    std::optional<postgres::Library> pq_;
    std::optional<postgres::DatabaseUrl> url_;
    std::optional<postgres::Session> session_;
    std::chrono::steady_clock::time_point saved_at_{};
    Backoff backoff_;
    RequestIdMaker chance_{random_seed()};
    bool announced_ = false;  ///< That records arrive is said once, until it stops being so.
    std::string last_logged_;
};

}  // namespace spillway::ledger
