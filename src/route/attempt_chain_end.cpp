// The ends of an attempt chain: what is told when there is no answer.

#include <string>
#include <vector>

#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/failure_policy.hpp"
#include "spillway/route/final_error.hpp"

namespace spillway::route {
namespace {

std::string_view asked_name(const RoutingTable& table, const Resolved& asked)
{
    return asked.asked.empty() ? std::string_view{table[asked.group].name} : asked.asked;
}

bool stays_local(const Plan& plan)
{
    return plan.limits.boundary == privacy::Boundary::local;
}

}  // namespace

Action AttemptChain::broke_off() const
{
    return Stop{broken_off({*table_, asked_name(*table_, asked()), failures_})};
}

Action AttemptChain::out_of_time() const
{
    auto error = route::out_of_time({*table_, asked_name(*table_, asked()), failures_});
    return Stop{stays_local(walk_->request.plan) ? kept_local(error) : std::move(error)};
}

Action AttemptChain::give_up(const Moment& moment) const
{
    // What is wrong with the request is wrong wherever it stays.
    const bool kept = stays_local(walk_->request.plan) && !request_at_fault();
    const bool nobody_there = !walk_->last && !walk_->shortage && !walk_->no_room &&
                              !walk_->somebody_saturated && !walk_->somebody_limited &&
                              !walk_->earliest_recovery;
    if (kept && nobody_there) {
        return Stop{nobody_local(asked_name(*table_, asked()))};
    }
    auto error = why_nobody_answered(moment);
    return Stop{kept ? kept_local(error) : std::move(error)};
}

bool AttemptChain::request_at_fault() const
{
    return walk_->last && blames_request(walk_->last->kind);
}

Error AttemptChain::why_nobody_answered(const Moment& moment) const
{
    const auto name = asked_name(*table_, asked());
    // A queue moves sooner than a budget is renewed.
    if (walk_->no_room && !walk_->last) {
        return *walk_->no_room;
    }
    // A request at fault stays at fault, however much money there is.
    if (walk_->shortage && !request_at_fault()) {
        return unaffordable({*table_, name, failures_}, *walk_->shortage);
    }
    if (walk_->last) {
        // A route's chain is all there is: no list was left out.
        static const std::vector<std::string> none;
        const auto& general =
            walk_->request.plan.beyond == Beyond::nothing
                ? none
                : table_->fallbacks(asked().group, asked().asked, FallbackList::general);
        return exhausted({*table_, name, failures_}, *walk_->last, general);
    }
    if (walk_->somebody_saturated) {
        return all_saturated(name);
    }
    if (walk_->somebody_limited) {
        const auto wait =
            walk_->earliest_recovery
                ? std::optional{std::chrono::ceil<Millis>(*walk_->earliest_recovery - moment.now)}
                : std::nullopt;
        return all_limited(name, wait);
    }
    const auto recovery = walk_->earliest_recovery.value_or(moment.now) - moment.now;
    return all_cooling(name, std::chrono::ceil<Millis>(recovery));
}

}  // namespace spillway::route
