#include "spillway/dialect/ollama_window.hpp"

#include <algorithm>

namespace spillway::dialect {

std::optional<Tokens> choose_window(const WindowFacts& facts)
{
    const auto wanted = facts.configured ? facts.configured : facts.allocated;
    if (!wanted || count(*wanted) <= 0) {
        return std::nullopt;
    }
    return facts.trained && count(*facts.trained) > 0 ? std::min(*wanted, *facts.trained) : wanted;
}

bool was_truncated(std::optional<Tokens> evaluated, const PromptBand& prompt,
                   std::optional<Tokens> window)
{
    if (!window || count(*window) <= 0) {
        return false;
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
