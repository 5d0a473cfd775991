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

/// The name of the first product in a user agent: "roo-code/3.1 (linux)" is of "roo-code".
std::string_view product_of(std::string_view user_agent)
{
    return user_agent.substr(0, user_agent.find_first_of("/ "));
}

/// By whole names: "crush" is none of "crushftp".
bool is_agent(std::string_view product)
{
    constexpr std::array<std::string_view, 17> agents{
        "claude-cli", "claude-code", "codex",    "opencode", "opencode2",  "aider",
        "cline",      "roo",         "roo-code", "roocode",  "kilo",       "kilo-code",
        "kilocode",   "qwen-code",   "qwencode", "crush",    "charm-crush"};
    // Codex names its parts: codex_cli_rs, codex_exec, codex-tui.
    return begins_with(product, "codex_") || begins_with(product, "codex-") ||
           std::any_of(agents.begin(), agents.end(),
                       [&](std::string_view agent) { return iequals(product, agent); });
}

bool is_coding_agent(const ClientSigns& signs)
{
    return is_agent(product_of(signs.user_agent)) || is_agent(product_of(signs.originator)) ||
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

/// Where the history of a conversation begins, on a line of its own.
std::size_t history_in(std::string_view text)
{
    return std::min(text.find("\n<chat_history>"), text.find("\n### Chat History"));
}

/// Open WebUI puts the whole conversation into one user message of a fixed shape. Its questions
/// about documents begin like that, too, but have the documents where its tasks have the history.
ClientKind open_webui_task(const chat::Prompt& prompt)
{
    const auto text = prompt.last_user;
    if (!text.starts_with("### Task:") || prompt.turns != 1 || prompt.tools > 0)
        return ClientKind::unknown;
    // What the user wrote follows the heading of the history; it may hold any of the keys.
    const auto history = history_in(text);
    const auto frame = text.substr(0, history);
    const bool of_documents = frame.find("<context>") != std::string_view::npos ||
                              frame.find("<user_query>") != std::string_view::npos;
    if (history == std::string_view::npos || of_documents)
        return ClientKind::unknown;
    for (const auto& [key, kind] : task_keys)
        if (frame.find(key) != std::string_view::npos)
            return kind;
    return ClientKind::open_webui_other;
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
