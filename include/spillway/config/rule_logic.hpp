#pragma once

#include <optional>
#include <string>

#include "spillway/config/routes.hpp"

/// What can be said of conditions without a request. Sound, not complete: what is reported is
/// certain, what is not may still be nonsense.
namespace spillway::config {

/// Bounds that a condition puts on every request for which it holds.
struct Bounds {
    Span prompt_tokens;
    Span total_tokens;
    Span turns;
    Span score;
    Span cost;
    score::Tier lowest = score::Tier::trivial;
    score::Tier highest = score::Tier::premium;
    std::optional<std::vector<Task>> tasks;
    std::vector<Content> contents;  ///< Certain to be there.
};

/// Where two spans overlap; may be empty.
[[nodiscard]] Span overlap(const Span& a, const Span& b);

[[nodiscard]] Bounds bounds_of(const Condition& condition);

/// Why `condition` can never hold; empty when it may.
[[nodiscard]] std::string contradiction(const Condition& condition);

/// True when `weaker` holds for every request for which `stronger` does.
[[nodiscard]] bool implies(const Condition& stronger, const Condition& weaker);

}  // namespace spillway::config
