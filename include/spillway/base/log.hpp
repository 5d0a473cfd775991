#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace spillway {

/// Sets the process logger up: one line per event on stderr, flushed at `warn`.
/// @param level  "debug", "info", "warn" or "error"; anything else is "info".
void open_log(std::string_view level);

}  // namespace spillway

// Logged text comes from us or has been through `printable()`; never a prompt, never a credential.
#define SPILLWAY_DEBUG(...) ::spdlog::debug(__VA_ARGS__)
#define SPILLWAY_INFO(...) ::spdlog::info(__VA_ARGS__)
#define SPILLWAY_WARN(...) ::spdlog::warn(__VA_ARGS__)
#define SPILLWAY_ERROR(...) ::spdlog::error(__VA_ARGS__)
