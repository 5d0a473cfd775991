#include "spillway/gateway/shadows.hpp"

#include <utility>

#include "spillway/gateway/compare.hpp"
#include "spillway/gateway/services.hpp"

namespace spillway::gateway {

void ShadowQueue::offer(Comparing one, Services& services)
{
    if (stopped_ || waiting_.size() >= most_waiting) {
        services.metrics.shadows("dropped").Increment();
        return;
    }
    waiting_.push_back(std::move(one));
    if (running_ >= most_running)
        return;
    ++running_;
    // Behind what is ready now: the client's connection goes on first.
    services.shard.post([&services] { net::spawn(work(services)); });
}

void ShadowQueue::stop() noexcept
{
    stopped_ = true;
    waiting_.clear();
}

net::Task<void> ShadowQueue::work(Services& services)
{
    auto& queue = services.shadows;
    while (!queue.waiting_.empty()) {
        auto one = std::move(queue.waiting_.front());
        queue.waiting_.pop_front();
        co_await compare(std::move(one), services);
    }
    --queue.running_;
}

void keep_answer(Sample& sample, const Outcome& outcome)
{
    if (const auto* whole = std::get_if<WholeReply>(&outcome.parting)) {
        sample.form = Sample::Form::whole;
        sample.keep(whole->body);
    } else if (const auto* end = std::get_if<StreamEnd>(&outcome.parting)) {
        sample.form = Sample::Form::stream;
        sample.keep(end->bytes);
    }
}

void offer_shadow(InferenceRequest& request, const Outcome& outcome, Services& services)
{
    if (outcome.end != ledger::Outcome::served || !outcome.served_by)
        return;
    if (request.sample->hold == Sample::Hold::too_large) {
        services.metrics.shadows("too_large").Increment();
        return;
    }
    Comparing one;
    one.request = request.arrival.id;
    one.snapshot = request.arrival.snapshot;
    one.sample = std::move(request.sample);
    one.served = outcome.served_by->deployment;
    one.group = outcome.served_by->group;
    services.shadows.offer(std::move(one), services);
}

}  // namespace spillway::gateway
