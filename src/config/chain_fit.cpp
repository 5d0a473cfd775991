#include "spillway/config/chain_fit.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "spillway/config/answer_length.hpp"
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
                return row.mode == Mode::embedding || row.mode == Mode::unset ||
                       row.group.ends_with('*');
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

/// What people write comes to no less than this share of it with the models of another family.
constexpr double least_share = 0.25;
/// Figures that are this near each other, in USD, are not told apart.
constexpr double one_nano = 1e-9;
constexpr double nano_per_usd = 1e9;

/// What a rule's own `params` say of answers. Then that is what fits and costs, and not what the
/// request asks for, which `total_tokens` counts.
struct AnswerSet {
    std::optional<double> length;
    double paid = 1;  ///< Answers that are paid for, at least.
};

/// As `answer_asked` in src/route/limits.cpp reads them.
AnswerSet answer_set(const RouteAction& action)
{
    constexpr std::int64_t most_paid = 128;
    AnswerSet set;
    for (const auto& [name, json] : action.parameters) {
        std::int64_t value = 0;
        const auto* const end = json.data() + json.size();
        const auto read = std::from_chars(json.data(), end, value);
        if (read.ec != std::errc{} || read.ptr != end || value < 1)
            continue;
        if (is_answer_length(name))
            set.length = std::max(set.length.value_or(0), static_cast<double>(value));
        else if (name == "n" || name == "best_of")
            set.paid = std::max(set.paid, static_cast<double>(std::min(value, most_paid)));
    }
    return set;
}

/// Who makes vectors writes no answer, whatever a rule sets.
AnswerSet answer_of(const Deployment& deployment, const RouteAction& action)
{
    return deployment.mode == Mode::embedding ? AnswerSet{} : answer_set(action);
}

/// May a request have a `cost` there? Only a price above zero gives one (`price_of` in
/// src/route/conditions.cpp).
bool may_cost(const Deployment& row)
{
    const auto input = dearest_input(row);
    const auto output = dearest_output(row);
    return input && (count(*input) > 0 || (output && count(*output) > 0));
}

/// Is the longest answer of `row` as long as that of `other`, and are as many paid for, whatever a
/// request asks for?
bool answers_as_long(const Deployment& row, const Deployment& other)
{
    const auto& most = row.max_output_tokens;
    const auto& others = other.max_output_tokens;
    const bool as_long = most.has_value() == others.has_value() && (!most || *most >= *others);
    return as_long && row.defaults == other.defaults;
}

}  // namespace

Servers::Servers(const Config& config, const Environment& environment,
                 const privacy::LocalHosts& hosts)
    : config_(config)
{
    const PriceBook book(built_in_prices(), config.prices);
    for (const auto& deployment : config.deployments) {
        Row row{deployment, privacy::Reach::remote, Place::cloud, {}, Reading::in_part};
        if (const auto resolved = resolve(deployment, environment)) {
            row.reach = planned_reach(deployment, resolved->base, hosts);
            row.place = deployment.local.value_or(resolved->place == Place::local) ? Place::local
                                                                                   : Place::cloud;
            const auto& model = resolved->upstream_model;
            if (model.find('*') == std::string::npos) {
                row.family = tokens::family_of(model);
                row.reading = Reading::whole;
            }
            const auto rate = rate_of(deployment, model, row.place, book, config.local);
            complete(row.deployment, model, row.place, book, rate);
        }
        rows_.push_back(std::move(row));
    }
}

std::vector<std::size_t> Servers::behind(std::string_view name) const
{
    // One step, as requests take it: aliases may name each other in a circle.
    if (const auto alias = config_.router.aliases.find(std::string(name));
        alias != config_.router.aliases.end())
        name = alias->second.group;
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
    const bool own = row.family && counted == row.family;
    return std::max(otherwise, fewest(span) * (own ? 1 : least_share));
}

/// Is even the smallest request over the ceiling? A token of prompt and none of an answer, unless
/// the rule asks for more, or sets it. Without a known price everything is.
bool Servers::too_dear(const Row& row, const Bounds& bounds, double ceiling_nano,
                       const RouteAction& action, std::optional<tokens::Family> counted)
{
    const auto input = dearest_input(row.deployment);
    if (!input)
        return row.place != Place::local;
    const auto output = dearest_output(row.deployment).value_or(PicoUsdPerToken{0});
    const double prompt = least(row, bounds[Measure::prompt_tokens].span, 1, counted);
    const auto set = answer_of(row.deployment, action);
    const double rest =
        set.length ? *set.length
                   : least(row, bounds[Measure::total_tokens].span, prompt, counted) - prompt;
    const double longest =
        row.deployment.max_output_tokens
            ? std::min(rest, static_cast<double>(count(*row.deployment.max_output_tokens)))
            : rest;
    const double answers = longest * set.paid * static_cast<double>(count(output));
    // What is beyond the prompt is all prompt or all answer, whichever is cheaper.
    const double cheapest =
        prompt * static_cast<double>(count(*input)) +
        (set.length ? answers : std::min(rest * static_cast<double>(count(*input)), answers));
    constexpr double pico_per_nano = 1'000;
    return cheapest > ceiling_nano * pico_per_nano;
}

std::optional<std::vector<std::size_t>> Servers::priced(const RouteAction& action) const
{
    std::vector<std::size_t> found;
    for (const auto& name : action.use) {
        const auto rows = behind(name);
        if (rows.empty())
            return std::nullopt;
        for (const auto index : rows) {
            if (rows_[index].reading == Reading::in_part)
                return std::nullopt;
            if (may_cost(rows_[index].deployment))
                found.push_back(index);
        }
    }
    return found;
}

bool Servers::prices_nothing(const RouteAction& action) const
{
    const auto found = priced(action);
    return found && found->empty();
}

bool Servers::all_behind(std::string_view name, Trait trait) const
{
    const auto found = behind(name);
    return !found.empty() && std::all_of(found.begin(), found.end(), [&](std::size_t index) {
        const auto& row = rows_[index];
        const bool known = row.reading == Reading::whole;
        switch (trait) {
            case Trait::embeds:
                return row.deployment.mode == Mode::embedding;
            case Trait::unpriced:
                return known && row.place != Place::local &&
                       !(dearest_input(row.deployment) && dearest_output(row.deployment));
            case Trait::costs:
                break;
        }
        return known && may_cost(row.deployment);
    });
}

double Servers::least_ratio(const Row& row, const Row& other)
{
    const auto ratio = [](auto price, auto others) {
        constexpr double any = std::numeric_limits<double>::infinity();
        const auto amount = [](auto each) {
            return each ? static_cast<double>(count(*each)) : 0.0;
        };
        return amount(others) > 0 ? amount(price) / amount(others) : any;
    };
    const double share = row.family && row.family == other.family ? 1 : least_share;
    const double prompt =
        share * ratio(dearest_input(row.deployment), dearest_input(other.deployment));
    const auto output = dearest_output(other.deployment);
    const bool as_long =
        !output || count(*output) == 0 || answers_as_long(row.deployment, other.deployment);
    const double answer =
        as_long ? ratio(dearest_output(row.deployment), dearest_output(other.deployment)) : 0;
    return std::min({prompt, answer, 1.0});
}

/// `cost` is the worst case of the first target that has one, and `max_cost` is held against the
/// same worst case of each target (`price_of` in src/route/conditions.cpp, `judge` in
/// src/route/limits.cpp). Which target is the first may depend on the request, so all are tried.
bool Servers::over_ceiling(std::size_t index, const Bounds& bounds, const RouteAction& action) const
{
    const auto& cost = bounds[Measure::cost_usd].span;
    const auto weighed = action.max_cost && cost.low ? priced(action) : std::nullopt;
    if (!weighed || weighed->empty())
        return false;
    const double ceiling = static_cast<double>(count(*action.max_cost)) / nano_per_usd;
    return std::all_of(weighed->begin(), weighed->end(), [&](std::size_t asked) {
        const double ratio = asked == index ? 1 : least_ratio(rows_[index], rows_[asked]);
        if (ratio >= 1)
            return overlap(cost, Span{std::nullopt, ceiling}).empty();
        return (*cost.low - one_nano) * ratio > ceiling + one_nano;
    });
}

std::optional<Unfit> Servers::no_such_cost(const Bounds& bounds, const RouteAction& action,
                                           std::optional<tokens::Family> counted) const
{
    const auto& cost = bounds[Measure::cost_usd];
    const auto weighed = cost.at.line != 0 ? priced(action) : std::nullopt;
    if (!weighed)
        return std::nullopt;
    if (weighed->empty())
        return Unfit{"nothing in `use` has a price above 0, so `cost` never holds", cost.at};
    const bool long_ones = bounds[Measure::prompt_tokens].span.low ||
                           bounds[Measure::total_tokens].span.low || answer_set(action).length;
    const auto dearer = [&](std::size_t index) {
        return too_dear(rows_[index], bounds, *cost.span.high * nano_per_usd + 1, action, counted);
    };
    if (long_ones && cost.span.high && std::all_of(weighed->begin(), weighed->end(), dearer))
        return Unfit{"so many tokens cost more everywhere in `use`", cost.at};
    return std::nullopt;
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
    const auto set = answer_of(deployment, action);
    const auto overflows = [&](Measure measure, double beside = 0) {
        const auto& window = deployment.max_input_tokens;
        return window && least(row, bounds[measure].span, 0, counted) + beside >
                             static_cast<double>(count(*window));
    };
    if (overflows(Measure::prompt_tokens))
        return Unfit{"has a smaller window than the rule asks for",
                     bounds[Measure::prompt_tokens].at};
    // Where the answer may be shortened, it does not count.
    const bool whole = action.answer_fit == AnswerFit::as_asked;
    if (whole && set.length && overflows(Measure::prompt_tokens, *set.length))
        return Unfit{"has a smaller window than the answer that `params` asks for", {}};
    if (whole && !set.length && overflows(Measure::total_tokens))
        return Unfit{"has a smaller window than the rule asks for",
                     bounds[Measure::total_tokens].at};
    if (action.max_cost &&
        too_dear(row, bounds, static_cast<double>(count(*action.max_cost)), action, counted))
        return Unfit{"costs more than max_cost whatever is asked", {}};
    if (over_ceiling(index, bounds, action))
        return Unfit{"costs more than max_cost wherever `cost` holds",
                     bounds[Measure::cost_usd].at};
    return std::nullopt;
}

}  // namespace spillway::config
