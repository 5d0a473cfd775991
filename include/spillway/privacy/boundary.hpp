#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/privacy/class_set.hpp"
#include "spillway/privacy/locality.hpp"

namespace spillway::privacy {

/// How far a request may travel. A request's boundary is the narrowest that anyone asked for: no
/// operation widens one.
enum class Boundary : std::uint8_t {
    any,    ///< Wherever the configuration sends it.
    local,  ///< To deployments of local reach only.
};

[[nodiscard]] constexpr Boundary narrower(Boundary a, Boundary b)
{
    return a == Boundary::local || b == Boundary::local ? Boundary::local : Boundary::any;
}

/// May a request within `boundary` be sent to something of that reach?
[[nodiscard]] constexpr bool permits(Boundary boundary, Reach reach)
{
    return boundary == Boundary::any || reach == Reach::local;
}

[[nodiscard]] std::string_view name(Boundary boundary);
[[nodiscard]] std::optional<Boundary> parse_boundary(std::string_view word);

/// What the answer's receipt header says: "local; classes=payment_card,email; scanner=v1". Names of
/// classes only, never of text.
[[nodiscard]] std::string receipt(Boundary boundary, ClassSet classes, const ClassNames& names);

/// The receipt of a request that no scanner looked at: "any; classes=unscanned".
[[nodiscard]] std::string receipt_unscanned(Boundary boundary);

}  // namespace spillway::privacy
