#include "storable.hpp"

#include "spillway/base/text.hpp"

namespace spillway::ledger {

bool plain(std::string_view text)
{
    // Without a way out of the loop, so that it runs on whole vectors of bytes.
    bool all = true;
    for (const char c : text) {
        all &= static_cast<signed char>(c) > 0;
    }
    return all;
}

std::string storable(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit && plain(text)) {
        return std::string{text};
    }
    std::string kept{text};
    std::erase(kept, '\0');
    return printable(kept, limit);
}

}  // namespace spillway::ledger
