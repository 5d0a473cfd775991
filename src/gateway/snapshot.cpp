#include "spillway/gateway/snapshot.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "compile_upstream.hpp"
#include "engine_seats.hpp"
#include "ollama_rows.hpp"
#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/locality.hpp"
#include "spillway/engine/model_report.hpp"
#include "spillway/engine/token_count.hpp"
#include "spillway/gateway/cloud_share.hpp"
#include "spillway/gateway/rates.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

privacy::Rules scan_rules(const config::Privacy& section)
{
    privacy::Rules rules;
    for (const auto& own : section.patterns)
        rules.own.push_back({own.id, own.patterns, own.words});
    rules.allowed = section.allow_words;
    return rules;
}

Result<std::shared_ptr<const score::Weights>> weights_of(const route::CompiledRoute& route)
{
    if (!route.needs().score)
        return nullptr;
    const auto& path = route.source().complexity.weights;
    if (path.empty())
        return score::shipped_weights();
    auto usable = score::usable_weights(path);
    if (!usable)
        return fail(std::move(usable).error());
    const auto name = printable(route.source().name);
    // A route names the file before `spillway learn` has anything to put there.
    if (usable->source == score::WeightsSource::none_yet)
        SPILLWAY_WARN("route \"{}\": there is no '{}' yet; it scores with the built-in weights",
                      name, printable(path));
    if (usable->source == score::WeightsSource::other_features)
        SPILLWAY_WARN(
            "route \"{}\": '{}' was trained with other features than this build extracts; "
            "it scores with the built-in weights until `spillway learn` has new ones",
            name, printable(path));
    return std::move(usable->weights);
}

/// Names, and the scanner itself where something asks for what it finds: it takes memory.
Result<void> compile_privacy(const config::Config& config, Rules& rules)
{
    const auto wanted = scan_rules(config.privacy);
    std::vector<std::string> own;
    for (const auto& pattern : wanted.own)
        own.push_back(pattern.id);
    auto names = privacy::ClassNames::with_own(std::move(own));
    if (!names)
        return fail(std::move(names).error());
    rules.names = *std::move(names);
    for (const auto& word : config.privacy.local_only) {
        const auto classes = rules.names.parse(word);
        if (!classes)
            return fail(classes.error());
        rules.local_only.add(*classes);
    }
    rules.book = route::RouteBook(config, rules.names);
    const auto& routes = rules.book.routes();
    const bool asked = std::any_of(routes.begin(), routes.end(),
                                   [](const auto& route) { return route.needs().sensitive; });
    if (!asked && rules.local_only.empty())
        return {};
    auto scanner = privacy::Scanner::build(wanted);
    if (!scanner)
        return fail(std::move(scanner).error());
    rules.scanner = *std::move(scanner);
    return {};
}

Result<Rules> compile_rules(const config::Config& config)
{
    Rules rules;
    if (auto compiled = compile_privacy(config, rules); !compiled)
        return fail(std::move(compiled).error());
    auto hosts = privacy::LocalHosts::listing(config.privacy.local_hosts);
    if (!hosts)
        return fail(std::move(hosts).error());
    auto zone = TimeZone::named(config.server.time_zone);
    if (!zone)
        return fail(std::move(zone).error());
    rules.hosts = *std::move(hosts);
    rules.zone = *zone;
    for (const auto& route : rules.book.routes()) {
        auto weights = weights_of(route);
        if (!weights)
            return fail(std::move(weights).error());
        rules.weights.push_back(*std::move(weights));
    }
    return rules;
}

/// Where vocabularies are looked for: where the file says, else where scripts/vocabularies puts
/// them.
std::filesystem::path vocabulary_directory(const config::TokenCounting& section,
                                           const config::Environment& environment)
{
    if (!section.vocabularies.empty())
        return section.vocabularies;
    if (const auto own = environment("XDG_DATA_HOME"))
        return std::filesystem::path(*own) / "spillway/vocabularies";
    const auto home = environment("HOME");
    return home ? std::filesystem::path(*home) / ".local/share/spillway/vocabularies"
                : std::filesystem::path();
}

/// The route's first target, and all that its rules lead to.
std::vector<std::string> places_of(const config::Route& route)
{
    auto names = route.otherwise.use;
    for (const auto& rule : route.rules)
        names.insert(names.end(), rule.action.use.begin(), rule.action.use.end());
    return names;
}

/// Local engines behind `names` that count a prompt when they are asked; those behind a wildcard
/// are not asked, because their model is not known yet.
std::vector<DeploymentIndex> counting_behind(std::span<const std::string> names,
                                             const Snapshot& snapshot)
{
    std::vector<DeploymentIndex> found;
    for (const auto& name : names) {
        const auto place = snapshot.table.resolve(name);
        if (!place)
            continue;
        for (const auto member : snapshot.table[place->group].members) {
            const auto& upstream = snapshot.upstreams[at(member)];
            const auto kind = engine::kind_of(upstream.provider);
            const bool local = snapshot.table[member].reach == privacy::Reach::local;
            if (local && kind && engine::count_question(*kind, upstream.model, {}) &&
                !snapshot.table[member].wildcard &&
                std::find(found.begin(), found.end(), member) == found.end())
                found.push_back(member);
        }
    }
    return found;
}

/// Of all that the route leads to; never empty.
std::vector<CountedModel> models_of(const config::Route& route, const Snapshot& snapshot)
{
    auto models = models_behind(places_of(route), snapshot);
    if (models.empty())
        models.emplace_back();
    return models;
}

/// Loads the vocabularies of the models that routes most likely go to: now, because a request must
/// not wait for it.
void open_vocabularies(Snapshot& snapshot, const config::Environment& environment,
                       const Snapshot* previous)
{
    const auto& routes = snapshot.rules.book.routes();
    if (routes.empty())
        return;
    auto& library = snapshot.rules.library;
    const auto directory = vocabulary_directory(snapshot.config.tokens, environment);
    if (previous != nullptr && previous->rules.library &&
        previous->rules.library->directory() == directory)
        library = previous->rules.library;
    else
        library = std::make_shared<tokens::Library>(directory);
    for (const auto& models : snapshot.rules.models)
        (void)library->find(models.front().family);
}

/// Who may serve what stays local, for the plan and for the connection.
void judge_locality(config::Deployment& deployment, const config::Resolved& resolved,
                    const privacy::LocalHosts& hosts, Upstream& upstream)
{
    if (deployment.local == true)
        upstream.place.local_by = privacy::Place::LocalBy::declaration;
    upstream.place.reach = config::engine_reach(deployment, resolved.base, hosts);
    deployment.local =
        config::planned_reach(deployment, resolved.base, hosts) == privacy::Reach::local;
}

/// The prices of the model that stands for "in the cloud".
std::optional<ledger::Rate> reference_rate(const config::Ledger& settings,
                                           const ledger::PriceBook& book)
{
    if (settings.reference_model.empty())
        return std::nullopt;
    const auto* row = book.find(settings.reference_model);
    if (row == nullptr) {
        SPILLWAY_WARN(
            "ledger.reference_model: no prices are known of \"{}\"; records say nothing "
            "of what they would have cost there",
            printable(settings.reference_model));
        return std::nullopt;
    }
    return ledger::Rate{row->prices, row->long_above, row->long_prices, {}};
}

}  // namespace

privacy::Passage passage_to(const Snapshot& snapshot, DeploymentIndex deployment,
                            std::string_view wildcard, privacy::Boundary boundary)
{
    const auto& upstream = snapshot.upstreams[at(deployment)];
    auto place = upstream.place;
    // Of nearly all requests: who serves them does not matter.
    if (boundary == privacy::Boundary::any)
        return privacy::Passage::within(boundary, place, snapshot.rules.hosts);
    const bool vouched = place.local_by == privacy::Place::LocalBy::declaration &&
                         upstream.model.find('*') == std::string::npos;
    if (!vouched && config::is_forwarded(upstream_model(upstream, wildcard)))
        place.reach = privacy::Reach::remote;
    return privacy::Passage::within(boundary, place, snapshot.rules.hosts);
}

privacy::Passage passage_to_engine(const Snapshot& snapshot, DeploymentIndex deployment,
                                   privacy::Boundary boundary)
{
    return privacy::Passage::within(boundary, snapshot.upstreams[at(deployment)].place,
                                    snapshot.rules.hosts);
}

Result<std::shared_ptr<const Snapshot>> build_snapshot(config::Config config,
                                                       const config::Environment& environment,
                                                       const config::PriceTable& prices,
                                                       observe::Metrics& metrics,
                                                       const Snapshot* previous, WallTime now)
{
    auto rules = compile_rules(config);
    if (!rules)
        return fail(std::move(rules).error());
    rules->shares = cloud_shares(*rules, previous != nullptr ? &previous->rules : nullptr);
    const ledger::PriceBook book(prices, config.prices);
    std::vector<config::Deployment> usable;
    std::vector<Upstream> upstreams;
    std::vector<bool> local;
    for (auto& deployment : config.deployments) {
        auto resolved = config::resolve(deployment, environment);
        auto upstream = resolved
                            ? compile_upstream(deployment, config, *resolved, book, metrics)
                            : Result<Upstream>{tl::make_unexpected(std::move(resolved.error()))};
        if (!upstream) {
            SPILLWAY_WARN("{}: model_list row \"{}\" is left out: {}", deployment.where,
                          printable(deployment.group), upstream.error().message());
            continue;
        }
        config::complete(deployment, upstream->model, place_of(*upstream), book, upstream->rate);
        bound_window(deployment, *upstream);
        judge_locality(deployment, *resolved, rules->hosts, *upstream);
        local.push_back(upstream->local);
        upstreams.push_back(*std::move(upstream));
        usable.push_back(std::move(deployment));
    }
    config.deployments = std::move(usable);
    agree_on_windows(upstreams, previous);

    auto seats = seats_of(config, upstreams, metrics);
    std::vector<bool> queued;
    for (const auto& seat : seats)
        queued.push_back(!seat.address.empty());
    auto engines = std::make_shared<const guard::Engines>(
        std::move(seats), config.queue, previous != nullptr ? previous->engines.get() : nullptr);
    route::RoutingTable table(config, local, queued);
    auto fleet =
        std::make_shared<guard::Fleet>(table, previous != nullptr ? previous->fleet.get() : nullptr,
                                       engines->all().empty() ? nullptr : engines);
    guard::KeyRing keys(config.general.master_key);
    auto reference = reference_rate(config.ledger, book);
    auto rates = key_rates(config, table);
    const auto number = previous != nullptr ? previous->number + 1 : 1;
    auto snapshot = std::make_shared<Snapshot>(
        Snapshot{number, std::move(config), std::move(table), *std::move(rules),
                 std::move(upstreams), std::move(keys), std::move(reference), std::move(fleet),
                 std::move(engines), now, std::move(rates)});
    for (const auto& route : snapshot->rules.book.routes()) {
        snapshot->rules.models.push_back(models_of(route.source(), *snapshot));
        snapshot->rules.counting.push_back(counting_behind(places_of(route.source()), *snapshot));
    }
    open_vocabularies(*snapshot, environment, previous);
    return snapshot;
}

std::size_t route_index(const route::CompiledRoute& route, const Snapshot& snapshot)
{
    return static_cast<std::size_t>(&route - snapshot.rules.book.routes().data());
}

std::vector<CountedModel> models_behind(std::span<const std::string> names,
                                        const Snapshot& snapshot)
{
    std::vector<CountedModel> models;
    std::array<bool, tokens::family_count> seen{};
    for (const auto& name : names) {
        const auto place = snapshot.table.resolve(name);
        if (!place)
            continue;
        for (const auto member : snapshot.table[place->group].members) {
            // Behind a wildcard: the model that this name makes of it.
            CountedModel model(upstream_model(snapshot.upstreams[at(member)], place->wildcard));
            const bool meant = !place->pinned || *place->pinned == member;
            auto& known = seen[static_cast<std::size_t>(model.family)];
            if (meant && !std::exchange(known, true))
                models.push_back(std::move(model));
        }
    }
    return models;
}

}  // namespace spillway::gateway
