#include "spillway/route/decide.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>
#include <tuple>

#include "spillway/base/text.hpp"
#include "spillway/route/preference.hpp"

namespace spillway::route {

namespace {

std::optional<NanoUsd> lower_of(std::optional<NanoUsd> a, std::optional<NanoUsd> b)
{
    return a && b ? std::min(*a, *b) : a ? a : b;
}

Limits limits_of(const Features& request, const Standing& standing)
{
    Limits limits;
    limits.access = standing.access;
    limits.boundary = request.boundary;
    limits.task = request.task;
    limits.content = request.content;
    limits.prompt = request.prompt_upper;
    limits.uppers = request.uppers;
    limits.largest_input = request.largest_input;
    limits.answer = request.answer;
    limits.choices = request.choices;
    limits.max_cost = request.max_cost;
    return limits;
}

/// The rule that takes the request; null: none, so `otherwise`.
const config::RouteRule* first_that_holds(const Features& request, const CompiledRoute& route,
                                          const Standing& standing, Explanation& why)
{
    why.rules.reserve(route.source().rules.size());
    for (const auto& rule : route.source().rules) {
        RuleSeen seen{rule.name, false, {}};
        seen.held = holds(rule.when, request, route, rule.action, standing, seen.because);
        why.rules.push_back(std::move(seen));
        if (why.rules.back().held)
            return &rule;
    }
    return nullptr;
}

/// Who keeps it local; a budget that does is told of apart.
BoundaryBy bound_by(const Features& request, const config::RouteAction& action)
{
    if (request.boundary != privacy::Boundary::local && action.boundary == privacy::Boundary::local)
        return BoundaryBy::rule;
    return request.boundary_by;
}

/// What routes do at the used share of the tightest budget that pays; nothing below the first step.
std::optional<config::BudgetTurn> budget_turn(const CompiledRoute& route,
                                              const config::RouteAction& action,
                                              const Standing& standing)
{
    const auto& own = route.source().on_budget;
    const auto& steps = own.empty() ? standing.on_budget : own;
    if (steps.empty())
        return std::nullopt;
    const auto left = tightest_left(action, standing).value_or(1);
    std::optional<config::BudgetTurn> turn;
    for (const auto& step : steps)
        if (1 - left >= step.used)
            turn = step.turn;
    return turn;
}

/// Judges the members of one hop. @return Whether anybody is left.
bool judge_hop(const Resolved& hop, const Limits& limits, const Standing& standing, Plan& plan)
{
    bool anybody = false;
    for (const auto member : standing.table[hop.group].members) {
        if (hop.pinned && *hop.pinned != member)
            continue;
        const auto& deployment = standing.table[member];
        Candidate candidate{member, hop.group, Verdict::kept, {}, {}};
        candidate.window = window_of(deployment, standing.fleet[member].window);
        candidate.verdict = judge(deployment, limits, standing.fleet[member], standing.now);
        if (!rules_out(candidate.verdict) && !keeps_vectors(deployment, hop.wildcard, limits))
            candidate.verdict = Verdict::other_vectors;
        candidate.worst_cost =
            worst_cost(deployment, limits.prompt_for(deployment), limits.answer, limits.choices);
        const auto* budgets = standing.budget.targets;
        if (candidate.verdict == Verdict::kept && budgets != nullptr && candidate.worst_cost &&
            !budgets->affords(hop.group, member, *candidate.worst_cost))
            candidate.verdict = Verdict::over_budget;
        anybody = anybody || !rules_out(candidate.verdict);
        plan.why.candidates.push_back(candidate);
    }
    return anybody;
}

/// A hop that the caller's key may not use: that it is there is told, and nothing else of it.
void note_forbidden(const Resolved& hop, const Standing& standing, Plan& plan)
{
    for (const auto member : standing.table[hop.group].members)
        if (!hop.pinned || *hop.pinned == member)
            plan.why.candidates.push_back({member, hop.group, Verdict::not_allowed, {}, {}});
}

/// Of the best member that may serve: what orders hops for a preference.
double rank_of(Preference prefer, const Resolved& hop, const Limits& limits,
               const Standing& standing)
{
    double best = std::numeric_limits<double>::max();
    for (const auto member : standing.table[hop.group].members) {
        const auto& deployment = standing.table[member];
        const auto& state = standing.fleet[member];
        if ((hop.pinned && *hop.pinned != member) ||
            rules_out(judge(deployment, limits, state.window)))
            continue;
        best = std::min(best, rank_of(prefer, deployment, state, limits));
    }
    return best;
}

/// Sorts the chain by what the client would like: it never holds more than the rule allows.
void apply_preference(Preference prefer, const Standing& standing, Plan& plan)
{
    if (prefer == Preference::none)
        return;
    plan.prefer = prefer;
    std::vector<std::pair<double, Resolved>> ranked;
    for (auto& hop : plan.hops)
        ranked.emplace_back(rank_of(prefer, hop, plan.limits, standing), std::move(hop));
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    plan.hops.clear();
    for (auto& [rank, hop] : ranked)
        plan.hops.push_back(std::move(hop));
}

/// Candidates as the plan has its hops, and in a hop as they are preferred; those of hops that the
/// plan left out come last.
void sort_candidates(const Standing& standing, Plan& plan)
{
    if (plan.prefer == Preference::none)
        return;
    const auto key = [&](const Candidate& each) {
        const auto hop =
            std::find_if(plan.hops.begin(), plan.hops.end(), [&](const Resolved& place) {
                return place.group == each.group &&
                       (!place.pinned || *place.pinned == each.deployment);
            });
        return std::tuple(hop - plan.hops.begin(), rules_out(each.verdict),
                          rank_of(plan.prefer, standing.table[each.deployment],
                                  standing.fleet[each.deployment], plan.limits));
    };
    auto& candidates = plan.why.candidates;
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
}

bool any_is(const std::vector<Candidate>& candidates, Verdict verdict)
{
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](const Candidate& each) { return each.verdict == verdict; });
}

/// Why nobody is left: of several reasons the one that the client can do least about comes first,
/// because lifting another would not help.
Error nobody_left(const Plan& plan, const Standing& standing, std::string_view asked)
{
    const auto& candidates = plan.why.candidates;
    const bool none_allowed =
        std::all_of(candidates.begin(), candidates.end(),
                    [](const Candidate& each) { return each.verdict == Verdict::not_allowed; });
    if (none_allowed && plan.limits.access.grant)
        return {Errc::key_model_denied, "key not allowed to access any model that route \"" +
                                            printable(asked, 80) + "\" leads to here."};
    const auto tail = " (" + compact(plan.why, standing.table) + ")";
    const auto name = printable(asked, 80);
    if (plan.limits.boundary == privacy::Boundary::local)
        return {Errc::no_local_deployment,
                "This request must stay local, and no local deployment can serve it" + tail + "."};
    if (any_is(candidates, Verdict::too_small))
        return {
            Errc::context_window_exceeded,
            "ContextWindowExceededError: the prompt of about " +
                std::to_string(count(largest_of(plan.limits.prompt, plan.limits.largest_input))) +
                " tokens and the answer fit no deployment of \"" + name + "\"" + tail + "."};
    if (any_is(candidates, Verdict::too_dear))
        return {Errc::cost_ceiling, "Every deployment of \"" + name +
                                        "\" may cost more than the ceiling allows" + tail + "."};
    return {Errc::unsupported_content,
            "No deployment of \"" + name + "\" supports what the request needs" + tail + "."};
}

tl::unexpected<Error> refusal(Plan& plan, const Standing& standing, std::string_view asked,
                              Explanation* why)
{
    auto error = nobody_left(plan, standing, asked);
    if (why != nullptr)
        *why = std::move(plan.why);
    return fail(std::move(error));
}

/// The budgets leave local targets only, and there are none that serve.
tl::unexpected<Error> budget_refusal(Plan& plan, const Standing& standing, Explanation* why)
{
    Error error(
        Errc::budget_exceeded,
        "Budget has been exceeded! Of the tightest budget so much is used that route \"" +
            printable(plan.why.route, 80) +
            "\" may only use local deployments (on_budget), and none of them can serve it (" +
            compact(plan.why, standing.table) + ").");
    if (why != nullptr)
        *why = std::move(plan.why);
    return fail(std::move(error));
}

void note_score(const Features& request, Explanation& why)
{
    if (!request.score)
        return;
    if (request.score->abstention != score::Abstention::none) {
        why.score = "abstained";
        return;
    }
    std::array<char, 16> rank{};
    std::snprintf(rank.data(), rank.size(), " %.2f", static_cast<double>(request.score->rank));
    why.score = std::string(score::name(request.score->tier)) + rank.data();
}

void note_worst_cost(Plan& plan)
{
    plan.worst_cost = NanoUsd{0};
    for (const auto& candidate : plan.why.candidates) {
        if (rules_out(candidate.verdict))
            continue;
        if (!candidate.worst_cost) {
            plan.worst_cost.reset();
            return;
        }
        plan.worst_cost = std::max(*plan.worst_cost, *candidate.worst_cost);
    }
}

}  // namespace

Result<Plan> decide(const Features& request, const CompiledRoute& route, const Standing& standing,
                    Explanation* why)
{
    Plan plan;
    plan.beyond = Beyond::nothing;
    plan.why.route = route.source().name;
    const auto* rule = first_that_holds(request, route, standing, plan.why);
    const auto& action = rule != nullptr ? rule->action : route.source().otherwise;
    plan.why.rule = rule != nullptr ? rule->name : "otherwise";
    note_score(request, plan.why);

    plan.limits = limits_of(request, standing);
    plan.limits.fit = Fit::checked;
    plan.limits.boundary = privacy::narrower(request.boundary, action.boundary);
    const auto turn = budget_turn(route, action, standing);
    const bool held_by_budget =
        turn == config::BudgetTurn::local_only && plan.limits.boundary != privacy::Boundary::local;
    if (held_by_budget)
        plan.limits.boundary = privacy::Boundary::local;
    if (turn)
        plan.why.budget = *turn;
    // A page that takes no parameters has its answer shortened by nobody.
    plan.limits.answer_fit =
        request.wording == Wording::none ? config::AnswerFit::as_asked : action.answer_fit;
    plan.parameters = parameters_for(request.wording, action.parameters);
    // What the rule sets goes over the client's own on the wire, so it is what is judged.
    const auto asked = answer_under(request, plan.parameters);
    plan.limits.answer = asked.longest;
    plan.limits.choices = asked.choices;
    plan.limits.max_cost = lower_of(request.max_cost, action.max_cost);
    plan.why.boundary = plan.limits.boundary;
    plan.why.boundary_by = bound_by(request, action);
    plan.why.prefer = request.prefer;
    plan.strategy = action.strategy;
    plan.timeout = action.timeout;
    plan.first_token_timeout = action.first_token_timeout;
    plan.patience = action.patience;
    plan.overflow = action.overflow;
    plan.priority = action.priority;
    plan.verify = action.verify;

    for (const auto& name : action.use) {
        auto hop = standing.table.resolve(name);
        // The first target's, however it fares now: which vectors come must not depend on that.
        if (hop && request.task == config::Task::embedding && plan.limits.vectors.empty())
            plan.limits.vectors = vectors_at(*hop, standing.table);
        if (!hop)
            continue;
        if (!may_be_led(plan.limits.access, name, standing.table[hop->group].name))
            note_forbidden(*hop, standing, plan);
        else if (judge_hop(*hop, plan.limits, standing, plan))
            plan.hops.push_back(*std::move(hop));
    }
    if (plan.hops.empty() && held_by_budget)
        return budget_refusal(plan, standing, why);
    if (plan.hops.empty())
        return refusal(plan, standing, plan.why.route, why);
    apply_preference(request.prefer, standing, plan);
    if (turn == config::BudgetTurn::local_first)
        apply_preference(Preference::local, standing, plan);
    sort_candidates(standing, plan);
    note_worst_cost(plan);
    return plan;
}

Result<Plan> decide(const Features& request, const Resolved& model, const Standing& standing,
                    Explanation* why)
{
    Plan plan;
    plan.limits = limits_of(request, standing);
    plan.limits.task = config::Task::other;
    plan.limits.content = {};
    if (request.task == config::Task::embedding)
        plan.limits.vectors = vectors_at(model, standing.table);
    plan.prefer = plan.why.prefer = request.prefer;
    plan.why.boundary = plan.limits.boundary;
    plan.why.boundary_by = request.boundary_by;
    plan.hops.push_back(model);
    const bool anybody = judge_hop(model, plan.limits, standing, plan);
    // Its fallbacks may still be local, or cheaper; the chain asks each of them the same.
    const bool leads_on =
        !standing.table.fallbacks(model.group, model.asked, FallbackList::general).empty();
    if (!anybody && !leads_on)
        return refusal(plan, standing, standing.table[model.group].name, why);
    sort_candidates(standing, plan);
    note_worst_cost(plan);
    return plan;
}

}  // namespace spillway::route
