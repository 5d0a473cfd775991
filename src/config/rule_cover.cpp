// Whether the rules above a rule, together, leave it nothing.
#include "spillway/config/rule_cover.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace spillway::config {

namespace {

/// What of a request a condition looks at: which test, and which number or budget.
using Subject = std::pair<std::size_t, std::string>;
/// A value of it; empty for requests that have none: where the score abstains, where no price is
/// known.
using Point = std::optional<double>;

enum class Truth : std::uint8_t { no, unknown, yes };

Truth opposite(Truth truth)
{
    return truth == Truth::unknown ? truth : truth == Truth::yes ? Truth::no : Truth::yes;
}

/// Empty for what has no order and no small number of values.
std::optional<Subject> subject_of(const Condition& leaf)
{
    const auto index = leaf.test.index();
    if (const auto* number = std::get_if<NumberIs>(&leaf.test))
        return Subject{index, std::to_string(static_cast<int>(number->measure))};
    if (const auto* left = std::get_if<BudgetLeft>(&leaf.test))
        return Subject{index, left->scope};
    if (std::holds_alternative<TierIs>(leaf.test) || std::holds_alternative<TimeIs>(leaf.test) ||
        std::holds_alternative<TaskIs>(leaf.test) || std::holds_alternative<ClientIs>(leaf.test))
        return Subject{index, {}};
    return std::nullopt;
}

template <class T>
bool among(const std::vector<T>& any_of, Point point)
{
    return std::any_of(any_of.begin(), any_of.end(),
                       [&](T each) { return point == static_cast<double>(each); });
}

/// Does a leaf of the point's subject hold there?
bool holds_at(const Condition& leaf, Point point)
{
    if (!point)
        return false;
    if (const auto* number = std::get_if<NumberIs>(&leaf.test))
        return number->span.holds(*point);
    if (const auto* left = std::get_if<BudgetLeft>(&leaf.test))
        return left->percent.holds(*point);
    if (const auto* tier = std::get_if<TierIs>(&leaf.test))
        return *point >= static_cast<double>(tier->low) &&
               *point <= static_cast<double>(tier->high);
    if (const auto* time = std::get_if<TimeIs>(&leaf.test))
        return std::any_of(time->any_of.begin(), time->any_of.end(), [&](const auto& window) {
            return *point >= window.from && *point < window.to;
        });
    if (const auto* task = std::get_if<TaskIs>(&leaf.test))
        return among(task->any_of, point);
    if (const auto* client = std::get_if<ClientIs>(&leaf.test))
        return among(client->any_of, point);
    return false;
}

/// Calls `each` for every leaf of `condition`.
template <class Each>
void for_leaves(const Condition& condition, const Each& each)
{
    const auto inside = [&](const std::vector<Condition>& parts) {
        for (const auto& part : parts)
            for_leaves(part, each);
    };
    if (const auto* all = std::get_if<AllOf>(&condition.test))
        inside(all->parts);
    else if (const auto* any = std::get_if<AnyOf>(&condition.test))
        inside(any->parts);
    else if (const auto* none = std::get_if<NotAny>(&condition.test))
        inside(none->parts);
    else
        each(condition);
}

/// Where the answer of a leaf may change.
void add_ends(const Condition& leaf, std::set<double>& ends)
{
    const auto add = [&](const Span& span) {
        if (span.low)
            ends.insert(*span.low);
        if (span.high)
            ends.insert(*span.high);
    };
    if (const auto* number = std::get_if<NumberIs>(&leaf.test))
        add(number->span);
    else if (const auto* left = std::get_if<BudgetLeft>(&leaf.test))
        add(left->percent);
    else if (const auto* time = std::get_if<TimeIs>(&leaf.test))
        for (const auto& window : time->any_of)
            ends.insert({static_cast<double>(window.from), static_cast<double>(window.to)});
}

/// One whole number of every stretch between `ends` on which nothing changes, none below zero.
std::vector<Point> whole_points(const std::set<double>& ends)
{
    std::set<double> points{0};
    for (const double end : ends)
        points.insert({std::floor(end), std::floor(end) + 1});
    return {points.lower_bound(0), points.end()};
}

/// The same of all numbers from `low` to `high`: the ends, and one between each two.
std::vector<Point> real_points(std::set<double> ends, double low, double high)
{
    ends.insert({low, high});
    std::vector<Point> points;
    std::optional<double> before;
    for (const double end : ends) {
        if (end < low || end > high)
            continue;
        if (before)
            points.emplace_back(*before + (end - *before) / 2);
        points.emplace_back(end);
        before = end;
    }
    return points;
}

std::vector<Point> values(int count)
{
    std::vector<Point> points;
    for (int value = 0; value < count; ++value)
        points.emplace_back(value);
    return points;
}

std::vector<Point> number_points(Measure measure, const std::set<double>& ends)
{
    if (measure != Measure::score && measure != Measure::cost_usd)
        return whole_points(ends);
    constexpr double nano_usd = 1e-9;
    const double highest = ends.empty() ? nano_usd : std::max(nano_usd, *ends.rbegin());
    auto points = measure == Measure::score ? real_points(ends, 0, 1)
                                            : real_points(ends, nano_usd, highest + 1);
    points.emplace_back(std::nullopt);
    return points;
}

/// What values requests may have of the subject of `leaf`, one of each stretch.
std::vector<Point> points_of(const Condition& leaf, const std::set<double>& ends)
{
    constexpr double whole_budget = 100;
    constexpr double week = 7 * 24 * 60;
    if (const auto* number = std::get_if<NumberIs>(&leaf.test))
        return number_points(number->measure, ends);
    if (std::holds_alternative<BudgetLeft>(leaf.test))
        return real_points(ends, 0, whole_budget);
    if (std::holds_alternative<TierIs>(leaf.test))
        return values(static_cast<int>(score::Tier::premium) + 1);
    if (std::holds_alternative<TaskIs>(leaf.test))
        return values(static_cast<int>(Task::other) + 1);
    if (std::holds_alternative<ClientIs>(leaf.test))
        return values(static_cast<int>(ClientKind::coding_agent_background) + 1);
    auto minutes = whole_points(ends);
    std::erase_if(minutes, [&](Point minute) { return *minute >= week; });
    return minutes;
}

/// The requests that a rule selects, as far as they share one value.
class Stretch {
public:
    Stretch(const Condition& when, const Subject& subject, Point point)
        : when_(when), subject_(subject), point_(point)
    {}

    /// Does `condition` hold for all of them, or for none?
    [[nodiscard]] Truth truth(const Condition& condition, Common common) const
    {
        auto found = Truth::unknown;
        if (const auto* all = std::get_if<AllOf>(&condition.test)) {
            found = Truth::yes;
            for (const auto& part : all->parts)
                found = std::min(found, truth(part, common));
        } else if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
            found = highest(any->parts, common);
        } else if (const auto* none = std::get_if<NotAny>(&condition.test)) {
            found = opposite(highest(none->parts, common));
        } else if (is_asked(condition, common)) {
            return holds_at(condition, point_) ? Truth::yes : Truth::no;
        } else if (implies(when_, {NotAny{{condition}}, {}, 0}, common)) {
            return Truth::no;
        }
        if (found == Truth::unknown && implies(when_, condition, common))
            found = Truth::yes;
        return found;
    }

private:
    [[nodiscard]] Truth highest(const std::vector<Condition>& parts, Common common) const
    {
        auto found = Truth::no;
        for (const auto& part : parts)
            found = std::max(found, truth(part, common));
        return found;
    }

    /// What is asked of another rule's `use` has another value there.
    [[nodiscard]] bool is_asked(const Condition& leaf, Common common) const
    {
        return subject_of(leaf) == subject_ &&
               (common.use == Common::Use::same || !asks_of_use(leaf, common.tiers));
    }

    const Condition& when_;
    const Subject& subject_;
    Point point_;
};

using Found = std::vector<std::size_t>;

/// Do the rules share out the values of what `leaf` looks at?
Found takers_by_value(const Condition& when, std::span<const Earlier> earlier,
                      const Condition& leaf)
{
    const auto subject = *subject_of(leaf);
    std::set<double> ends;
    const auto note = [&](const Condition& each) {
        if (subject_of(each) == subject)
            add_ends(each, ends);
    };
    for_leaves(when, note);
    for (const auto& rule : earlier)
        for_leaves(rule.when, note);
    std::set<std::size_t> found;
    for (const auto& point : points_of(leaf, ends)) {
        const Stretch stretch(when, subject, point);
        if (stretch.truth(when, {}) == Truth::no)
            continue;
        const auto taker = std::find_if(earlier.begin(), earlier.end(), [&](const Earlier& rule) {
            return stretch.truth(rule.when, rule.common) == Truth::yes;
        });
        if (taker == earlier.end())
            return {};
        found.insert(static_cast<std::size_t>(taker - earlier.begin()));
    }
    return {found.begin(), found.end()};
}

/// Does one rule take what `part` holds for, and another one the rest?
Found takers_by_part(const Condition& when, std::span<const Earlier> earlier, const Condition& part)
{
    const auto taker = [&](const Condition& of_those) {
        const Condition both{AllOf{{when, of_those}}, {}, 0};
        return std::find_if(earlier.begin(), earlier.end(), [&](const Earlier& rule) {
            return implies(both, rule.when, rule.common);
        });
    };
    const auto with = taker(part);
    const auto without = with == earlier.end() ? with : taker({NotAny{{part}}, {}, 0});
    if (without == earlier.end())
        return {};
    const std::set<std::size_t> both{static_cast<std::size_t>(with - earlier.begin()),
                                     static_cast<std::size_t>(without - earlier.begin())};
    return {both.begin(), both.end()};
}

/// What stands under a `not`, however deep.
void collect_forbidden(const Condition& condition, std::vector<const Condition*>& out)
{
    const auto inside = [&](const std::vector<Condition>& parts) {
        for (const auto& part : parts)
            collect_forbidden(part, out);
    };
    if (const auto* all = std::get_if<AllOf>(&condition.test)) {
        inside(all->parts);
    } else if (const auto* any = std::get_if<AnyOf>(&condition.test)) {
        inside(any->parts);
    } else if (const auto* none = std::get_if<NotAny>(&condition.test)) {
        for (const auto& part : none->parts)
            out.push_back(&part);
        inside(none->parts);
    }
}

}  // namespace

std::vector<std::size_t> takers(const Condition& when, std::span<const Earlier> earlier)
{
    std::set<Subject> seen;
    Found found;
    const auto try_leaf = [&](const Condition& leaf) {
        const auto subject = subject_of(leaf);
        if (found.empty() && subject && seen.insert(*subject).second)
            found = takers_by_value(when, earlier, leaf);
    };
    std::vector<const Condition*> forbidden;
    for (const auto& rule : earlier) {
        for_leaves(rule.when, try_leaf);
        collect_forbidden(rule.when, forbidden);
    }
    for (const auto* part : forbidden)
        if (found.empty())
            found = takers_by_part(when, earlier, *part);
    return found;
}

}  // namespace spillway::config
