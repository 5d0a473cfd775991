#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "spillway/base/event_descriptor.hpp"
#include "spillway/base/ids.hpp"
#include "spillway/instances/headcount.hpp"
#include "spillway/instances/teller.hpp"
#include "spillway/postgres/dialer.hpp"
#include "wares.hpp"

namespace spillway::instances {

/// What the teller's thread and the rest of the process share.
struct Teller::Office {
    EventDescriptor bell;   ///< Somebody waits for money, or for the end of a round.
    EventDescriptor leave;  ///< Raised once: give back, and end.
    EventDescriptor stop;   ///< Ends every wait for the database.
    std::atomic<bool> rung{false};
    std::atomic<bool> leaving{false};

    std::mutex mutex;
    std::condition_variable changed;
    TellerState state;  // Under `mutex`, like the rest.
    std::uint64_t settles_asked = 0;
    std::uint64_t settles_served = 0;
    bool finished = false;
    /// Cleared when the owner goes although the thread is stuck: what they refer to ends then.
    std::optional<Wares> wares;
    guard::LeaseDesk* desk = nullptr;

    void ring()
    {
        if (!rung.load() && !rung.exchange(true))
            bell.raise();
    }
};

/// The thread's own: rounds with the database, one after the other.
class TellerWork {
public:
    TellerWork(std::shared_ptr<Teller::Office> office, Secret database_url, Identity identity,
               Headcount heads, std::function<void(std::size_t)> remember)
        : office_(std::move(office)),
          dialer_(std::move(database_url)),
          identity_(std::move(identity)),
          heads_(heads),
          remember_(std::move(remember))
    {}
    /// Returns when the teller leaves.
    void run();

private:
    /// What is to be said of a window in the next round.
    struct Pending {
        Ware ware;
        std::int64_t refused = 0;
        std::int64_t least = 0;
        std::optional<std::int64_t> keep;  ///< The rest is given back.
    };
    struct Held {
        Ware ware;
        std::int64_t lost = 0;
        TimePoint used{};   ///< When its sums changed last.
        bool idle = false;  ///< What it does not use was given back since.
    };

    [[nodiscard]] bool connect();
    [[nodiscard]] bool work();
    [[nodiscard]] bool beat(TimePoint now);
    [[nodiscard]] std::size_t gather(TimePoint now);
    void give_back(const Ware& ware, Need need);
    void forget_ended();
    [[nodiscard]] bool put_all();
    [[nodiscard]] std::vector<Ask> make_asks();
    void take(const std::vector<Ask>& asks, const Round& round);
    void count_heads();
    void drop_leases();
    void lose(const postgres::Trouble& trouble);
    void note(const std::string& trouble);
    void note_success();
    void conclude(std::uint64_t settles);
    void rest(TimePoint until);
    void listen(TimePoint until);
    void farewell();
    [[nodiscard]] Millis pause();
    template <class Use>
    void with_wares(Use use);

    std::shared_ptr<Teller::Office> office_;
    postgres::Dialer dialer_;
    Identity identity_;
    Headcount heads_;
    std::function<void(std::size_t)> remember_;
    std::optional<postgres::Session> session_;
    std::optional<Bank> bank_;
    bool joined_ = false;  ///< This process took its ledger's place.
    bool told_ = false;    ///< Others said that they wait for money.
    bool hungry_ = false;  ///< The last round left somebody without.
    int failures_ = 0;     ///< In a row.
    TimePoint next_beat_{};
    TimePoint next_sweep_{};
    RequestIdMaker chance_{random_seed()};
    std::map<WindowKey, Pending> pending_;
    std::map<WindowKey, Held> held_;
    std::string last_logged_;
};

}  // namespace spillway::instances
