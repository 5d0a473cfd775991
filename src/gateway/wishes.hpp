#pragma once

#include "spillway/base/result.hpp"
#include "spillway/net/http_head.hpp"
#include "spillway/route/features.hpp"

namespace spillway::gateway {

/// Keeps the request within `boundary`. Of several that keep it local the first is told.
void keep_within(privacy::Boundary boundary, route::BoundaryBy by, route::Features& features);

/// What the client wishes in headers (`wish_headers`). A wish narrows what the file allows; none
/// widens it, nor takes another one back.
/// @return `invalid_request` for a wish that is none.
[[nodiscard]] Result<void> read_wishes(const net::Fields& fields, route::Features& features);

}  // namespace spillway::gateway
