// The words that conditions know.
#include <array>

#include "spillway/config/conditions.hpp"

namespace spillway::config {

namespace {

constexpr std::array<std::pair<std::string_view, Content>, 6> contents{{
    {"code", Content::code},
    {"images", Content::images},
    {"audio", Content::audio},
    {"files", Content::files},
    {"tools", Content::tools},
    {"json_schema", Content::json_schema},
}};
constexpr std::array<std::pair<std::string_view, Task>, 4> tasks{{
    {"chat", Task::chat},
    {"completion", Task::completion},
    {"embedding", Task::embedding},
    {"other", Task::other},
}};
constexpr std::array<std::pair<std::string_view, Where>, 4> places{{
    {"last_user", Where::last_user},
    {"user", Where::user},
    {"system", Where::system},
    {"all", Where::all},
}};
constexpr std::array<std::pair<std::string_view, GroupState>, 3> states{{
    {"healthy", GroupState::healthy},
    {"saturated", GroupState::saturated},
    {"warm", GroupState::warm},
}};

}  // namespace

std::span<const std::pair<std::string_view, Content>> words_of(Content)
{
    return contents;
}
std::span<const std::pair<std::string_view, Task>> words_of(Task)
{
    return tasks;
}
std::span<const std::pair<std::string_view, Where>> words_of(Where)
{
    return places;
}
std::span<const std::pair<std::string_view, GroupState>> words_of(GroupState)
{
    return states;
}

std::span<const ClientWord> client_words()
{
    using enum ClientKind;
    static const std::array<ClientWord, 9> words{{
        {"open_webui_title", {open_webui_title}},
        {"open_webui_tags", {open_webui_tags}},
        {"open_webui_follow_up", {open_webui_follow_up}},
        {"open_webui_query", {open_webui_query}},
        {"open_webui",
         {open_webui_title, open_webui_tags, open_webui_follow_up, open_webui_query,
          open_webui_other}},
        {"coding_agent", {coding_agent}},
        {"coding_agent_background", {coding_agent_background}},
        {"background",
         {open_webui_title, open_webui_tags, open_webui_follow_up, open_webui_query,
          open_webui_other, coding_agent_background}},
        {"unknown", {unknown}},
    }};
    return words;
}

}  // namespace spillway::config
