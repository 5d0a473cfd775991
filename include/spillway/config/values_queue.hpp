#pragma once

#include "spillway/config/queue.hpp"
#include "spillway/config/values.hpp"

/// How the types of settings that only `queue` has are read, named and printed.
namespace spillway::config {

[[nodiscard]] std::span<const std::pair<std::string_view, Overflow>> words_of(Overflow);
[[nodiscard]] std::span<const std::pair<std::string_view, Urgency>> words_of(Urgency);
[[nodiscard]] std::span<const std::pair<std::string_view, Bridge>> words_of(Bridge);

bool read(const Node& node, std::map<std::string, EngineLimits>& out, const Reading& reading);
[[nodiscard]] std::string type_name(const std::map<std::string, EngineLimits>&, const Traits&);

}  // namespace spillway::config
