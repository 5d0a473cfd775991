#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "spillway/config/document.hpp"
#include "spillway/config/load.hpp"
#include "spillway/config/providers.hpp"

/// Any text gives a configuration or at least one error; never a crash, never both.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    using namespace spillway::config;
    const Environment environment = [](const std::string& name) -> std::optional<std::string> {
        return name.size() % 2 == 0 ? std::optional(name) : std::nullopt;
    };
    const std::string_view yaml(reinterpret_cast<const char*>(bytes), size);
    const auto loaded = load_text(yaml, "fuzz.yaml", environment);

    bool error = false;
    for (const auto& problem : loaded.problems)
        error = error || problem.level == Problem::Level::error;
    if (error == loaded.config.has_value())
        std::abort();
    if (check_report(loaded).empty())
        std::abort();
    if (!loaded.config)
        return 0;
    // Every row that was accepted can be resolved: nothing is left for the first request to find.
    const auto seen = environment_of(*loaded.config, environment);
    for (const auto& deployment : loaded.config->deployments)
        if (deployment.id.empty() || !resolve(deployment, seen))
            std::abort();
    return 0;
}
