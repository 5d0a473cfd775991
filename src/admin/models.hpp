#pragma once

#include <string_view>

#include "spillway/admin/pages.hpp"

namespace spillway::admin {

/// `/model/info`: every deployment, or the one with that id; no credentials.
[[nodiscard]] Reply model_page(const View& view, std::string_view id);

/// `/model_group/info`: every group, or the one of that name.
[[nodiscard]] Reply model_group_page(const View& view, std::string_view group);

}  // namespace spillway::admin
