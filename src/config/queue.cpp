#include <array>

#include "spillway/config/fields_queue.hpp"
#include "spillway/config/section.hpp"

namespace spillway::config {

namespace {

constexpr std::array<std::pair<std::string_view, Overflow>, 4> overflows{{
    {"predicted", Overflow::predicted},
    {"in_flight", Overflow::in_flight},
    {"error", Overflow::error},
    {"never", Overflow::never},
}};
constexpr std::array<std::pair<std::string_view, Urgency>, 2> urgencies{{
    {"interactive", Urgency::interactive},
    {"batch", Urgency::batch},
}};
constexpr std::array<std::pair<std::string_view, Bridge>, 2> bridges{{
    {"beyond_patience", Bridge::beyond_patience},
    {"while_loading", Bridge::while_loading},
}};

/// "host:port", as the addresses of deployments are compared.
bool is_address(std::string_view text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
        return false;
    const auto port = text.substr(colon + 1);
    return port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos &&
           text.find('/') == std::string_view::npos;
}

}  // namespace

std::span<const std::pair<std::string_view, Overflow>> words_of(Overflow)
{
    return overflows;
}
std::span<const std::pair<std::string_view, Urgency>> words_of(Urgency)
{
    return urgencies;
}
std::span<const std::pair<std::string_view, Bridge>> words_of(Bridge)
{
    return bridges;
}

bool read(const Node& node, std::map<std::string, EngineLimits>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map from an engine's host:port to its limits");
    for (const auto& entry : node.entries) {
        const auto path = reading.path + ".*";
        if (!is_address(entry.key)) {
            reading.wrong(entry.at, "expected host:port, such as 127.0.0.1:11434");
            continue;
        }
        if (!is_section(&entry.value, path, reading.findings))
            continue;
        EngineLimits limits;
        SectionLoader load(entry.value, path, reading.findings);
        engine_limits_fields(load, limits);
        load.refuse_rest(Unknown::error);
        out.insert_or_assign(entry.key, limits);
    }
    return true;
}

std::string type_name(const std::map<std::string, EngineLimits>&, const Traits&)
{
    return "map of address to limits";
}

}  // namespace spillway::config
