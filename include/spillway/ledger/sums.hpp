#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace spillway::ledger {

/// A sum of money that cannot overflow: dollars and nano-dollars are summed apart.
struct Spend {
    std::int64_t dollars = 0;
    std::int64_t nanos = 0;

    Spend& operator+=(const Spend& other);
    Spend& operator-=(const Spend& other);
    /// Decimal USD, exact.
    [[nodiscard]] std::string json() const;
    /// The nearest floating-point number, which prints as the exact one up to fifteen digits.
    [[nodiscard]] double usd() const;
};

/// What a number of requests came to.
struct Sums {
    std::int64_t requests = 0;
    std::int64_t served = 0;
    std::int64_t replayed = 0;       ///< Stored answers, which cost nothing.
    std::int64_t unknown_costs = 0;  ///< Requests without a known cost; in `cost` they look like 0.
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t cached_tokens = 0;
    std::int64_t cache_write_tokens = 0;
    Spend cost;
    Spend charged;    ///< What budgets were charged.
    Spend compared;   ///< The cost of those requests that have a reference cost.
    Spend reference;  ///< What those would have cost at the prices of the reference model.

    Sums& operator+=(const Sums& other);
};

/// What sums can be taken by. `end_user` and `tag` go together with day, key, team, user and model
/// only, and not with one another.
enum class Dimension : std::uint8_t {
    day,  ///< Of the start, UTC: "YYYY-MM-DD".
    key,  ///< SHA-256 in hex.
    team,
    user,  ///< The internal user that owns the key.
    end_user,
    tag,    ///< A request with two tags counts for both.
    model,  ///< As the provider knows it; the group where no provider was asked.
    group,
    deployment,
    provider,
    api_base,
};

/// Days since 1970-01-01, UTC.
using Day = std::int64_t;

/// "YYYY-MM-DD".
[[nodiscard]] std::string day_text(Day day);

struct SumsQuery {
    Day first = std::numeric_limits<Day>::min();
    Day last = std::numeric_limits<Day>::max();  ///< Included.
    std::vector<Dimension> by;                   ///< Empty: one sum of all.
    /// Only requests that have one of these names there.
    struct Only {
        Dimension dimension{};
        std::vector<std::string> names;
    };
    std::vector<Only> only;
};

struct SumsRow {
    std::vector<std::string> names;  ///< In the order of `by`.
    Sums sums;
};

}  // namespace spillway::ledger
