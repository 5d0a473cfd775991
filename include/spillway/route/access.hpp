#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "spillway/chat/grant.hpp"

namespace spillway::route {

/// Which places the caller's key may use, by the lists of models of its grant.
struct Access {
    std::shared_ptr<const chat::Grant> grant = nullptr;  ///< Null: all.
    /// Which of its lists (bits, by position) name nothing but routes: those allow wherever these
    /// lead. A list that names models as well holds for a route's hops, too.
    std::uint32_t only_routes = 0;
    friend bool operator==(const Access&, const Access&) = default;
};

/// The first list that does not have the model; null when all do.
/// @param asked  As it was asked for: a model, an alias, an id, a route.
/// @param group  The group that it leads to; empty for a route.
[[nodiscard]] const chat::ModelList* denying_list(const chat::Grant& grant, std::string_view asked,
                                                  std::string_view group);

/// May the caller be sent there by a list of fallbacks?
[[nodiscard]] bool may_use(const Access& access, std::string_view asked, std::string_view group);

/// May a route that the caller may ask for lead it there?
[[nodiscard]] bool may_be_led(const Access& access, std::string_view asked, std::string_view group);

}  // namespace spillway::route
