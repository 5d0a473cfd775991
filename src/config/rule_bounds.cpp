// What a condition leaves over of numbers, times and sets, and when that is nothing.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "spillway/base/sha256_name.hpp"
#include "spillway/config/rule_logic.hpp"

namespace spillway::config {

namespace {

/// Percent of a budget: never below nothing, never above all of it.
constexpr double all_of_it = 100;
/// `cost` is that of the first target that has one: a billionth of a dollar at least
/// (`price_of` in src/route/conditions.cpp, `route::worst_cost`).
constexpr Span some_cost{1e-9, std::nullopt};

std::string_view name_of(Measure measure)
{
    switch (measure) {
        case Measure::prompt_tokens:
            return "number of prompt_tokens";
        case Measure::total_tokens:
            return "number of total_tokens";
        case Measure::turns:
            return "number of turns";
        case Measure::score:
            return "complexity";
        case Measure::cost_usd:
            break;
    }
    return "cost";
}

bool counts_things(Measure measure)
{
    return measure == Measure::prompt_tokens || measure == Measure::total_tokens ||
           measure == Measure::turns;
}

/// The greatest number of what is counted within the span.
double most(const Span& span)
{
    if (!span.high)
        return std::numeric_limits<double>::infinity();
    return span.high_end == Span::End::open ? std::ceil(*span.high) - 1 : std::floor(*span.high);
}

/// What two patterns, each a name or a beginning of names with `*`, both match; may be nothing.
std::optional<std::string> common_names(const std::string& a, const std::string& b)
{
    const auto begins = [](const std::string& pattern, const std::string& other) {
        return pattern.ends_with('*') ? other.starts_with(pattern.substr(0, pattern.size() - 1))
                                      : other == pattern;
    };
    // The longer one is the narrower one.
    return begins(a, b) ? std::optional(b) : begins(b, a) ? std::optional(a) : std::nullopt;
}

void keep_common(std::optional<std::vector<std::string>>& known,
                 const std::vector<std::string>& any_of)
{
    if (!known) {
        known = any_of;
        return;
    }
    std::vector<std::string> both;
    for (const auto& a : *known)
        for (const auto& b : any_of)
            if (auto names = common_names(a, b))
                both.push_back(*std::move(names));
    known = std::move(both);
}

template <class T>
void keep_common(std::optional<std::vector<T>>& known, const std::vector<T>& any_of)
{
    if (!known) {
        known = any_of;
        return;
    }
    std::erase_if(*known, [&](T each) {
        return std::find(any_of.begin(), any_of.end(), each) == any_of.end();
    });
}

/// Takes condition after condition until nothing is left over.
class Narrowing {
public:
    enum class Depth : std::uint8_t { bounds, whole };  ///< `whole`: `not` within `any`, too.
    explicit Narrowing(Depth depth) : depth_(depth) {}

    void take(const Condition& condition)
    {
        if (const auto* all = std::get_if<AllOf>(&condition.test)) {
            for (const auto& part : all->parts)
                take(part);
            return;
        }
        if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
            take_any(*any);
            return;
        }
        std::visit([&](const auto& test) { narrow(test, condition.at); }, condition.test);
    }

    [[nodiscard]] const Bounds& bounds() const { return bounds_; }
    [[nodiscard]] const std::optional<Contradiction>& fault() const { return fault_; }

private:
    void never(std::string why, Position at)
    {
        if (!fault_)
            fault_ = Contradiction{std::move(why), at};
    }

    void take_any(const AnyOf& any)
    {
        if (any.parts.size() == 1) {
            take(any.parts.front());
            return;
        }
        std::optional<Contradiction> first;
        for (const auto& part : any.parts) {
            Narrowing alone = *this;
            alone.take(part);
            auto fault = alone.fault_;
            if (!fault && depth_ == Depth::whole)
                fault = contradiction(part);
            if (!fault)
                return;
            if (!first)
                first = std::move(fault);
        }
        if (first && !fault_)
            fault_ = std::move(first);
    }

    void narrow(const NumberIs& number, Position at)
    {
        auto& known = bounds_.numbers[static_cast<std::size_t>(number.measure)];
        known = {overlap(known.span, number.span), at};
        if (number.measure == Measure::cost_usd) {
            known.span = overlap(known.span, some_cost);
            if (overlap(number.span, some_cost).empty())
                never("what is free, or of unknown price, has no cost at all", at);
        }
        const bool none = counts_things(number.measure) && fewest(known.span) > most(known.span);
        if (none || known.span.empty())
            never("no " + std::string(name_of(number.measure)) + " satisfies all of it", at);
        // They may be the same: a request that asks for no length of the answer adds none.
        if (fewest(bounds_[Measure::prompt_tokens].span) >
            most(bounds_[Measure::total_tokens].span))
            never("the prompt alone would have more tokens than total_tokens allows", at);
    }

    void narrow(const TierIs& tier, Position at)
    {
        bounds_.lowest = std::max(bounds_.lowest, tier.low);
        bounds_.highest = std::min(bounds_.highest, tier.high);
        if (bounds_.lowest > bounds_.highest)
            never("no complexity satisfies all of it", at);
    }

    void narrow(const BudgetLeft& left, Position at)
    {
        const Span possible{0, all_of_it};
        auto& known = bounds_.budgets.try_emplace(left.scope, Narrowed{possible, at}).first->second;
        known = {overlap(known.span, left.percent), at};
        if (known.span.empty())
            never("no share of a budget satisfies all of it", at);
        // Of the tightest no more is left than of each.
        const auto tightest = bounds_.budgets.find("any");
        if (tightest == bounds_.budgets.end())
            return;
        Span at_least;
        at_least.low = tightest->second.span.low;
        at_least.low_end = tightest->second.span.low_end;
        for (const auto& [scope, share] : bounds_.budgets)
            if (overlap(share.span, at_least).empty())
                never("less of one budget would be left than of the tightest", at);
    }

    void narrow(const TaskIs& task, Position at)
    {
        keep_common(bounds_.tasks, task.any_of);
        bounds_.at = at;
        if (bounds_.tasks->empty())
            never("no task satisfies all of it", at);
    }

    void narrow(const ClientIs& client, Position at)
    {
        keep_common(bounds_.clients, client.any_of);
        if (bounds_.clients->empty())
            never("no kind of client satisfies all of it", at);
    }

    void narrow(const IdentityIs& is, Position at)
    {
        if (is.identity == Identity::key)
            narrow_key(is, at);
        // A request has one user, but many tags; its team has an id and an alias.
        if (is.identity != Identity::end_user)
            return;
        keep_common(bounds_.end_users, is.any_of);
        if (bounds_.end_users->empty())
            never("no end_user satisfies all of it", at);
    }

    /// A key has one hash, but may have an alias besides: of what may be one nothing follows.
    void narrow_key(const IdentityIs& is, Position at)
    {
        if (!std::all_of(is.any_of.begin(), is.any_of.end(), is_sha256_hex))
            return;
        keep_common(bounds_.keys, is.any_of);
        if (bounds_.keys->empty())
            never("no key satisfies all of it", at);
    }

    void narrow(const TimeIs& time, Position at)
    {
        const auto week = week_of(time);
        bounds_.times = bounds_.times ? *bounds_.times & week : week;
        if (bounds_.times->none())
            never("no minute of the week satisfies all of it", at);
    }

    void narrow(const HasContent& has, Position at)
    {
        bounds_.at = at;
        if (has.any_of.size() == 1)
            bounds_.contents.push_back(has.any_of.front());
        else if (!has.any_of.empty())
            bounds_.choices.push_back(has.any_of);
    }

    /// Of what every request has, `not` leaves the other side of one end.
    void narrow(const NotAny& none, Position)
    {
        for (const auto& part : none.parts) {
            const auto* number = std::get_if<NumberIs>(&part.test);
            if (number == nullptr || number->measure == Measure::cost_usd ||
                number->measure == Measure::score || number->measure == Measure::total_tokens ||
                number->span.low.has_value() == number->span.high.has_value())
                continue;
            const auto flipped = [](Span::End end) {
                return end == Span::End::open ? Span::End::closed : Span::End::open;
            };
            NumberIs rest{number->measure, {}};
            if (number->span.high) {
                rest.span.low = number->span.high;
                rest.span.low_end = flipped(number->span.high_end);
            } else {
                rest.span.high = number->span.low;
                rest.span.high_end = flipped(number->span.low_end);
            }
            narrow(rest, part.at);
        }
    }

    /// What says nothing of numbers and of sets that exclude each other.
    template <class Test>
    void narrow(const Test&, Position)
    {}

    Depth depth_;
    Bounds bounds_;
    std::optional<Contradiction> fault_;
};

/// Is there a `not` among the parts of `condition` for what another part asks?
std::optional<Contradiction> forbidden(const Condition& whole, const Condition& condition)
{
    if (const auto* all = std::get_if<AllOf>(&condition.test)) {
        for (const auto& part : all->parts)
            if (auto fault = forbidden(whole, part))
                return fault;
    }
    const auto* none = std::get_if<NotAny>(&condition.test);
    const bool asked =
        none != nullptr && std::any_of(none->parts.begin(), none->parts.end(),
                                       [&](const Condition& part) { return implies(whole, part); });
    return asked ? std::optional(
                       Contradiction{"what one condition asks for, `not` forbids", condition.at})
                 : std::nullopt;
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

double fewest(const Span& span)
{
    if (!span.low)
        return 0;
    const double low =
        span.low_end == Span::End::open ? std::floor(*span.low) + 1 : std::ceil(*span.low);
    return std::max(low, 0.0);
}

bool inside(const Span& inner, const Span& outer)
{
    return overlap(inner, outer) == inner;
}

Week week_of(const TimeIs& time)
{
    Week week;
    for (const auto& window : time.any_of)
        for (int minute = window.from; minute < window.to; ++minute)
            week.set(static_cast<std::size_t>(minute));
    return week;
}

Bounds bounds_of(const Condition& condition)
{
    Narrowing narrowing(Narrowing::Depth::bounds);
    narrowing.take(condition);
    return narrowing.bounds();
}

std::optional<Contradiction> clash(const Condition& condition)
{
    Narrowing narrowing(Narrowing::Depth::bounds);
    narrowing.take(condition);
    return narrowing.fault();
}

std::optional<Contradiction> contradiction(const Condition& condition)
{
    Narrowing narrowing(Narrowing::Depth::whole);
    narrowing.take(condition);
    return narrowing.fault() ? narrowing.fault() : forbidden(condition, condition);
}

}  // namespace spillway::config
