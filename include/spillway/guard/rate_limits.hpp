#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"
#include "spillway/chat/token_wish.hpp"
#include "spillway/guard/token_bucket.hpp"
#include "spillway/route/fleet_view.hpp"

namespace spillway::guard {

/// A limit that holds for one request; whoever asks knows its numbers, this layer only what is left
/// of them. Views live as long as the call.
struct Limit {
    chat::ScopeKind kind = chat::ScopeKind::proxy;
    std::string_view name;                 ///< Of the scope, as in `chat::Scope`.
    std::string_view model;                ///< Of one model only; empty: of all.
    std::optional<std::int64_t> requests;  ///< Per minute.
    std::optional<std::int64_t> tokens;    ///< Per minute.
    std::optional<std::int64_t> parallel;  ///< At once.
};

enum class Measure : std::uint8_t { requests, tokens, parallel };
inline constexpr std::size_t measures = 3;

/// One limit of one scope, where instances share it.
struct SharedLimit {
    Measure measure{};
    chat::ScopeKind kind = chat::ScopeKind::proxy;
    std::string name;
    std::string model;
    friend bool operator==(const SharedLimit&, const SharedLimit&) = default;
};
/// A shared limit of which something was used, or asked in vain, in units of its measure.
struct RateDemand {
    SharedLimit of;
    std::int64_t refused = 0;
    std::int64_t least = 0;  ///< The smallest of these.
};
struct RateStock {
    std::int64_t limit = 0;  ///< Of all instances together.
    std::int64_t lease = 0;  ///< This one's part.
    std::int64_t used = 0;   ///< Of that part: running, or not refilled yet.
};

/// "requests", "tokens", "max_parallel_requests": LiteLLM's words.
[[nodiscard]] std::string_view name(Measure measure);

[[nodiscard]] std::optional<std::int64_t> limit_of(const Limit& limit, Measure measure);

/// Which limit refused a request. Of several the one that holds it up for longest.
struct OverLimit {
    chat::ScopeKind kind = chat::ScopeKind::proxy;
    std::string name;
    std::string model;
    Measure measure = Measure::requests;
    std::int64_t limit = 0;
    std::int64_t wanted = 0;
    std::int64_t left = 0;
    /// Until all limits admit this request, as long as nobody else takes it away. Empty when they
    /// never will: it is larger than the limit.
    std::optional<std::chrono::nanoseconds> wait;
};

/// One of a request's limits, as its client is told of it.
struct Meter {
    std::int64_t limit = 0;
    std::int64_t left = 0;
    std::chrono::nanoseconds full_in{};
};

/// What is left of a request's limits, itself counted.
struct LimitsLeft {
    std::optional<Meter> requests;  ///< Of the limit of which least is left, as the next one is.
    std::optional<Meter> tokens;
    std::optional<std::int64_t> key_requests_of_model;
    std::optional<std::int64_t> key_tokens_of_model;
};

/// Requests and tokens per minute and requests at once, by scope. All or none of the limits of a
/// request are taken. State belongs to the scope, so it outlives any configuration, and another
/// limit is in force with the next request (see `TokenBucket`); whoever shares a limit with others
/// hands in the part that is its own at the moment.
///
/// Safe from any thread: one short lock. Memory is bounded by the scopes that were active within
/// the last minutes, which all come from the operator and none from clients: each new one forgets
/// up to two that are full and idle, which is what a forgotten one starts as.
class RateLimits {
    struct Cell;

public:
    RateLimits() = default;
    RateLimits(const RateLimits&) = delete;
    RateLimits& operator=(const RateLimits&) = delete;

    /// What a request took. Its places among the parallel ones are given back when this dies;
    /// requests and tokens are not.
    class Taken {
    public:
        Taken() = default;
        Taken(Taken&& other) noexcept;
        Taken& operator=(Taken&& other) noexcept;
        Taken(const Taken&) = delete;
        Taken& operator=(const Taken&) = delete;
        ~Taken() { release(); }

        /// Puts what was really used in the place of what was set aside; the first time only.
        void correct(Tokens used, TimePoint now);
        /// Gives nothing back when this dies.
        void keep() noexcept;
        [[nodiscard]] bool empty() const noexcept { return held_.empty(); }

    private:
        friend class RateLimits;
        struct Held {
            Cell* cell;
            std::optional<std::int64_t> tokens;  ///< Set aside.
            bool parallel;
        };
        void release() noexcept;

        RateLimits* limits_ = nullptr;
        std::vector<Held> held_;
        bool corrected_ = false;
    };

    struct Decision {
        Taken taken;  ///< Empty when refused.
        std::optional<OverLimit> refused;
        /// `lease`: no limit is reached, but this instance's part of one is.
        enum class Lack : std::uint8_t { limit, lease } lack = Lack::limit;
        LimitsLeft left;
    };
    [[nodiscard]] Decision take(std::span<const Limit> limits, const chat::TokenWish& wish,
                                TimePoint now);

    /// For who gives back by `leave` instead of holding a `Taken`: takes all three of one scope's
    /// limits, or nothing.
    /// @return The tokens set aside.
    [[nodiscard]] std::optional<std::int64_t> admit(const Limit& limit, const chat::TokenWish& wish,
                                                    TimePoint now);
    /// An attempt starts. One that nobody admitted (an answer that was held and is given now)
    /// takes no place, and gives none back.
    void begun(const Limit& limit);
    /// Once for each `begun` of the same limit.
    /// @param used  Instead of `set_aside`; empty: nobody can tell.
    void leave(const Limit& limit, std::int64_t set_aside, std::optional<Tokens> used,
               TimePoint now);
    /// Shows routing what this instance has of a shared limit.
    void show(const Limit& limit, route::DeploymentState& state, TimePoint now) const;

    /// Limits are shared with other instances from now on: each is held up to what `lease` says,
    /// nothing before that.
    /// @param on_demand  Called, under the lock, when somebody may wait for more; returns at once.
    void share(std::function<void()> on_demand);
    /// Nobody can be asked at the moment: of what was never leased each of `live` instances takes
    /// its part by itself. 0: there is somebody.
    void alone_of(std::size_t live);
    [[nodiscard]] std::vector<RateDemand> take_demands(std::size_t most);
    /// Empty when it is not remembered.
    [[nodiscard]] std::optional<RateStock> stock(const SharedLimit& limit, TimePoint now) const;
    /// Hands on what is above `keep` and not used. @return What is left.
    [[nodiscard]] std::optional<std::int64_t> lower(const SharedLimit& limit, std::int64_t keep,
                                                    TimePoint now);
    /// How an answer found the limit: with something to hand out, or with less than was lacking.
    enum class Supply : std::uint8_t { some, short_of };
    /// @param low  With less left than this, more is wanted.
    void lease(const SharedLimit& limit, std::int64_t most, std::int64_t low, TimePoint now,
               Supply supply = Supply::some);

    /// Scopes that are remembered.
    [[nodiscard]] std::size_t size() const;

private:
    struct Key {
        chat::ScopeKind kind;
        std::string name;
        std::string model;
    };
    struct KeyView {
        chat::ScopeKind kind;
        std::string_view name;
        std::string_view model;
    };
    struct Hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(const KeyView& key) const;
        [[nodiscard]] std::size_t operator()(const Key& key) const
        {
            return (*this)(KeyView{key.kind, key.name, key.model});
        }
    };
    struct Equal {
        using is_transparent = void;
        template <class A, class B>
        [[nodiscard]] bool operator()(const A& a, const B& b) const
        {
            return a.kind == b.kind && a.name == b.name && a.model == b.model;
        }
    };
    /// State of one scope; the buckets are there once somebody asked for their limit.
    struct Cell {
        std::optional<TokenBucket> requests;
        std::optional<TokenBucket> tokens;
        std::int64_t in_flight = 0;
        /// This instance's part of a shared limit, by measure.
        struct Lease {
            std::int64_t limit = 0;
            std::int64_t part = 0;
            std::int64_t low = 0;
            std::int64_t refused = 0;
            std::int64_t least = 0;
            bool known = false;  ///< Somebody said what the part is.
            bool listed = false;
            std::optional<TimePoint> short_since;  ///< There was too little to hand out.
        };
        std::array<Lease, measures> leases{};
        std::uint32_t holders = 0;    ///< Requests that will still come back to it.
        std::uint32_t admitted = 0;   ///< By `admit`, and not begun yet.
        std::uint32_t strangers = 0;  ///< Begun without `admit`, and still running.
        std::list<const Key*>::iterator place;
        [[nodiscard]] bool idle(TimePoint now) const;
    };
    struct Verdict;

    [[nodiscard]] Cell& cell_of(const Limit& limit, TimePoint now);
    [[nodiscard]] std::int64_t part_of(const Limit& limit, Cell& cell, Measure measure,
                                       std::int64_t of_all, TimePoint now);
    void demand(const Limit& limit, Cell& cell, Measure measure, std::int64_t lacking,
                TimePoint now);
    [[nodiscard]] const Cell* find(const SharedLimit& limit) const;
    static void change(Cell& cell, Measure measure, std::int64_t part, TimePoint now);
    [[nodiscard]] static std::int64_t used(const Cell& cell, Measure measure, TimePoint now);
    [[nodiscard]] TimePoint grows_at(const Cell::Lease& lease, TimePoint now) const;
    void forget_idle(TimePoint now);

    mutable std::mutex mutex_;
    bool shared_ = false;
    std::size_t alone_of_ = 0;
    std::function<void()> on_demand_;
    std::vector<SharedLimit> demands_;
    std::unordered_map<Key, Cell, Hash, Equal> cells_;
    std::list<const Key*> order_;  ///< Those looked at longest ago first.
};

}  // namespace spillway::guard
