#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/config/rule_logic.hpp"
#include "spillway/privacy/locality.hpp"
#include "spillway/tokens/family.hpp"

/// Whether what a rule leads to can serve what it selects. As sound as `rule_logic`: a deployment
/// of which the file and the price table say nothing may serve.
namespace spillway::config {

/// Why a deployment serves none of the requests that a rule selects.
struct Unfit {
    std::string_view why;  ///< "is not local"; static.
    Position at;           ///< The condition it fails by; line zero when that is no condition.
};

/// A file's deployments with what the price table knows of them.
class Servers {
public:
    /// @param config  Must outlive it.
    Servers(const Config& config, const Environment& environment, const privacy::LocalHosts& hosts);

    /// Deployments behind a name: of a group, an alias, a wildcard, or the one of that id.
    [[nodiscard]] std::vector<std::size_t> behind(std::string_view name) const;
    /// In whose tokens the rules of `route` count: those of its usual model, the first target of
    /// `otherwise`. Empty when nobody can tell.
    [[nodiscard]] std::optional<tokens::Family> counting_family(const Route& route) const;
    /// Empty when the deployment may serve some of the requests within `bounds`.
    /// @param counted  In whose tokens `bounds` are; the deployment's window holds its own.
    [[nodiscard]] std::optional<Unfit> unfit(std::size_t index, const Bounds& bounds,
                                             const RouteAction& action,
                                             std::optional<tokens::Family> counted) const;

    /// Why no request within `bounds` meets their condition on `cost`: nothing in `use` has one, or
    /// all that has costs more. Empty when some may, or when there is no such condition.
    [[nodiscard]] std::optional<Unfit> no_such_cost(const Bounds& bounds, const RouteAction& action,
                                                    std::optional<tokens::Family> counted) const;

    /// Has nothing in `use` a price above 0? False where that cannot be told.
    [[nodiscard]] bool prices_nothing(const RouteAction& action) const;
    enum class Trait : std::uint8_t { embeds, unpriced, costs };
    /// Is that so of all deployments behind a name? False where nothing is behind it.
    [[nodiscard]] bool all_behind(std::string_view name, Trait trait) const;

private:
    enum class Reading : std::uint8_t { whole, in_part };
    struct Row {
        Deployment deployment;  ///< Completed by the price table.
        privacy::Reach reach = privacy::Reach::remote;
        Place place = Place::cloud;
        std::optional<tokens::Family> family;  ///< Empty: not known, or that of many models.
        Reading reading = Reading::in_part;    ///< In part: its price is not known here.
    };
    /// Those of `use` whose price `cost` may be; empty when that cannot be told.
    [[nodiscard]] std::optional<std::vector<std::size_t>> priced(const RouteAction& action) const;
    /// Is every cost within `bounds` over the rule's ceiling, when the deployment is to serve?
    [[nodiscard]] bool over_ceiling(std::size_t index, const Bounds& bounds,
                                    const RouteAction& action) const;
    /// What a request costs there at least, when it costs 1 at `other`.
    [[nodiscard]] static double least_ratio(const Row& row, const Row& other);
    [[nodiscard]] static double least(const Row& row, const Span& span, double otherwise,
                                      std::optional<tokens::Family> counted);
    [[nodiscard]] static bool too_dear(const Row& row, const Bounds& bounds, double ceiling_nano,
                                       const RouteAction& action,
                                       std::optional<tokens::Family> counted);

    const Config& config_;
    std::vector<Row> rows_;
};

}  // namespace spillway::config
