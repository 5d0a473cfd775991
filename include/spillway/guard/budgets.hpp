#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <unordered_map>
#include <utility>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/base/result.hpp"
#include "spillway/base/time_zone.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/grant.hpp"
#include "spillway/config/budget.hpp"

namespace spillway::guard {

/// A scope that pays, by the name that somebody else holds.
struct ScopeName {
    chat::ScopeKind kind = chat::ScopeKind::proxy;
    std::string_view name;
    /// `counted`: it is charged, but its cap is not what holds this call.
    enum class Hold : std::uint8_t { capped, counted } hold = Hold::capped;
};

/// "proxy", "provider", "end-user" ...
[[nodiscard]] std::string_view word(chat::ScopeKind kind);

/// How far a settled amount can be trusted.
enum class Certainty : std::uint8_t { exact, at_least };

/// One cap of one scope, as it stands.
struct BudgetStanding {
    chat::Scope scope;
    config::BudgetPeriod period;
    NanoUsd cap{};
    bool only_told = false;        ///< There is a soft budget and no cap.
    std::optional<NanoUsd> lease;  ///< What may be spent here of it, where instances share caps.
    NanoUsd spent{};
    NanoUsd reserved{};         ///< For calls under way; not in `spent`.
    NanoUsd elsewhere{};        ///< Spent and reserved by other instances, as far as is known here.
    NanoUsd spent_elsewhere{};  ///< Of that, what is spent.
    NanoUsd common{};           ///< In `spent`: what its opening said, to every instance.
    WallTime opened{};  ///< What all instances call this window: its first moment, or its opening.
    WallTime began{};
    std::optional<WallTime> resets;

    /// Spent by all instances.
    [[nodiscard]] NanoUsd spent_by_all() const;
    /// Spent and reserved, by all instances.
    [[nodiscard]] NanoUsd taken() const;
    /// What a further call may cost, wherever it runs; never negative.
    [[nodiscard]] NanoUsd left() const;
    /// What was taken as a part of the cap; 1 for a cap of nothing.
    [[nodiscard]] double used() const;
};

/// Why an amount could not be set aside: every window that lacks some of it, the tightest first.
struct BudgetRefusal {
    std::vector<BudgetStanding> lacking;
    NanoUsd wanted{};
    /// `lease`: every cap has room, but this instance holds too little of it at the moment.
    enum class Lack : std::uint8_t { cap, lease } lack = Lack::cap;
};

/// A window whose lease is used, or was asked for more than there is.
struct LeaseDemand {
    BudgetStanding standing;
    NanoUsd refused{};  ///< All that was refused since the last time, added up.
    NanoUsd least{};    ///< The smallest of these.
};

/// What a window may spend here from now on.
struct LeaseGrant {
    NanoUsd most{};       ///< Spent and reserved together, since the window began.
    NanoUsd elsewhere{};  ///< What other instances have spent and reserved in it.
    NanoUsd low{};        ///< With less left than this, more is wanted before a call lacks it.
    NanoUsd spent_elsewhere{};  ///< Of `elsewhere`, what is spent.
};

/// In LiteLLM's words, with the scope, the reset time, and after how long another try makes sense.
[[nodiscard]] Error describe(const BudgetRefusal& refusal, WallTime now);
/// For one that lacks a lease only, while those who share caps out cannot be reached.
[[nodiscard]] Error describe_unreachable(const BudgetRefusal& refusal);

/// Something that is told once per window.
struct BudgetNews {
    enum class Kind : std::uint8_t {
        soft_crossed,  ///< The soft budget is spent.
        nearly_spent,  ///< 85% of the cap.
        spent,         ///< The cap itself.
    };
    Kind kind{};
    BudgetStanding standing;
    std::optional<NanoUsd> soft;
};

class Budgets;

/// Money set aside for one call, in every scope that pays for it.
///
/// Move-only and settled exactly once. One that is destroyed unsettled charges its full amount:
/// losing track of a call must never make it free. Any thread; outlived by its `Budgets`.
class [[nodiscard]] Reservation {
public:
    Reservation(Reservation&& other) noexcept;
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

    /// The moment that chose the windows that pay.
    [[nodiscard]] WallTime at() const noexcept { return at_; }
    [[nodiscard]] NanoUsd amount() const noexcept { return amount_; }
    /// What settling so will charge.
    [[nodiscard]] NanoUsd charge(NanoUsd actual, Certainty certainty) const noexcept;

    /// Replaces the amount by the real one; `at_least` never gives money back.
    /// @param at  The request's charging moment, when that is later than this call's.
    void settle(NanoUsd actual, Certainty certainty, WallTime at = {}) noexcept;
    /// Gives back what is above `amount`; another may be paid from it.
    void shrink(NanoUsd amount) noexcept;
    /// Gives everything back: only for what no provider can have received.
    void release() noexcept;

private:
    friend class Budgets;
    Reservation(Budgets& owner, std::uint32_t slot, NanoUsd amount, WallTime at) noexcept
        : owner_(&owner), slot_(slot), amount_(amount), at_(at)
    {}

    Budgets* owner_;  ///< Null once settled or moved from.
    std::uint32_t slot_;
    NanoUsd amount_;
    WallTime at_;
};

/// Hard caps on money: what calls have cost and may still cost, per scope and window.
///
/// One object for all shards, behind one mutex: an amount is set aside in all scopes or in none.
/// The time is an argument, and windows are judged by the latest that was ever seen: a clock that
/// is set back does not reopen one, a clock that is set forward begins each of them once. Sums
/// saturate, they never wrap.
class Budgets {
public:
    explicit Budgets(TimeZone zone = {}) : zone_(zone) {}
    /// Caps are shared with other instances from now on: each window spends what `lease` grants it,
    /// nothing before that. Before the first `adopt`.
    /// @param on_demand  Called, under the mutex, when `take_demands` has something that somebody
    ///                   waits for; returns at once.
    void share(std::function<void()> on_demand);
    Budgets(const Budgets&) = delete;
    Budgets& operator=(const Budgets&) = delete;

    /// A window whose spend before this process, or before its cap, is not known yet: what was
    /// charged from `began` on, which is the window's first moment or its opening's.
    struct Unknown {
        chat::Scope scope;
        config::BudgetPeriod period;
        WallTime began{};
    };
    /// What `know` still has to be told, and which calls it must leave out: those under way are
    /// counted here already.
    struct Adopted {
        std::vector<Unknown> unknown;
        std::vector<RequestId> open;
    };

    /// The caps of these scopes from now on, instead of those they had. A window that stays keeps
    /// what it counted, unless a later opening says that it begins anew: calls under way then
    /// belong to what was before. Periods that are none of LiteLLM's last for ever. An end user
    /// without caps of its own has those of all.
    [[nodiscard]] Adopted adopt(std::span<const chat::ScopeBudget> budgets, WallTime now);
    /// The caps of every end user that has none of its own; each gets windows when first seen.
    /// @return Those who were seen under other caps: adopt the new ones for them.
    [[nodiscard]] std::vector<chat::Scope> default_for_end_users(std::vector<chat::Cap> caps);
    /// What was spent in a window before it was adopted; opens it when it was closed. Ignored when
    /// it has ended since.
    void know(const Unknown& window, NanoUsd spent, WallTime now);
    /// The same of a cell that nobody has paid into since this process began; others count already.
    void know_if_new(const Unknown& window, NanoUsd spent, WallTime now);
    /// The window of such a length, as budgets see it now.
    [[nodiscard]] config::BudgetWindow window(const config::BudgetPeriod& period,
                                              WallTime now) const;
    /// Calendar of another time zone; windows move to it when they next end.
    void use_zone(TimeZone zone);
    /// Lets nothing through until `know` says what was spent.
    void close(const Unknown& window);
    /// What may be spent here of a shared cap. Ignored when the window has ended since. Here and in
    /// the next two, `began` is the standing's `opened`, and amounts leave out what is common.
    void lease(const Unknown& window, const LeaseGrant& grant);
    /// Lowers a lease to `keep`, but not below what is spent and reserved.
    /// @return What it is now; empty when the window has ended since.
    [[nodiscard]] std::optional<NanoUsd> lower_lease(const Unknown& window, NanoUsd keep);
    /// That window as it stands; empty when it has ended or has no cap any more.
    [[nodiscard]] std::optional<BudgetStanding> stand(const Unknown& window);
    /// At most `most` of the windows with a lease that changed since they were last taken.
    [[nodiscard]] std::vector<LeaseDemand> take_demands(std::size_t most, WallTime now);
    /// The latest time that any record was charged at.
    void seen(WallTime time);

    /// Sets `amount` aside in all `scopes`, or in none of them.
    [[nodiscard]] tl::expected<Reservation, BudgetRefusal> reserve(
        RequestId request, std::span<const ScopeName> scopes, NanoUsd amount, WallTime now);
    /// Sets `amount` aside in `scopes` instead of what `reservation` holds. When that cannot be,
    /// `reservation` stays as it is.
    [[nodiscard]] tl::expected<Reservation, BudgetRefusal> exchange(
        Reservation& reservation, std::span<const ScopeName> scopes, NanoUsd amount, WallTime now);
    /// Would `reserve` succeed now?
    [[nodiscard]] bool affords(std::span<const ScopeName> scopes, NanoUsd amount,
                               WallTime now) const;
    /// Does any of them have a hard cap?
    [[nodiscard]] bool capped(std::span<const ScopeName> scopes) const;
    /// Is there any cap at all? Without the mutex.
    [[nodiscard]] bool has_caps() const noexcept
    {
        return has_caps_.load(std::memory_order_relaxed);
    }
    /// All windows with a cap of these scopes, as they are at `now`.
    [[nodiscard]] std::vector<BudgetStanding> look(std::span<const ScopeName> scopes,
                                                   WallTime now) const;
    /// All windows with a cap.
    [[nodiscard]] std::vector<BudgetStanding> look(WallTime now) const;

    /// True when `take_news` has something: asked after each settlement, without the mutex.
    [[nodiscard]] bool has_news() const noexcept
    {
        return has_news_.load(std::memory_order_relaxed);
    }
    /// At most 1,024 wait; older ones are dropped.
    [[nodiscard]] std::vector<BudgetNews> take_news();
    /// @param hurry  Called, under the mutex, when a lease brought news: what others spent and this
    ///               instance together crossed something. Returns at once.
    void when_others_bring_news(std::function<void()> hurry);
    /// Calls under way for which money is set aside.
    [[nodiscard]] std::size_t open() const;

private:
    friend class Reservation;

    /// A cap that is higher until then.
    struct Raised {
        std::int64_t usual_cap = 0;
        WallTime until{};
    };
    struct Window {
        config::BudgetPeriod period;
        std::int64_t cap = 0;
        std::optional<Raised> raised;
        config::BudgetWindow span;
        bool only_told = false;  ///< There is no cap, only a soft one.
        WallTime since{};  ///< What is charged from here on counts: `span.began`, or an opening.
        std::int64_t spent = 0;
        std::int64_t reserved = 0;
        std::uint8_t told = 0;  ///< Bits of `BudgetNews::Kind`.
        bool closed = false;    ///< What was spent in it before is not known.
        bool listed = false;    ///< Among the demands.
        bool shared = false;    ///< What follows counts; of an `only_told` one no lease is needed.
        WallTime opened{};      ///< See `BudgetStanding`.
        std::int64_t lease = 0;
        std::int64_t elsewhere = 0;
        std::int64_t spent_elsewhere = 0;
        std::int64_t common = 0;
        std::int64_t low = 0;
        std::int64_t refused = 0;
        std::int64_t least = 0;

        /// What may be spent and reserved here.
        [[nodiscard]] std::int64_t most() const;
        [[nodiscard]] std::int64_t taken() const;
    };
    struct Cell {
        chat::Scope scope;
        std::vector<Window> windows;
        std::optional<NanoUsd> soft;
        bool fresh = true;        ///< Nobody has reserved in it.
        bool by_default = false;  ///< An end user under the caps of all of them.
    };
    /// One call under way. Its list keeps its room when the slot is used again.
    struct Open {
        RequestId request;
        WallTime at{};
        std::int64_t amount = 0;
        std::vector<std::uint32_t> cells;
        bool live = false;
    };
    struct NameHash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(const ScopeName& scope) const;
        [[nodiscard]] std::size_t operator()(const chat::Scope& scope) const
        {
            return (*this)(ScopeName{scope.kind, scope.name});
        }
    };
    struct NameEqual {
        using is_transparent = void;
        template <class A, class B>
        [[nodiscard]] bool operator()(const A& a, const B& b) const
        {
            return a.kind == b.kind && a.name == b.name;
        }
    };

    void settle(std::uint32_t slot, NanoUsd charge, WallTime at) noexcept;
    void release(std::uint32_t slot) noexcept;
    void shrink(std::uint32_t slot, NanoUsd amount) noexcept;
    void free_slot(std::uint32_t slot) noexcept;

    [[nodiscard]] std::optional<std::uint32_t> find(const ScopeName& scope) const;
    [[nodiscard]] std::uint32_t make(const ScopeName& scope);
    void add_window(std::uint32_t cell, const chat::Cap& cap, WallTime now);
    [[nodiscard]] static bool set_cap(Window& window, const chat::Cap& cap, WallTime now);
    /// `unpaid`: nobody has paid into the cell since this process began.
    enum class Past : std::uint8_t { unpaid, unknown };
    void adopt_cap(std::uint32_t cell, const chat::ScopeBudget& budget, const chat::Cap& cap,
                   Past past, std::vector<Window>& before, Adopted& adopted);
    [[nodiscard]] bool open_anew(std::uint32_t cell, Window& window,
                                 const std::optional<chat::Opening>& opening);
    [[nodiscard]] static bool counts_uncapped(chat::ScopeKind kind);
    void count_open_calls(std::uint32_t cell, Window& window) const;
    [[nodiscard]] std::optional<std::uint32_t> payer(const ScopeName& scope, WallTime now);
    [[nodiscard]] std::vector<std::uint32_t> known(std::span<const ScopeName> scopes) const;
    void add_known(Cell& cell, const Unknown& window, NanoUsd spent);
    [[nodiscard]] Window* open_window(const Unknown& window);
    void demand(std::uint32_t cell, Window& window);
    void refuse(std::uint32_t cell, Window& window, std::int64_t amount);
    void roll(Window& window, WallTime now) const;
    [[nodiscard]] Window as_of(const Window& window, WallTime now) const;
    [[nodiscard]] tl::expected<Reservation, BudgetRefusal> take(RequestId request,
                                                                std::span<const ScopeName> scopes,
                                                                NanoUsd amount, WallTime now);
    void count_reserved(const Open& open, std::int64_t amount) noexcept;
    [[nodiscard]] BudgetRefusal refusal(std::span<const std::uint32_t> cells, std::int64_t amount);
    [[nodiscard]] static bool holds(const Cell& cell);
    [[nodiscard]] static std::span<const Window> capped_windows(const Cell& cell);
    [[nodiscard]] static std::uint8_t crossed(const Cell& cell, const Window& window);
    void note_spent(const Cell& cell, Window& window);
    void tell(const Cell& cell, Window& window, BudgetNews::Kind kind);
    [[nodiscard]] static BudgetStanding standing_of(const Cell& cell, const Window& window);

    mutable std::mutex mutex_;
    TimeZone zone_;
    WallTime latest_{};
    std::optional<WallTime> first_;  ///< Of this process: from here on cells know everything.
    std::vector<Cell> cells_;
    std::unordered_map<chat::Scope, std::uint32_t, NameHash, NameEqual> by_name_;
    std::vector<chat::Cap> end_user_caps_;
    std::size_t end_users_ = 0;  ///< Cells made because an end user was seen.
    std::vector<Open> open_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> payers_;  ///< Of the reservation being made; those it is held by
    std::size_t held_by_ = 0;            ///< come first.
    bool shared_ = false;
    std::function<void()> on_demand_;
    std::vector<std::pair<std::uint32_t, config::BudgetPeriod>> demands_;  ///< Cells' windows.
    std::function<void()> on_others_news_;
    std::vector<BudgetNews> news_;
    std::atomic<bool> has_news_{false};
    std::atomic<bool> has_caps_{false};
};

}  // namespace spillway::guard
