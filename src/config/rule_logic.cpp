#include "spillway/config/rule_logic.hpp"

#include <algorithm>
#include <type_traits>

namespace spillway::config {

namespace {

Span& span_of(Bounds& bounds, Measure measure)
{
    switch (measure) {
        case Measure::prompt_tokens:
            return bounds.prompt_tokens;
        case Measure::total_tokens:
            return bounds.total_tokens;
        case Measure::turns:
            return bounds.turns;
        case Measure::score:
            return bounds.score;
        case Measure::cost_usd:
            break;
    }
    return bounds.cost;
}

void narrow(Bounds& bounds, const Condition& condition)
{
    if (const auto* all = std::get_if<AllOf>(&condition.test)) {
        for (const auto& part : all->parts)
            narrow(bounds, part);
    } else if (const auto* number = std::get_if<NumberIs>(&condition.test)) {
        auto& span = span_of(bounds, number->measure);
        span = overlap(span, number->span);
    } else if (const auto* tier = std::get_if<TierIs>(&condition.test)) {
        bounds.lowest = std::max(bounds.lowest, tier->low);
        bounds.highest = std::min(bounds.highest, tier->high);
    } else if (const auto* task = std::get_if<TaskIs>(&condition.test)) {
        auto tasks = task->any_of;
        if (bounds.tasks)
            std::erase_if(tasks, [&](Task each) {
                return std::find(bounds.tasks->begin(), bounds.tasks->end(), each) ==
                       bounds.tasks->end();
            });
        bounds.tasks = std::move(tasks);
    } else if (const auto* has = std::get_if<HasContent>(&condition.test)) {
        if (has->any_of.size() == 1)
            bounds.contents.push_back(has->any_of.front());
    } else if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
        if (any->parts.size() == 1)
            narrow(bounds, any->parts.front());
    }
}

template <class T>
bool subset(const std::vector<T>& part, const std::vector<T>& whole)
{
    return std::all_of(part.begin(), part.end(), [&](const T& each) {
        return std::find(whole.begin(), whole.end(), each) != whole.end();
    });
}

bool inside(const Span& inner, const Span& outer)
{
    return overlap(inner, outer) == inner;
}

/// The same kind of test, and whatever passes `strong` passes `weak`.
bool leaf_implies(const Condition& stronger, const Condition& weaker)
{
    if (stronger.test.index() != weaker.test.index())
        return false;
    return std::visit(
        [&](const auto& strong) {
            using Test = std::decay_t<decltype(strong)>;
            const auto& weak = std::get<Test>(weaker.test);
            if constexpr (std::is_same_v<Test, NumberIs>)
                return strong.measure == weak.measure && inside(strong.span, weak.span);
            else if constexpr (std::is_same_v<Test, TierIs>)
                return strong.low >= weak.low && strong.high <= weak.high;
            else if constexpr (std::is_same_v<Test, SaysWords> || std::is_same_v<Test, Matches>)
                return strong.where == weak.where && subset(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, HeaderIs>)
                return strong.name == weak.name && subset(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, MetadataIs>)
                return strong.path == weak.path && subset(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, IdentityIs>)
                return strong.identity == weak.identity && subset(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, BudgetLeft>)
                return strong.scope == weak.scope && inside(strong.percent, weak.percent);
            else if constexpr (std::is_same_v<Test, GroupIs>)
                return strong.group == weak.group && strong.state == weak.state;
            else if constexpr (std::is_same_v<Test, AllOf> || std::is_same_v<Test, AnyOf> ||
                               std::is_same_v<Test, NotAny> || std::is_same_v<Test, TimeIs>)
                return false;
            else
                return subset(strong.any_of, weak.any_of);
        },
        stronger.test);
}

/// A part of a conjunction that another part forbids.
bool forbids(const Condition& condition, const Condition& part)
{
    const auto* none = std::get_if<NotAny>(&condition.test);
    return none != nullptr && std::any_of(none->parts.begin(), none->parts.end(),
                                          [&](const auto& each) { return implies(part, each); });
}

}  // namespace

Span overlap(const Span& a, const Span& b)
{
    Span both = a;
    if (b.low && (!both.low || *b.low > *both.low ||
                  (*b.low == *both.low && b.low_end == Span::End::open))) {
        both.low = b.low;
        both.low_end = b.low_end;
    }
    if (b.high && (!both.high || *b.high < *both.high ||
                   (*b.high == *both.high && b.high_end == Span::End::open))) {
        both.high = b.high;
        both.high_end = b.high_end;
    }
    return both;
}

Bounds bounds_of(const Condition& condition)
{
    Bounds bounds;
    narrow(bounds, condition);
    return bounds;
}

std::string contradiction(const Condition& condition)
{
    const auto bounds = bounds_of(condition);
    if (bounds.prompt_tokens.empty())
        return "no number of prompt_tokens satisfies all of it";
    if (bounds.total_tokens.empty())
        return "no number of total_tokens satisfies all of it";
    if (bounds.prompt_tokens.low && bounds.total_tokens.high &&
        *bounds.prompt_tokens.low > *bounds.total_tokens.high)
        return "the prompt alone would have more tokens than total_tokens allows";
    if (bounds.turns.empty())
        return "no number of turns satisfies all of it";
    if (bounds.score.empty() || bounds.lowest > bounds.highest)
        return "no complexity satisfies all of it";
    if (bounds.cost.empty())
        return "no cost satisfies all of it";
    if (bounds.tasks && bounds.tasks->empty())
        return "no task satisfies all of it";
    if (const auto* all = std::get_if<AllOf>(&condition.test)) {
        for (const auto& part : all->parts) {
            if (auto why = contradiction(part); !why.empty())
                return why;
            const bool forbidden =
                std::any_of(all->parts.begin(), all->parts.end(),
                            [&](const auto& other) { return forbids(other, part); });
            if (forbidden)
                return "what one condition asks for, `not` forbids";
        }
    }
    if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
        std::string why;
        for (const auto& part : any->parts)
            if (why = contradiction(part); why.empty())
                return {};
        return why;
    }
    return {};
}

bool implies(const Condition& stronger, const Condition& weaker)
{
    const auto stronger_implies = [&](const Condition& part) { return implies(stronger, part); };
    const auto implies_weaker = [&](const Condition& part) { return implies(part, weaker); };
    if (const auto* all = std::get_if<AllOf>(&weaker.test))
        return std::all_of(all->parts.begin(), all->parts.end(), stronger_implies);
    if (const auto* any = std::get_if<AnyOf>(&stronger.test))
        return std::all_of(any->parts.begin(), any->parts.end(), implies_weaker);
    if (const auto* any = std::get_if<AnyOf>(&weaker.test);
        any != nullptr && std::any_of(any->parts.begin(), any->parts.end(), stronger_implies))
        return true;
    if (const auto* all = std::get_if<AllOf>(&stronger.test);
        all != nullptr && std::any_of(all->parts.begin(), all->parts.end(), implies_weaker))
        return true;
    return leaf_implies(stronger, weaker);
}

}  // namespace spillway::config
