#pragma once

#include <array>
#include <bitset>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "spillway/config/routes.hpp"

/// What can be said of conditions without a request. Sound, not complete: what is reported is
/// certain, what is not may still be nonsense. Classes of sensitive text must be filled in
/// (`IsSensitive::classes`).
namespace spillway::config {

/// An interval, and the condition that narrowed it last.
struct Narrowed {
    Span span;
    Position at;
};

/// The minutes of a week, Monday 00:00 first.
using Week = std::bitset<7 * 24 * 60>;

/// Bounds that a condition puts on every request for which it holds.
struct Bounds {
    static constexpr std::size_t measures = static_cast<std::size_t>(Measure::cost_usd) + 1;

    [[nodiscard]] const Narrowed& operator[](Measure measure) const
    {
        return numbers[static_cast<std::size_t>(measure)];
    }

    std::array<Narrowed, measures> numbers;   ///< By `Measure`.
    std::map<std::string, Narrowed> budgets;  ///< Percent left, by scope.
    score::Tier lowest = score::Tier::trivial;
    score::Tier highest = score::Tier::premium;
    std::optional<std::vector<Task>> tasks;
    std::optional<std::vector<ClientKind>> clients;
    std::optional<std::vector<std::string>> end_users;
    std::optional<std::vector<std::string>> keys;  ///< Hashes.
    std::optional<Week> times;
    std::vector<Content> contents;              ///< Certain to be there.
    std::vector<std::vector<Content>> choices;  ///< Of each one is certain to be there.
    Position at;                                ///< Of what set `tasks` or `contents` last.
};

/// Why a condition can never hold, and the part of it that leaves nothing over.
struct Contradiction {
    std::string why;
    Position at;
};

/// Where two spans overlap; may be empty.
[[nodiscard]] Span overlap(const Span& a, const Span& b);
[[nodiscard]] bool inside(const Span& inner, const Span& outer);
/// The smallest whole number within the span, none below zero.
[[nodiscard]] double fewest(const Span& span);
[[nodiscard]] Week week_of(const TimeIs& time);

[[nodiscard]] Bounds bounds_of(const Condition& condition);

/// Why `condition` can never hold; empty when it may.
[[nodiscard]] std::optional<Contradiction> contradiction(const Condition& condition);
/// The same by numbers and sets alone, whatever `not` forbids.
[[nodiscard]] std::optional<Contradiction> clash(const Condition& condition);

/// What two conditions have in common besides the request.
struct Common {
    /// `cost`, and what is left of the budgets of targets, are asked of a rule's own `use` (and
    /// `params`, which set how long answers become).
    enum class Use : std::uint8_t { same, other } use = Use::same;
    /// Where the route weighs gain against price (`gain_worth`), tiers are asked of it, too.
    enum class Tiers : std::uint8_t { by_score, by_price } tiers = Tiers::by_score;
};

/// Is this asked of the rule's own `use`, beside the request?
[[nodiscard]] bool asks_of_use(const Condition& condition, Common::Tiers tiers);
/// True when `weaker` holds for every request for which `stronger` does.
[[nodiscard]] bool implies(const Condition& stronger, const Condition& weaker, Common common = {});

}  // namespace spillway::config
