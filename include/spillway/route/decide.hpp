#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// What is left of the caps that rules may ask about; a share is 0..1, empty means no cap.
struct BudgetView {
    std::optional<double> proxy;
    std::optional<double> key;
    std::optional<double> team;
    std::optional<double> route;
};

/// Text of one kind, decoded; lives as long as the request's body.
struct TextPiece {
    config::Where role{};  ///< system, user (an earlier turn), last_user; all: anybody else's.
    std::string_view text;
};
using HeaderLookup = std::string_view (*)(const void* source, std::string_view name);

/// The rules of all routes, compiled. Immutable; shared by all shards.
class RouteBook {
public:
    /// @param table  Resolves the names in `use`; must outlive the book.
    /// @return `bad_config` naming file, line and column when a pattern does not compile.
    [[nodiscard]] static Result<std::unique_ptr<const RouteBook>> compile(
        std::span<const config::Route> routes, const RoutingTable& table);
    virtual ~RouteBook() = default;

    /// What facts a request for `model` must bring; taking a fact that no rule asks for is waste.
    struct Needs {
        bool text = false;       ///< Any of: words, patterns, code.
        bool score = false;
        bool sensitive = false;
        bool exact_tokens = false;
    };
    struct Entry;  ///< One compiled route.
    /// The route that decides for `model`: by its own name, else one that captures the name.
    [[nodiscard]] virtual const Entry* find(std::string_view model) const = 0;
    [[nodiscard]] virtual Needs needs(const Entry& route) const = 0;
    [[nodiscard]] virtual const config::Route& source(const Entry& route) const = 0;
    /// Looks for the words and patterns of `route`; linear in the text.
    [[nodiscard]] virtual std::vector<Probe> probe(const Entry& route,
                                                   std::span<const TextPiece> text,
                                                   const void* headers,
                                                   HeaderLookup header) const = 0;
    [[nodiscard]] virtual std::vector<std::string_view> names() const = 0;
};

/// What a decision is made from. All are values or immutable.
struct Standing {
    const RoutingTable& table;
    const FleetView& fleet;
    const BudgetView& budget;
    TimePoint now;
};

/// Chooses where a request goes. Pure: the same arguments give the same plan.
/// @param route     From `RouteBook::find`; null when the client named a model.
/// @param explicit_model  What was resolved in that case.
/// @return The plan; `no_local_deployment` (503) when the boundary leaves nothing,
///         `context_window_exceeded` when nothing is large enough, `budget_exceeded` (429) when the
///         ceiling leaves nothing.
[[nodiscard]] Result<Plan> decide(const Features& request, const RouteBook::Entry& route,
                                  const Standing& standing);
[[nodiscard]] Result<Plan> decide(const Features& request, const Resolved& model,
                                  const Standing& standing);

}  // namespace spillway::route
