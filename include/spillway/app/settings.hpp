#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spillway/app/cli.hpp"
#include "spillway/config/load.hpp"

namespace spillway::app {

/// Where the configuration comes from, and what the command line puts over it.
struct Source {
    std::optional<std::string> file;  ///< Empty: nothing was written, so look around.
    std::optional<std::string> host;
    std::optional<std::uint16_t> port;
};

/// The file that was named, else ./spillway.yaml, else the one CONFIG_FILE_PATH names.
[[nodiscard]] Source choose_source(const Serve& wish, const config::Environment& environment);

/// Reads the file, or `discovered` when there is none, and lays the command line over it. Without a
/// file the ledger is kept in the user's state folder.
[[nodiscard]] config::Loaded load(const Source& source, const std::string& discovered,
                                  const config::Environment& environment);

/// Where the ledger of a daemon without a file lies: $XDG_STATE_HOME/spillway/spillway.db, else
/// ~/.local/state/spillway/spillway.db, else ./spillway.db.
[[nodiscard]] std::string default_ledger_path(const config::Environment& environment);

/// True for addresses that only this machine reaches.
[[nodiscard]] bool is_loopback(const std::string& host);

/// Why these settings must not be served at `host`: reachable by others and open to all. Empty when
/// they may.
[[nodiscard]] std::optional<std::string> exposure(const config::Config& config,
                                                  const std::string& host);

}  // namespace spillway::app
