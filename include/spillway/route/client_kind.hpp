#pragma once

#include <array>
#include <string_view>

#include "spillway/chat/prompt.hpp"
#include "spillway/config/routes.hpp"

namespace spillway::route {

/// What a request tells of the program that sent it.
struct ClientSigns {
    std::string_view user_agent;
    std::string_view originator;  ///< Codex names itself here.
    std::string_view app;         ///< `x-app`; Claude Code sends "cli".
    const chat::Prompt& prompt;
};

/// The headers that these come from.
inline constexpr std::array<std::string_view, 3> client_headers{"user-agent", "originator",
                                                                "x-app"};

/// Who calls, and whether in the background of what its user is doing. Open WebUI's task calls are
/// known by the shape of its templates (a heading "### Task:" and the JSON key that is asked for);
/// those of coding agents by offering no tools, which their real work always does.
[[nodiscard]] config::ClientKind client_kind(const ClientSigns& signs);

/// Is there program text in it: a fence, or lines of which several look like code?
[[nodiscard]] bool looks_like_code(std::string_view text);

}  // namespace spillway::route
