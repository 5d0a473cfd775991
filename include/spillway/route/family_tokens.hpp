#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "spillway/base/units.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::route {

/// What one prompt comes to in the tokens of each family of models; zero where nobody counted.
class FamilyTokens {
public:
    [[nodiscard]] Tokens operator[](tokens::Family family) const { return counts_[place(family)]; }
    void set(tokens::Family family, Tokens tokens) { counts_[place(family)] = tokens; }
    /// The count of `family`; `usual` where there is none. Without a family, which is a wildcard's
    /// that serves several: the largest of all.
    [[nodiscard]] Tokens of(std::optional<tokens::Family> family, Tokens usual) const
    {
        if (!family)
            return std::max(usual, *std::max_element(counts_.begin(), counts_.end()));
        const auto own = counts_[place(*family)];
        return own > Tokens{0} ? own : usual;
    }
    friend bool operator==(const FamilyTokens&, const FamilyTokens&) = default;

private:
    static constexpr std::size_t place(tokens::Family family)
    {
        return static_cast<std::size_t>(family);
    }
    std::array<Tokens, tokens::family_count> counts_{};
};

}  // namespace spillway::route
