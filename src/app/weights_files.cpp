#include "spillway/app/weights_files.hpp"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "spillway/base/text.hpp"

namespace spillway::app {

std::string previous_weights(const std::string& path)
{
    return path + ".previous";
}

Result<std::shared_ptr<const score::Weights>> weights_in_use(const std::string& path)
{
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown))
        return score::shipped_weights();
    return score::load_weights(path);
}

Result<void> activate_weights(const score::Weights& weights, const std::string& path)
{
    auto before = weights_in_use(path);
    if (!before)
        return fail(std::move(before).error());
    if (auto kept = score::save_weights(**before, previous_weights(path)); !kept)
        return kept;
    return score::save_weights(weights, path);
}

Result<void> undo_weights(const std::string& path)
{
    const auto previous = previous_weights(path);
    if (auto usable = score::load_weights(previous); !usable)
        return fail(Errc::bad_config,
                    "there are no weights to go back to: " + usable.error().message());
    // In one step: the daemon that looks in between must find one or the other.
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, previous.c_str(), RENAME_EXCHANGE) != 0)
        return fail(Errc::io_error, "cannot exchange '" + printable(path) + "' and '" +
                                        printable(previous) + "': " + std::strerror(errno));
    return {};
}

}  // namespace spillway::app
