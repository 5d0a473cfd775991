#include "read_config.hpp"

#include <ostream>

#include "spillway/app/replay.hpp"
#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/load.hpp"

namespace spillway::app {

std::optional<config::Config> read_config(const std::string& file, std::ostream& problems)
{
    open_log("warn");
    auto loaded = config::load_file(file, config::process_environment());
    if (!loaded.config) {
        for (const auto& problem : loaded.problems)
            if (problem.level == config::Problem::Level::error)
                problems << problem.where << ": " << problem.message << '\n';
        problems << "spillway: the configuration has errors\n";
    }
    return std::move(loaded.config);
}

Result<WallTime> since_of(const std::optional<std::string>& text, WallTime now)
{
    if (!text)
        return WallTime{};
    const auto begin = parse_since(*text, now);
    if (!begin)
        return fail(Errc::invalid_request,
                    "'" + printable(*text) +
                        "' is neither a duration like 7d or 12h nor a date like 2026-11-14");
    return *begin;
}

}  // namespace spillway::app
