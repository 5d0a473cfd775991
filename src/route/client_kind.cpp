#include "spillway/route/client_kind.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"

namespace spillway::route {

namespace {

using config::ClientKind;

bool begins_with(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

bool is_coding_agent(const ClientSigns& signs)
{
    constexpr std::array<std::string_view, 9> agents{
        "claude-cli", "codex", "opencode", "aider", "cline", "roo", "kilo", "qwen-code", "crush"};
    const auto named = [&](std::string_view agent) {
        return begins_with(signs.user_agent, agent) || begins_with(signs.originator, agent);
    };
    return std::any_of(agents.begin(), agents.end(), named) ||
           (signs.app == "cli" && begins_with(signs.user_agent, "claude"));
}

struct TaskKey {
    std::string_view key;
    ClientKind kind;
};
constexpr std::array<TaskKey, 4> task_keys{{
    {"\"title\"", ClientKind::open_webui_title},
    {"\"tags\"", ClientKind::open_webui_tags},
    {"\"follow_ups\"", ClientKind::open_webui_follow_up},
    {"\"queries\"", ClientKind::open_webui_query},
}};

/// Open WebUI puts the whole conversation into one user message of a fixed shape.
ClientKind open_webui_task(const chat::Prompt& prompt)
{
    const auto text = prompt.last_user;
    if (!text.starts_with("### Task:") || prompt.turns != 1 || prompt.tools > 0)
        return ClientKind::unknown;
    // What the user wrote follows the heading of the history; it may hold any of the keys.
    const auto history = std::min(text.find("<chat_history>"), text.find("### Chat History"));
    const auto frame = text.substr(0, history);
    for (const auto& [key, kind] : task_keys)
        if (frame.find(key) != std::string_view::npos)
            return kind;
    return history == std::string_view::npos ? ClientKind::unknown : ClientKind::open_webui_other;
}

std::string_view trimmed(std::string_view line)
{
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

bool is_code_line(std::string_view line)
{
    constexpr std::array<std::string_view, 22> openings{
        "def ",    "class ",  "import ", "from ",    "#include", "func ",  "fn ",  "let ",
        "const ",  "var ",    "return ", "public ",  "private ", "static", "if (", "for (",
        "while (", "SELECT ", "CREATE ", "package ", "using ",   "async "};
    line = trimmed(line);
    if (line.size() < 2)
        return line == "}" || line == "{";
    const char last = line.back();
    if (last == ';' || last == '{' || line.ends_with("};") || line.ends_with("):") ||
        line.ends_with("=>"))
        return true;
    const bool opens = std::any_of(openings.begin(), openings.end(),
                                   [&](std::string_view each) { return line.starts_with(each); });
    // Prose begins with "from" and "let" too; code has signs that prose has not.
    return opens && line.find_first_of("(){}[]=<>;:*") != std::string_view::npos;
}

}  // namespace

ClientKind client_kind(const ClientSigns& signs)
{
    if (is_coding_agent(signs))
        return signs.prompt.tools > 0 ? ClientKind::coding_agent
                                      : ClientKind::coding_agent_background;
    return open_webui_task(signs.prompt);
}

bool looks_like_code(std::string_view text)
{
    constexpr std::size_t enough_lines = 2;
    if (text.find("```") != std::string_view::npos)
        return true;
    std::size_t lines = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines += is_code_line(text.substr(0, end)) ? 1 : 0;
        if (lines >= enough_lines)
            return true;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return false;
}

}  // namespace spillway::route
