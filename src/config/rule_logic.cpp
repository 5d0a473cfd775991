// When one condition holds wherever another does.
#include "spillway/config/rule_logic.hpp"

#include <algorithm>
#include <type_traits>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

using Texts = std::vector<std::string>;

template <class T>
bool subset(const std::vector<T>& part, const std::vector<T>& whole)
{
    return std::all_of(part.begin(), part.end(), [&](const T& each) {
        return std::find(whole.begin(), whole.end(), each) != whole.end();
    });
}

/// Of names, and beginnings of names with `*`: whatever matches one of `part` matches one of
/// `whole`.
bool names_within(const Texts& part, const Texts& whole)
{
    return std::all_of(part.begin(), part.end(), [&](const std::string& name) {
        return std::any_of(whole.begin(), whole.end(), [&](const std::string& pattern) {
            return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                          : name == pattern;
        });
    });
}

/// The same where an empty list asks only that there is a value.
bool values_within(const Texts& part, const Texts& whole)
{
    return whole.empty() || (!part.empty() && names_within(part, whole));
}

/// May the two be held against each other?
bool comparable(const Condition& one, const Condition& other, Common common)
{
    return common.use == Common::Use::same || !asks_of_use(one, common.tiers) ||
           !asks_of_use(other, common.tiers);
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
            else if constexpr (std::is_same_v<Test, IsSensitive>)
                return (strong.classes - weak.classes).empty();
            else if constexpr (std::is_same_v<Test, HeaderIs>)
                return iequals(strong.name, weak.name) && values_within(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, MetadataIs>)
                return strong.path == weak.path && values_within(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, IdentityIs>)
                return strong.identity == weak.identity && names_within(strong.any_of, weak.any_of);
            else if constexpr (std::is_same_v<Test, TimeIs>)
                return (week_of(strong) & ~week_of(weak)).none();
            else if constexpr (std::is_same_v<Test, BudgetLeft>)
                return strong.scope == weak.scope && inside(strong.percent, weak.percent);
            else if constexpr (std::is_same_v<Test, GroupIs>)
                return strong.group == weak.group && strong.state == weak.state;
            else if constexpr (std::is_same_v<Test, AllOf> || std::is_same_v<Test, AnyOf> ||
                               std::is_same_v<Test, NotAny>)
                return false;
            else
                return subset(strong.any_of, weak.any_of);
        },
        stronger.test);
}

/// True when `part` never holds where `stronger` does.
bool excludes(const Condition& stronger, const Condition& part, Common common)
{
    if (const auto* none = std::get_if<NotAny>(&stronger.test))
        return std::any_of(none->parts.begin(), none->parts.end(),
                           [&](const Condition& each) { return implies(part, each, common); });
    if (const auto* all = std::get_if<AllOf>(&stronger.test);
        all != nullptr &&
        std::any_of(all->parts.begin(), all->parts.end(),
                    [&](const Condition& each) { return excludes(each, part, common); }))
        return true;
    return comparable(stronger, part, common) && clash({AllOf{{stronger, part}}, {}, 0});
}

}  // namespace

bool asks_of_use(const Condition& condition, Common::Tiers tiers)
{
    return std::visit(
        [&](const auto& test) {
            using Test = std::decay_t<decltype(test)>;
            if constexpr (std::is_same_v<Test, AllOf> || std::is_same_v<Test, AnyOf> ||
                          std::is_same_v<Test, NotAny>)
                return std::any_of(test.parts.begin(), test.parts.end(),
                                   [&](const Condition& part) { return asks_of_use(part, tiers); });
            else if constexpr (std::is_same_v<Test, NumberIs>)
                return test.measure == Measure::cost_usd;
            else if constexpr (std::is_same_v<Test, BudgetLeft>)
                return test.scope == "any" || test.scope == "route";
            else
                return std::is_same_v<Test, TierIs> && tiers == Common::Tiers::by_price;
        },
        condition.test);
}

bool implies(const Condition& stronger, const Condition& weaker, Common common)
{
    const auto stronger_implies = [&](const Condition& part) {
        return implies(stronger, part, common);
    };
    const auto implies_weaker = [&](const Condition& part) {
        return implies(part, weaker, common);
    };
    if (const auto* all = std::get_if<AllOf>(&weaker.test))
        return std::all_of(all->parts.begin(), all->parts.end(), stronger_implies);
    if (const auto* any = std::get_if<AnyOf>(&stronger.test))
        return std::all_of(any->parts.begin(), any->parts.end(), implies_weaker);
    if (const auto* any = std::get_if<AnyOf>(&weaker.test);
        any != nullptr && std::any_of(any->parts.begin(), any->parts.end(), stronger_implies))
        return true;
    if (const auto* none = std::get_if<NotAny>(&weaker.test))
        return std::all_of(none->parts.begin(), none->parts.end(),
                           [&](const Condition& part) { return excludes(stronger, part, common); });
    if (const auto* all = std::get_if<AllOf>(&stronger.test);
        all != nullptr && std::any_of(all->parts.begin(), all->parts.end(), implies_weaker))
        return true;
    return comparable(stronger, weaker, common) && leaf_implies(stronger, weaker);
}

}  // namespace spillway::config
