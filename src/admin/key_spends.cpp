#include "key_spends.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/ledger/charges.hpp"

namespace spillway::admin {

namespace {

using chat::ScopeKind;
using keys::Json;
using keys::SpendPlace;
using ledger::Dimension;

/// More names than this are not named in a question: all there are come back then.
constexpr std::size_t most_names = 100;

Json& object_at(Json& answer, const SpendPlace& place)
{
    return answer[Json::json_pointer(place.object)];
}

/// How the ledger's sums tell such scopes apart.
std::vector<Dimension> dimensions_of(ScopeKind kind)
{
    switch (kind) {
        case ScopeKind::key:
            return {Dimension::key};
        case ScopeKind::team:
            return {Dimension::team};
        case ScopeKind::user:
            return {Dimension::user};
        case ScopeKind::member:
            return {Dimension::team, Dimension::user};
        case ScopeKind::end_user:
            return {Dimension::end_user};
        case ScopeKind::tag:
            return {Dimension::tag};
        case ScopeKind::proxy:
        case ScopeKind::provider:
        case ScopeKind::deployment:
        case ScopeKind::group:
        case ScopeKind::key_model:
            break;
    }
    return {};
}

std::string joined(const std::vector<std::string>& names)
{
    return names.size() == 2 ? names[0] + "/" + names[1] : names.front();
}

/// The days that an opening's sums are taken by, and the moment when they begin.
ledger::Day day_after(const chat::Opening& opening)
{
    return std::chrono::floor<std::chrono::days>(opening.at).time_since_epoch().count() + 1;
}

WallTime begin_of(ledger::Day day)
{
    return WallTime{std::chrono::days{day}};
}

void add(Json& answer, const SpendPlace& place, double usd)
{
    auto& amount = object_at(answer, place)[place.member];
    amount = (amount.is_number() ? amount.get<double>() : 0.0) + usd;
}

double usd_of(NanoUsd amount)
{
    return ledger::Spend{0, count(amount)}.usd();
}

}  // namespace

Result<void> KeySpends::fill(std::span<const SpendPlace> places, SpendPlace::Moment moment,
                             WallTime now, Json& answer)
{
    Places left;
    for (const auto& place : places)
        if (place.moment == moment && !fill_from_budget(place, now, answer))
            left.push_back(&place);
    if (left.empty())
        return {};
    auto filled = fill_from_ledger(left, answer);
    if (!filled)
        for (const auto* place : left)
            object_at(answer, *place)[place->member] = nullptr;
    return filled;
}

bool KeySpends::fill_from_budget(const SpendPlace& place, WallTime now, Json& answer) const
{
    const auto period = config::parse_budget_period(place.period).value_or(config::BudgetPeriod{});
    const std::array scope{guard::ScopeName{place.scope.kind, place.scope.name}};
    const auto standings = budgets_.look(scope, now);
    const auto found =
        std::find_if(standings.begin(), standings.end(),
                     [&](const guard::BudgetStanding& one) { return one.period == period; });
    if (found == standings.end())
        return false;
    auto& object = object_at(answer, place);
    object[place.member] = usd_of(found->spent);
    if (found->resets)
        object[place.reset] = rfc3339(*found->resets);
    return true;
}

Result<void> KeySpends::fill_from_ledger(const Places& places, Json& answer)
{
    if (!query_) {
        auto opened = ledger::Query::open(ledger_path_);
        if (!opened)
            return fail(std::move(opened).error());
        query_ = std::move(*opened);
    }
    std::map<ScopeKind, Places> whole;
    std::map<ledger::Day, Places> since;
    for (const auto* place : places) {
        object_at(answer, *place)[place->member] = 0.0;
        if (place->opening)
            since[day_after(*place->opening)].push_back(place);
        else
            whole[place->scope.kind].push_back(place);
    }
    for (const auto& [kind, of_kind] : whole)
        if (auto filled = fill_kind(kind, of_kind, answer); !filled)
            return filled;
    for (const auto& [day, of_day] : since)
        if (auto filled = fill_since(of_day, answer); !filled)
            return filled;
    return {};
}

/// Adds what the sums say of scopes of one kind: all of it, or the days after their opening.
Result<void> KeySpends::fill_kind(ScopeKind kind, const Places& places, Json& answer)
{
    ledger::SumsQuery question;
    question.by = dimensions_of(kind);
    if (question.by.empty())
        return {};
    if (const auto& opening = places.front()->opening)
        question.first = day_after(*opening);
    std::multimap<std::string, const SpendPlace*> by_name;
    for (const auto* place : places)
        by_name.emplace(place->scope.name, place);
    if (places.size() <= most_names && question.by.size() == 1) {
        ledger::SumsQuery::Only only{question.by.front(), {}};
        for (const auto& [name, place] : by_name)
            only.names.push_back(name);
        question.only.push_back(std::move(only));
    }
    const auto rows = query_->sums(question);
    if (!rows)
        return fail(rows.error());
    for (const auto& row : *rows) {
        const auto [first, last] = by_name.equal_range(joined(row.names));
        for (auto found = first; found != last; ++found)
            add(answer, *found->second, row.sums.charged.usd());
    }
    return {};
}

/// Adds what scopes that opened on one day have spent since: record by record on that day, by the
/// sums of days behind it.
Result<void> KeySpends::fill_since(const Places& places, Json& answer)
{
    ledger::ChargesQuestion question;
    question.until = begin_of(day_after(*places.front()->opening));
    std::map<ScopeKind, Places> kinds;
    for (const auto* place : places) {
        question.scopes.push_back({place->scope, place->opening->at});
        kinds[place->scope.kind].push_back(place);
    }
    const auto charges = ledger::charges_since(ledger_path_, question);
    if (!charges)
        return fail(charges.error());
    for (std::size_t i = 0; i < places.size(); ++i)
        add(answer, *places[i], usd_of(places[i]->opening->spent) + usd_of(charges->scopes[i]));
    for (const auto& [kind, of_kind] : kinds)
        if (auto filled = fill_kind(kind, of_kind, answer); !filled)
            return filled;
    return {};
}

}  // namespace spillway::admin
