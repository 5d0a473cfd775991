#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spillway/guard/budgets.hpp"
#include "spillway/guard/rate_limits.hpp"
#include "spillway/instances/share.hpp"
#include "spillway/postgres/session.hpp"

namespace spillway::instances {

/// Who asks. The id goes with the ledger, so that a restart finds its leases again; the
/// incarnation with the process, so that a copy of a ledger is noticed.
struct Identity {
    std::string id;
    std::string incarnation;
    std::string name;  ///< For people: "host:port".
};

/// What is shared out: a window of a budget, or a limit of rates.
struct WindowKey {
    std::string scope;   ///< "proxy", "key" ...; "rate:requests:key" and the like for rates.
    std::string name;    ///< Of the scope.
    std::string period;  ///< "30d"; empty: for ever.
    WallTime began{};
    friend auto operator<=>(const WindowKey&, const WindowKey&) = default;
};
[[nodiscard]] WindowKey key_of(const guard::Budgets::Unknown& window);
[[nodiscard]] WindowKey key_of(const guard::SharedLimit& limit);
/// How the scopes of rates begin.
inline constexpr std::string_view rate_scope = "rate:";

/// What one instance says of a window, and what it would like. Amounts are nano-dollars or units.
struct Ask {
    WindowKey window;
    std::optional<WallTime> ends;
    std::int64_t cap = 0;
    std::int64_t spent = 0;
    std::int64_t reserved = 0;
    std::int64_t refused = 0;
    std::int64_t least = 0;  ///< The smallest that was refused.
    Tenure tenure = Tenure::kept;
    /// What an earlier life of this ledger spent and this one does not know of; empty: ask.
    std::optional<std::int64_t> lost;
    /// Gives back what is above; it must be out of use already.
    std::optional<std::int64_t> keep;
};

struct Answer {
    std::int64_t granted = 0;  ///< As the database has it.
    std::int64_t lost = 0;
    std::int64_t usable = 0;     ///< What may be spent and reserved here: granted without lost.
    std::int64_t elsewhere = 0;  ///< Spent and reserved by others, as they said last.
    std::int64_t spent_elsewhere = 0;  ///< Of that, what is spent.
    std::int64_t low = 0;
    Share::Hungry hungry = Share::Hungry::no;
};

/// How one round ended.
struct Round {
    WallTime database{};  ///< Its clock.
    TimePoint asked{};    ///< Of ours, around that reading.
    TimePoint answered{};
    std::size_t live = 1;         ///< Instances alive, this one among them.
    std::vector<Answer> answers;  ///< In the order of the asks.
};

/// The database's side of the leases: every call is one transaction, or nothing. Works on the
/// session of whoever calls; blocking, within the session's patience.
class Bank {
public:
    Bank(postgres::Session& session, Identity identity)
        : session_(session), identity_(std::move(identity))
    {}

    /// Whether a process that went by this ledger before is taken for gone.
    enum class Takeover : std::uint8_t { no, yes };
    /// Creates the tables when they are missing, lists this instance, and listens for others.
    [[nodiscard]] postgres::Outcome<void> join(Takeover takeover);
    /// This instance is alive no longer. What it holds stays counted.
    [[nodiscard]] postgres::Outcome<void> leave();
    /// Renews this instance's life and settles all asks; none is a heartbeat.
    /// @return `Trouble` with `lost_identity` when another process goes by this ledger.
    [[nodiscard]] postgres::Outcome<Round> round(const std::vector<Ask>& asks);
    static constexpr const char* lost_identity = "SPW01";

    /// Windows that this instance holds an unused part of, and another one waits for.
    [[nodiscard]] postgres::Outcome<std::vector<WindowKey>> wanted_elsewhere();
    /// Removes windows that are long over, and instances that hold nothing and are long gone.
    [[nodiscard]] postgres::Outcome<void> sweep();

private:
    struct Found;
    [[nodiscard]] postgres::Outcome<void> renew(Round& round);
    [[nodiscard]] postgres::Outcome<std::vector<Found>> lock(const std::vector<Ask>& asks);
    [[nodiscard]] postgres::Outcome<void> write(const std::vector<Ask>& asks,
                                                const std::vector<Found>& found, Round& round);

    postgres::Session& session_;
    Identity identity_;
};

/// An instance that was silent for so long is taken for dead: its leases count as spent.
inline constexpr std::chrono::seconds life_without_a_word{10};

}  // namespace spillway::instances
