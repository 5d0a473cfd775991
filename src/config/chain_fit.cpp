#include "spillway/config/chain_fit.hpp"

#include <algorithm>
#include <cmath>

#include "spillway/config/locality.hpp"
#include "spillway/config/price_book.hpp"
#include "spillway/config/prices.hpp"

namespace spillway::config {

namespace {

std::optional<bool> supports(const Deployment& row, Content content)
{
    switch (content) {
        case Content::images:
            return row.supports_vision;
        case Content::audio:
            return row.supports_audio;
        case Content::tools:
            return row.supports_tools;
        case Content::json_schema:
            return row.supports_schema;
        case Content::code:
        case Content::files:
            break;
    }
    return std::nullopt;
}

bool does(const Deployment& row, const std::vector<Task>& tasks)
{
    const auto fits = [&](Task task) {
        switch (task) {
            case Task::embedding:
                return row.mode == Mode::embedding || row.group.ends_with('*');
            case Task::chat:
            case Task::completion:
                return row.mode != Mode::embedding;
            case Task::other:
                break;
        }
        return true;
    };
    return std::any_of(tasks.begin(), tasks.end(), fits);
}

/// The smallest whole number within the span; `least` when it has no lower end.
double smallest(const Span& span, double least)
{
    if (!span.low)
        return least;
    const double low =
        span.low_end == Span::End::open ? std::floor(*span.low) + 1 : std::ceil(*span.low);
    return std::max(low, least);
}

}  // namespace

Servers::Servers(const Config& config, const Environment& environment,
                 const privacy::LocalHosts& hosts)
    : config_(config)
{
    const PriceBook book(built_in_prices(), config.prices);
    for (const auto& deployment : config.deployments) {
        Row row{deployment, privacy::Reach::remote, Place::cloud, {}};
        if (const auto resolved = resolve(deployment, environment)) {
            row.reach = planned_reach(deployment, resolved->base, hosts);
            row.place = deployment.local.value_or(resolved->place == Place::local) ? Place::local
                                                                                   : Place::cloud;
            const auto& model = resolved->upstream_model;
            if (model.find('*') == std::string::npos)
                row.family = tokens::family_of(model);
            const auto rate = rate_of(deployment, model, row.place, book, config.local);
            complete(row.deployment, model, row.place, book, rate);
        }
        rows_.push_back(std::move(row));
    }
}

std::vector<std::size_t> Servers::behind(std::string_view name) const
{
    if (const auto alias = config_.router.aliases.find(std::string(name));
        alias != config_.router.aliases.end() && alias->second.group != name)
        return behind(alias->second.group);
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto& row = rows_[i].deployment;
        const bool wild =
            row.group.ends_with('*') &&
            name.starts_with(std::string_view(row.group).substr(0, row.group.size() - 1));
        if (row.group == name || row.id == name || wild)
            found.push_back(i);
    }
    return found;
}

std::optional<tokens::Family> Servers::counting_family(const Route& route) const
{
    for (const auto& name : route.otherwise.use)
        if (const auto found = behind(name); !found.empty())
            return rows_[found.front()].family;
    return std::nullopt;
}

/// The fewest tokens within `span` that a prompt can come to with the deployment's own model.
double Servers::least(const Row& row, const Span& span, double otherwise,
                      std::optional<tokens::Family> counted)
{
    // What people write comes to no less than this share of it with the models of another family.
    constexpr double least_share = 0.25;
    const bool own = row.family && counted == row.family;
    return own ? smallest(span, otherwise) : std::max(otherwise, smallest(span, 0) * least_share);
}

/// Is even the smallest request over the ceiling? A token of prompt and none of an answer, unless
/// the rule asks for more. Without a known price everything is.
bool Servers::too_dear(const Row& row, const Bounds& bounds, NanoUsd ceiling,
                       std::optional<tokens::Family> counted)
{
    const auto input = dearest_input(row.deployment);
    if (!input)
        return row.place != Place::local;
    const auto output = dearest_output(row.deployment).value_or(PicoUsdPerToken{0});
    const double prompt = least(row, bounds[Measure::prompt_tokens].span, 1, counted);
    const double rest = least(row, bounds[Measure::total_tokens].span, prompt, counted) - prompt;
    const double longest =
        row.deployment.max_output_tokens
            ? std::min(rest, static_cast<double>(count(*row.deployment.max_output_tokens)))
            : rest;
    // What is beyond the prompt is all prompt or all answer, whichever is cheaper.
    const double cheapest = prompt * static_cast<double>(count(*input)) +
                            std::min(rest * static_cast<double>(count(*input)),
                                     longest * static_cast<double>(count(output)));
    constexpr double pico_per_nano = 1'000;
    return cheapest > static_cast<double>(count(ceiling)) * pico_per_nano;
}

std::optional<Unfit> Servers::unfit(std::size_t index, const Bounds& bounds,
                                    const RouteAction& action,
                                    std::optional<tokens::Family> counted) const
{
    const auto& row = rows_[index];
    const auto& deployment = row.deployment;
    if (!privacy::permits(action.boundary, row.reach))
        return Unfit{"is not local", {}};
    if (bounds.tasks && !does(deployment, *bounds.tasks))
        return Unfit{"has another mode", bounds.at};
    const auto lacks = [&](const std::vector<Content>& any_of) {
        return std::all_of(any_of.begin(), any_of.end(),
                           [&](Content content) { return supports(deployment, content) == false; });
    };
    if (std::any_of(bounds.choices.begin(), bounds.choices.end(), lacks))
        return Unfit{"does not support what the rule asks for", bounds.at};
    for (const auto content : bounds.contents)
        if (supports(deployment, content) == false)
            return Unfit{"does not support what the rule asks for", bounds.at};
    const auto overflows = [&](Measure measure) {
        const auto& window = deployment.max_input_tokens;
        return window &&
               least(row, bounds[measure].span, 0, counted) > static_cast<double>(count(*window));
    };
    if (overflows(Measure::prompt_tokens))
        return Unfit{"has a smaller window than the rule asks for",
                     bounds[Measure::prompt_tokens].at};
    // Where the answer may be shortened, it does not count.
    if (action.answer_fit == AnswerFit::as_asked && overflows(Measure::total_tokens))
        return Unfit{"has a smaller window than the rule asks for",
                     bounds[Measure::total_tokens].at};
    if (action.max_cost && too_dear(row, bounds, *action.max_cost, counted))
        return Unfit{"costs more than max_cost whatever is asked", {}};
    return std::nullopt;
}

}  // namespace spillway::config
