#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/config.hpp"

namespace spillway::keys {

/// The names of models that a configuration serves, for who gives them to a key or a team.
class ModelNames {
public:
    ModelNames() = default;
    explicit ModelNames(const config::Config& config);
    /// Of who does not know the configuration: whatever is named is served.
    [[nodiscard]] static ModelNames everything();

    /// Would a key be of any use with `name` in its list? A name of a group, an alias, a route, a
    /// deployment's id or what a wildcard covers; a pattern (`openai/*`) that covers one; LiteLLM's
    /// words for all of them (`all-team-models`, `all-proxy-models`, `no-default-models`).
    [[nodiscard]] bool serves(std::string_view name) const;
    /// The one that was perhaps meant; empty when none is near.
    [[nodiscard]] std::string nearest_to(std::string_view name) const;

private:
    std::vector<std::string> names_;  ///< May end in `*`.
};

/// Does `pattern`, which may end in `*`, cover `name`? A name may be a pattern itself.
[[nodiscard]] bool covers(std::string_view pattern, std::string_view name) noexcept;

/// One of LiteLLM's words for lists of models.
[[nodiscard]] bool stands_for_models(std::string_view name) noexcept;

}  // namespace spillway::keys
