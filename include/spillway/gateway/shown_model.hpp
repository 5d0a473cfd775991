#pragma once

#include <string>
#include <string_view>
#include <vector>

/// What an Ollama says of one of its models in `/api/show` (wire.md 2.2), as far as it is shown to
/// clients in turn.
namespace spillway::gateway {

struct ShownModel {
    std::string details;  ///< A JSON object; empty when there was none.
    std::string architecture;
    std::vector<std::string> capabilities;  ///< Old versions tell of none.

    [[nodiscard]] bool tells_capabilities() const noexcept { return !capabilities.empty(); }
    [[nodiscard]] bool can(std::string_view capability) const;
};

/// @param answer  Anything; what is no such answer shows nothing.
[[nodiscard]] ShownModel read_shown_model(std::string_view answer);

}  // namespace spillway::gateway
