#include "spillway/dialect/ollama_window.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace spillway::dialect {

std::optional<Tokens> choose_window(const WindowFacts& facts)
{
    const auto wanted = facts.configured ? facts.configured : facts.allocated;
    if (!wanted || count(*wanted) <= 0) {
        return std::nullopt;
    }
    return facts.trained && count(*facts.trained) > 0 ? std::min(*wanted, *facts.trained) : wanted;
}

namespace {

/// Is it a window as Ollama gives them, filled but for a token at most?
bool is_a_full_window(std::int64_t evaluated)
{
    constexpr std::int64_t least = 2'048;
    const auto window = static_cast<std::uint64_t>(evaluated + (evaluated % 2));
    return evaluated >= least - 1 && std::has_single_bit(window);
}

}  // namespace

bool was_truncated(std::optional<Tokens> evaluated, const PromptBand& prompt,
                   std::optional<Tokens> window)
{
    if (!window || count(*window) <= 0) {
        return evaluated && is_a_full_window(count(*evaluated)) && prompt.least > *evaluated;
    }
    // It cannot have fit, whatever the engine says.
    if (prompt.least > *window) {
        return true;
    }
    // The engine's window is full to the brim, and the prompt was clearly longer.
    const bool full = evaluated && count(*evaluated) * 100 >= count(*window) * 95;
    return full && *evaluated < std::max(prompt.least, Tokens{count(prompt.best) * 3 / 4});
}

}  // namespace spillway::dialect
