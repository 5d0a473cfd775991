#pragma once

#include <string>
#include <string_view>

namespace spillway::ledger {

/// True when `text` has only ASCII without U+0000, so that it can be stored as it is.
[[nodiscard]] bool plain(std::string_view text);

/// `text` as both databases can hold it: no U+0000, UTF-8 only, within the limit.
[[nodiscard]] std::string storable(std::string_view text, std::size_t limit);

}  // namespace spillway::ledger
