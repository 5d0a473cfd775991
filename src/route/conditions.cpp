// What the conditions of a rule mean for one request.
#include <algorithm>
#include <array>
#include <type_traits>

#include "name_pattern.hpp"
#include "spillway/base/text.hpp"
#include "spillway/route/decide.hpp"
#include "spillway/score/share_tracker.hpp"

namespace spillway::route {

namespace {

using config::Condition;

/// Everything that a condition may look at.
struct Situation {
    const Features& request;
    const CompiledRoute& route;
    const config::RouteAction& action;
    const Standing& standing;
};

std::string_view word_of(config::Measure measure)
{
    switch (measure) {
        case config::Measure::prompt_tokens:
            return "prompt_tokens";
        case config::Measure::total_tokens:
            return "total_tokens";
        case config::Measure::turns:
            return "turns";
        case config::Measure::score:
            return "complexity";
        case config::Measure::cost_usd:
            break;
    }
    return "cost";
}

/// The worst case on the first target of the rule whose price is known and is not zero.
std::optional<NanoUsd> price_of(const Situation& at)
{
    const auto& table = at.standing.table;
    const auto asked =
        answer_under(at.request, parameters_for(at.request.wording, at.action.parameters));
    for (const auto& name : at.action.use) {
        const auto place = table.resolve(name);
        if (!place)
            continue;
        for (const auto member : table[place->group].members) {
            const bool meant = !place->pinned || *place->pinned == member;
            const auto prompt = at.request.uppers.of(table[member].family, at.request.prompt_upper);
            const auto cost = worst_cost(table[member], prompt, asked.longest, asked.choices);
            if (meant && cost && count(*cost) > 0)
                return cost;
        }
    }
    return std::nullopt;
}

std::optional<double> measured(config::Measure measure, const Situation& at)
{
    const auto& request = at.request;
    switch (measure) {
        case config::Measure::prompt_tokens:
            return static_cast<double>(count(request.prompt_upper));
        case config::Measure::total_tokens:
            return static_cast<double>(
                count(request.prompt_upper + request.answer.value_or(Tokens{0})));
        case config::Measure::turns:
            return request.turns;
        case config::Measure::score:
            if (!request.score || request.score->abstention != score::Abstention::none)
                return std::nullopt;
            return request.score->rank;
        case config::Measure::cost_usd:
            break;
    }
    const auto cost = price_of(at);
    return cost ? std::optional(static_cast<double>(count(*cost)) / 1e9) : std::nullopt;
}

/// The tier, where the route weighs the gain against its price: dear help is worth it only where
/// it is expected to help enough.
std::optional<score::Tier> tier_of(const Situation& at)
{
    const auto& score = at.request.score;
    if (!score)
        return std::nullopt;
    const auto& worth = at.route.source().complexity.gain_worth;
    if (!worth || score->abstention != score::Abstention::none)
        return score->tier;
    const auto price = price_of(at);
    const bool pays = price && score::worth_it(score->gain, *price, *worth);
    return pays ? std::max(score->tier, score::Tier::complex)
                : std::min(score->tier, score::Tier::moderate);
}

template <class T>
bool among(const std::vector<T>& any_of, T value)
{
    return std::find(any_of.begin(), any_of.end(), value) != any_of.end();
}

bool answered_yes(std::uint64_t question, const Features& request)
{
    const auto& probes = request.probes;
    const auto found = std::lower_bound(
        probes.begin(), probes.end(), question,
        [](const Probe& probe, std::uint64_t wanted) { return probe.question < wanted; });
    return found != probes.end() && found->question == question && found->yes;
}

bool is_named(const config::IdentityIs& test, const std::string& id, const std::string& alias)
{
    return (!id.empty() && matches_any(test.any_of, id)) ||
           (!alias.empty() && matches_any(test.any_of, alias));
}

bool is_identity(const config::IdentityIs& test, const Features& request)
{
    switch (test.identity) {
        case config::Identity::key:
            return is_named(test, request.key, request.key_alias);
        case config::Identity::team:
            return is_named(test, request.team, request.team_alias);
        case config::Identity::end_user:
            return !request.end_user.empty() && matches_any(test.any_of, request.end_user);
        case config::Identity::tag:
            break;
    }
    return std::any_of(request.tags.begin(), request.tags.end(),
                       [&](const std::string& tag) { return matches_any(test.any_of, tag); });
}

std::optional<double> lower_of(std::optional<double> a, std::optional<double> b)
{
    return a && b ? std::min(*a, *b) : a ? a : b;
}

/// Of the places that the action leads to and that cost money, the one with most left: while it can
/// pay, the route can.
std::optional<double> left_of_targets(const config::RouteAction& action, const Standing& standing)
{
    const auto* budgets = standing.budget.targets;
    if (budgets == nullptr)
        return std::nullopt;
    std::optional<double> most;
    for (const auto& name : action.use) {
        const auto place = standing.table.resolve(name);
        if (!place)
            continue;
        for (const auto member : standing.table[place->group].members) {
            const bool meant = !place->pinned || *place->pinned == member;
            if (!meant || standing.table[member].reach == privacy::Reach::local)
                continue;
            most = std::max(most.value_or(0), budgets->left(place->group, member).value_or(1));
        }
    }
    return most;
}

/// The share of the tightest cap, or of the one that is named; without a cap all of it is left.
double left_of(std::string_view scope, const Situation& at)
{
    const auto& budget = at.standing.budget;
    const std::array<std::pair<std::string_view, std::optional<double>>, 6> named{{
        {"proxy", budget.proxy},
        {"key", budget.key},
        {"team", budget.team},
        {"user", budget.user},
        {"end_user", budget.end_user},
        {"tag", budget.tag},
    }};
    for (const auto& [name, left] : named)
        if (scope == name)
            return left.value_or(1);
    if (scope == "route")
        return left_of_targets(at.action, at.standing).value_or(1);
    return tightest_left(at.action, at.standing).value_or(1);
}

bool group_is(const config::GroupIs& test, const Standing& standing)
{
    const auto place = standing.table.resolve(test.group);
    if (!place)
        return false;
    const auto& members = standing.table[place->group].members;
    const auto serves = [&](DeploymentIndex member) {
        const auto& state = standing.fleet[member];
        return state.serves(standing.now) && !state.doubtful(Tokens{1}, standing.now);
    };
    const auto saturated = [&](DeploymentIndex member) {
        const auto& state = standing.fleet[member];
        return is_saturated(standing.table[member], state) ||
               state.admits_at(chat::TokenWish{}) > standing.now;
    };
    switch (test.state) {
        case config::GroupState::healthy:
            return std::any_of(members.begin(), members.end(), serves);
        case config::GroupState::saturated:
            return std::all_of(members.begin(), members.end(), [&](DeploymentIndex member) {
                return !serves(member) || saturated(member);
            });
        case config::GroupState::warm:
            break;
    }
    return std::any_of(members.begin(), members.end(), [&](DeploymentIndex member) {
        return serves(member) && standing.fleet[member].warm;
    });
}

bool test_of(const config::NumberIs& test, const Situation& at)
{
    const auto value = measured(test.measure, at);
    return value && test.span.holds(*value);
}
bool test_of(const config::TierIs& test, const Situation& at)
{
    const auto tier = tier_of(at);
    return tier && *tier >= test.low && *tier <= test.high;
}
bool test_of(const config::HasContent& test, const Situation& at)
{
    return std::any_of(test.any_of.begin(), test.any_of.end(),
                       [&](config::Content each) { return at.request.content.has(each); });
}
bool test_of(const config::TaskIs& test, const Situation& at)
{
    return among(test.any_of, at.request.task);
}
bool test_of(const config::ClientIs& test, const Situation& at)
{
    return among(test.any_of, at.request.client);
}
bool test_of(const config::IsSensitive& test, const Situation& at)
{
    return !(test.classes & at.request.sensitive).empty();
}
bool test_of(const config::IdentityIs& test, const Situation& at)
{
    return is_identity(test, at.request);
}
bool test_of(const config::TimeIs& test, const Situation& at)
{
    const int minute = at.request.minute_of_week;
    return std::any_of(test.any_of.begin(), test.any_of.end(), [&](const auto& window) {
        return minute >= window.from && minute < window.to;
    });
}
bool test_of(const config::BudgetLeft& test, const Situation& at)
{
    return test.percent.holds(100 * left_of(test.scope, at));
}
bool test_of(const config::GroupIs& test, const Situation& at)
{
    return group_is(test, at.standing);
}

/// The key of the file by which a condition is known to its author.
std::string_view word_of(const Condition& condition)
{
    return std::visit(
        [](const auto& test) -> std::string_view {
            using Test = std::decay_t<decltype(test)>;
            if constexpr (std::is_same_v<Test, config::NumberIs>)
                return word_of(test.measure);
            else if constexpr (std::is_same_v<Test, config::TierIs>)
                return "complexity";
            else if constexpr (std::is_same_v<Test, config::HasContent>)
                return "has";
            else if constexpr (std::is_same_v<Test, config::TaskIs>)
                return "task";
            else if constexpr (std::is_same_v<Test, config::ClientIs>)
                return "client";
            else if constexpr (std::is_same_v<Test, config::SaysWords>)
                return "words";
            else if constexpr (std::is_same_v<Test, config::Matches>)
                return "matches";
            else if constexpr (std::is_same_v<Test, config::IsSensitive>)
                return "sensitive";
            else if constexpr (std::is_same_v<Test, config::HeaderIs>)
                return "header";
            else if constexpr (std::is_same_v<Test, config::MetadataIs>)
                return "metadata";
            else if constexpr (std::is_same_v<Test, config::IdentityIs>)
                return test.identity == config::Identity::key        ? "key"
                       : test.identity == config::Identity::team     ? "team"
                       : test.identity == config::Identity::end_user ? "end_user"
                                                                     : "tag";
            else if constexpr (std::is_same_v<Test, config::TimeIs>)
                return "time";
            else if constexpr (std::is_same_v<Test, config::BudgetLeft>)
                return "budget_left";
            else if constexpr (std::is_same_v<Test, config::GroupIs>)
                return "group";
            else if constexpr (std::is_same_v<Test, config::AllOf>)
                return "all";
            else if constexpr (std::is_same_v<Test, config::AnyOf>)
                return "any";
            else
                return "not";
        },
        condition.test);
}

void note(std::string& because, std::string_view word)
{
    because += (because.empty() ? "" : ", ") + std::string(word);
}

/// Evaluates; `because` gets the words of what decided: the parts that held, or the first that did
/// not.
bool evaluate(const Condition& condition, const Situation& at, std::string& because)
{
    if (const auto* all = std::get_if<config::AllOf>(&condition.test)) {
        std::string held;
        for (const auto& part : all->parts) {
            std::string why;
            if (!evaluate(part, at, why)) {
                note(because, why);
                return false;
            }
            note(held, why);
        }
        note(because, held);
        return true;
    }
    if (const auto* any = std::get_if<config::AnyOf>(&condition.test)) {
        for (const auto& part : any->parts) {
            std::string why;
            if (evaluate(part, at, why)) {
                note(because, why);
                return true;
            }
        }
        note(because, "any");
        return false;
    }
    if (const auto* none = std::get_if<config::NotAny>(&condition.test)) {
        for (const auto& part : none->parts) {
            std::string why;
            if (evaluate(part, at, why)) {
                note(because, "not " + why);
                return false;
            }
        }
        note(because, "not");
        return true;
    }
    note(because, word_of(condition));
    return std::visit(
        [&](const auto& test) {
            if constexpr (requires { test_of(test, at); })
                return test_of(test, at);
            else
                return answered_yes(condition.question, at.request);
        },
        condition.test);
}

}  // namespace

std::optional<double> BudgetView::tightest() const
{
    std::optional<double> left;
    for (const auto& each : {proxy, key, team, user, end_user, tag})
        left = lower_of(left, each);
    return left;
}

std::optional<double> tightest_left(const config::RouteAction& action, const Standing& standing)
{
    return lower_of(standing.budget.tightest(), left_of_targets(action, standing));
}

bool holds(const Condition& condition, const Features& request, const CompiledRoute& route,
           const config::RouteAction& action, const Standing& standing, std::string& because)
{
    return evaluate(condition, {request, route, action, standing}, because);
}

}  // namespace spillway::route
