#include "compiled_config.hpp"

#include <ostream>
#include <utility>

#include "spillway/app/settings.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/log.hpp"
#include "spillway/config/prices.hpp"

namespace spillway::app {

std::optional<CompiledConfig> compile_config(const std::optional<std::string>& file,
                                             std::ostream& problems)
{
    open_log("warn");
    const auto environment = config::process_environment();
    const auto source = choose_source(Serve{.config = file, .host = {}, .port = {}}, environment);
    if (!source.file) {
        problems << "spillway: there is no configuration here; name one with --config FILE\n";
        return std::nullopt;
    }
    auto loaded = load(source, {}, environment);
    if (!loaded.config) {
        for (const auto& problem : loaded.problems)
            if (problem.level == config::Problem::Level::error)
                problems << problem.where << ": " << problem.message << '\n';
        problems << "spillway: the configuration has errors\n";
        return std::nullopt;
    }
    CompiledConfig compiled;
    compiled.metrics = std::make_unique<observe::Metrics>();
    const auto visible = config::environment_of(*loaded.config, environment);
    auto snapshot =
        gateway::build_snapshot(*std::move(loaded.config), visible, config::built_in_prices(),
                                *compiled.metrics, nullptr, SystemClock{}.wall());
    if (!snapshot) {
        problems << "spillway: " << snapshot.error().message() << '\n';
        return std::nullopt;
    }
    compiled.snapshot = *std::move(snapshot);
    return compiled;
}

}  // namespace spillway::app
