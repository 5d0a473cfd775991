#pragma once

#include <optional>

#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

enum class Scanned : std::uint8_t { no, yes };

/// Proof that a text may go where its sender did not ask for it to go: to a second model, to a
/// judge, into a file. Who does such a thing takes a `Clearance`, and there is one way to get one.
class Clearance {
public:
    /// @return Nothing when the text must stay local, when nobody looked for sensitive classes, and
    ///         when any were found.
    [[nodiscard]] static constexpr std::optional<Clearance> of(Boundary boundary, Scanned scanned,
                                                               ClassSet found)
    {
        if (boundary != Boundary::any || scanned != Scanned::yes || !found.empty())
            return std::nullopt;
        return Clearance();
    }

private:
    constexpr Clearance() = default;
};

}  // namespace spillway::privacy
