#include "spillway/app/weights_files.hpp"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>

#include "spillway/base/text.hpp"
#include "spillway/route/route_book.hpp"

namespace spillway::app {

std::string previous_weights(const std::string& path)
{
    return path + ".previous";
}

Result<std::shared_ptr<const score::Weights>> weights_in_use(const std::string& path)
{
    auto usable = score::usable_weights(path);
    if (!usable)
        return fail(std::move(usable).error());
    return std::move(usable->weights);
}

std::vector<config::Problem> weights_problems(const config::Config& config, const std::string& file)
{
    std::vector<config::Problem> problems;
    for (const auto& route : config.routes) {
        const auto& path = route.complexity.weights;
        if (path.empty() || !route::CompiledRoute(route, {}).needs().score)
            continue;
        const auto usable = score::usable_weights(path);
        const auto name = "route \"" + printable(route.name) + "\": ";
        if (!usable)
            problems.push_back({file, name + usable.error().message()});
        else if (usable->source == score::WeightsSource::other_features)
            problems.push_back({file,
                                name + "'" + printable(path) +
                                    "' was trained with other features than this build extracts, "
                                    "so the built-in weights score; learn new ones",
                                config::Problem::Level::warning});
    }
    return problems;
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
