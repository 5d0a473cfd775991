#include "spillway/keys/model_names.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"

namespace spillway::keys {

ModelNames::ModelNames(const config::Config& config)
{
    for (const auto& deployment : config.deployments) {
        names_.push_back(deployment.group);
        names_.push_back(deployment.id);
    }
    for (const auto& [alias, target] : config.router.aliases)
        names_.push_back(alias);
    for (const auto& route : config.routes) {
        names_.push_back(route.name);
        names_.insert(names_.end(), route.captures.begin(), route.captures.end());
    }
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

ModelNames ModelNames::everything()
{
    ModelNames names;
    names.names_.emplace_back("*");
    return names;
}

bool ModelNames::serves(std::string_view name) const
{
    if (stands_for_models(name) || name == "*")
        return true;
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& served) {
        return covers(served, name) || covers(name, served);
    });
}

std::string ModelNames::nearest_to(std::string_view name) const
{
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    return std::string(nearest(name, known).value_or(std::string_view{}));
}

bool covers(std::string_view pattern, std::string_view name) noexcept
{
    if (!pattern.ends_with('*'))
        return pattern == name;
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool stands_for_models(std::string_view name) noexcept
{
    constexpr std::array<std::string_view, 3> words{"all-team-models", "all-proxy-models",
                                                    "no-default-models"};
    return std::find(words.begin(), words.end(), name) != words.end();
}

}  // namespace spillway::keys
