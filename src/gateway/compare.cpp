#include "spillway/gateway/compare.hpp"

#include <algorithm>
#include <utility>

#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/side_call.hpp"
#include "spillway/ledger/comparison_writer.hpp"
#include "spillway/review/answer.hpp"
#include "spillway/review/grade.hpp"

namespace spillway::gateway {
namespace {

/// What a judge reads, and what is kept for a reviewer.
constexpr std::size_t most_conversation = std::size_t{24} * 1024;
constexpr std::size_t most_kept_answer = std::size_t{24} * 1024;

/// The two answers by who gave them.
struct Pair {
    review::Answer weak;
    review::Answer strong;
    GroupIndex weak_group{};
    GroupIndex strong_group{};
    ledger::Comparison::Served served = ledger::Comparison::Served::weak;
};

std::string_view word(SideEnd end)
{
    switch (end) {
        case SideEnd::answered:
            return "answered";
        case SideEnd::failed:
            return "failed";
        case SideEnd::unavailable:
            return "unavailable";
        case SideEnd::over_budget:
            return "over_budget";
        case SideEnd::cancelled:
            return "cancelled";
    }
    return "";
}

std::optional<Pair> pair_of(const Comparing& one, const SideAnswer& second)
{
    const auto& sample = *one.sample;
    auto mine = sample.form == Sample::Form::stream ? review::read_stream(sample.answer)
                                                    : review::read_whole(sample.answer);
    auto other = review::read_whole(second.body);
    if (!mine || !other)
        return std::nullopt;
    const auto& wish = *sample.route->source().shadow;
    const auto& table = one.snapshot->table;
    const auto shadow = table.resolve(wish.group);
    // The shadow's group may be who served, and the other one the second.
    const bool served_shadow = shadow && shadow->group == one.group;
    const auto& of_shadow = table[served_shadow ? one.served : second.deployment];
    const auto& of_other = table[served_shadow ? second.deployment : one.served];
    const bool shadow_is_strong = stronger_of(wish.role, of_shadow, of_other) == Stronger::shadow;
    const bool served_is_strong = served_shadow == shadow_is_strong;
    Pair pair;
    pair.weak = served_is_strong ? *std::move(other) : *mine;
    pair.strong = served_is_strong ? *std::move(mine) : *std::move(other);
    pair.weak_group = served_is_strong ? second.group : one.group;
    pair.strong_group = served_is_strong ? one.group : second.group;
    pair.served =
        served_is_strong ? ledger::Comparison::Served::strong : ledger::Comparison::Served::weak;
    return pair;
}

/// May the answers be shown to a judge, or kept? They can hold what the request did not.
std::optional<privacy::Clearance> clearance_of(const Pair& pair, const Snapshot& snapshot)
{
    if (!snapshot.rules.scanner)
        return std::nullopt;
    privacy::ClassSet found;
    for (const auto* answer : {&pair.weak, &pair.strong})
        found.add(snapshot.rules.scanner->scan(review::shown(*answer)));
    return privacy::Clearance::of(privacy::Boundary::any, privacy::Scanned::yes, found);
}

/// Asks the judge's group. @return Nothing when it gave no verdict.
net::Task<std::optional<review::Preferred>> ask_judge(const Comparing& one, const Pair& pair,
                                                      privacy::Clearance clearance,
                                                      Services& services)
{
    const auto& wish = *one.sample->route->source().shadow;
    const auto place = one.snapshot->table.resolve(wish.judge);
    if (!place)
        co_return std::nullopt;
    const auto order = services.shard.random().draw() % 2 == 0 ? review::Order::weak_first
                                                               : review::Order::strong_first;
    auto body = review::judge_request(
        wish.judge, review::conversation(one.sample->request(), most_conversation),
        review::shown(pair.weak), review::shown(pair.strong), order);
    const auto size = body.size();
    body.append(dialect::body_padding, ' ');
    SideCall call(*one.snapshot, clearance);
    call.place = *place;
    call.route = one.sample->route;
    call.body = std::string_view(body).substr(0, size);
    call.call_type = ledger::judge_call;
    call.why = "judges " + one.request.text();
    call.prompt = Tokens{static_cast<std::int64_t>(size / 2)};
    const auto answered = co_await run_side_call(std::move(call), services);
    if (answered.end != SideEnd::answered)
        co_return std::nullopt;
    const auto said = review::read_whole(answered.body);
    co_return said ? review::read_verdict(said->text, order) : std::nullopt;
}

net::Task<review::Label> label_of(const Comparing& one, const Pair& pair, Services& services)
{
    auto graded = review::grade(pair.weak, pair.strong, review::read_asked(one.sample->request()));
    const bool judged = !one.sample->route->source().shadow->judge.empty();
    if (!judged || graded.rest == review::Graded::Rest::settled)
        co_return graded.label;
    const auto clearance = clearance_of(pair, *one.snapshot);
    if (!clearance)
        co_return graded.label;
    const auto preferred = co_await ask_judge(one, pair, *clearance, services);
    if (preferred)
        graded.label = review::label_of(*preferred, review::Judge::model);
    co_return graded.label;
}

std::optional<ledger::ComparisonTexts> texts_of(const Comparing& one, const Pair& pair,
                                                WallTime now)
{
    const auto& wish = *one.sample->route->source().shadow;
    if (!wish.keep_text || !clearance_of(pair, *one.snapshot))
        return std::nullopt;
    ledger::ComparisonTexts texts;
    texts.prompt = review::conversation(one.sample->request(), most_conversation);
    texts.weak = review::shown(pair.weak).substr(0, most_kept_answer);
    texts.strong = review::shown(pair.strong).substr(0, most_kept_answer);
    texts.expires = now + std::chrono::hours{24 * wish.keep_text_days};
    return texts;
}

void write(const Comparing& one, const Pair& pair, const review::Label& label, Services& services)
{
    const auto& route = one.sample->route->source();
    ledger::Comparison comparison;
    comparison.request = one.request;
    comparison.at = services.clock.wall();
    comparison.route = route.name;
    comparison.weak_group = one.snapshot->table[pair.weak_group].name;
    comparison.strong_group = one.snapshot->table[pair.strong_group].name;
    comparison.served = pair.served;
    comparison.features = one.sample->features;
    comparison.weight = 1 / std::max(route.shadow->share.part, 1e-6);
    comparison.label = {static_cast<int>(label.judge), static_cast<double>(label.weak),
                        static_cast<double>(label.strong), static_cast<double>(label.certainty)};
    comparison.texts = texts_of(one, pair, comparison.at);
    const bool written = services.comparisons.write(std::move(comparison));
    services.metrics.shadows(written ? "compared" : "dropped").Increment();
}

}  // namespace

std::optional<route::Resolved> second_place(const config::Route& route, GroupIndex served,
                                            const route::RoutingTable& table)
{
    const auto& wish = *route.shadow;
    auto shadow = table.resolve(wish.group);
    if (!shadow || shadow->group != served)
        return shadow;
    if (!wish.against.empty())
        return table.resolve(wish.against);
    const auto other_of = [&](const config::RouteAction& action) -> std::optional<route::Resolved> {
        for (const auto& name : action.use)
            if (auto place = table.resolve(name); place && place->group != served)
                return place;
        return std::nullopt;
    };
    if (auto place = other_of(route.otherwise))
        return place;
    for (const auto& rule : route.rules)
        if (auto place = other_of(rule.action))
            return place;
    return std::nullopt;
}

net::Task<void> compare(Comparing one, Services& services)
{
    const auto& sample = *one.sample;
    const auto place = second_place(sample.route->source(), one.group, one.snapshot->table);
    if (!place) {
        services.metrics.shadows("unavailable").Increment();
        co_return;
    }
    SideCall call(*one.snapshot, sample.clearance);
    call.place = *place;
    call.route = sample.route;
    call.body = sample.request();
    call.suffix = sample.suffix;
    call.forwarded = sample.forwarded;
    call.parameters = sample.parameters;
    call.call_type = ledger::shadow_call;
    call.why = "shadow of " + one.request.text();
    call.prompt = sample.prompt;
    call.content = sample.content;
    const auto second = co_await run_side_call(std::move(call), services);
    if (second.end != SideEnd::answered) {
        services.metrics.shadows(word(second.end)).Increment();
        co_return;
    }
    const auto pair = pair_of(one, second);
    if (!pair) {
        services.metrics.shadows("not_comparable").Increment();
        co_return;
    }
    const auto label = co_await label_of(one, *pair, services);
    write(one, *pair, label, services);
}

}  // namespace spillway::gateway
