#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace spillway::app {

/// `spillway serve`: what the command line says on top of the configuration.
struct Serve {
    std::optional<std::string> config;  ///< Empty: look for spillway.yaml, else discover.
    std::optional<std::string> host;
    std::optional<std::uint16_t> port;
};

/// `spillway check --config FILE`
struct Check {
    std::string config;
};

/// Nothing to run: print and leave. Errors go to stderr.
struct Say {
    int exit_code = 0;
    std::string text;
};

using Command = std::variant<Serve, Check, Say>;

/// Reads the arguments. Never throws and never exits.
[[nodiscard]] Command read_arguments(int argc, const char* const* argv);

}  // namespace spillway::app
