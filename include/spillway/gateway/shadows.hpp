#pragma once

#include <deque>
#include <memory>

#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/sample.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

struct Services;

/// A request that was drawn and served: its client has its answer.
struct Comparing {
    RequestId request;
    std::shared_ptr<const Snapshot> snapshot;
    std::unique_ptr<Sample> sample;
    DeploymentIndex served{};
    GroupIndex group{};
};

/// Requests that wait for their second answer. One per shard; bounded in number and in size.
class ShadowQueue {
public:
    static constexpr std::size_t most_waiting = 8;
    static constexpr std::size_t most_running = 2;

    /// Takes the request, or drops and counts it when there are too many. Returns at once.
    void offer(Comparing one, Services& services);
    /// Drops what waits and takes no more. What runs is ended by `SideCalls::stop`.
    void stop() noexcept;

private:
    [[nodiscard]] static net::Task<void> work(Services& services);

    std::deque<Comparing> waiting_;
    std::size_t running_ = 0;
    bool stopped_ = false;
};

/// Keeps the answer of a sampled request, before it goes out, as far as it was not relayed.
void keep_answer(Sample& sample, const Outcome& outcome);

/// Offers a sampled request for comparison; its client has been answered. Only what was served
/// whole can be compared.
void offer_shadow(InferenceRequest& request, const Outcome& outcome, Services& services);

}  // namespace spillway::gateway
