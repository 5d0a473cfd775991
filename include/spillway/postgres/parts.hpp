#pragma once

#include <span>
#include <string>

#include "spillway/postgres/session.hpp"

namespace spillway::postgres {

/// Brings the tables of one part of spillway to their newest version; several daemons may do so at
/// once. A step that was released is never edited again.
/// @param part   "instances", "keys"; its version is a row of `spillway_parts`.
/// @param steps  One per version, each may be several statements.
/// @return Trouble, also when the database is newer than `steps`.
[[nodiscard]] Outcome<void> bring_up_to_date(Session& session, const std::string& part,
                                             std::span<const char* const> steps);

}  // namespace spillway::postgres
