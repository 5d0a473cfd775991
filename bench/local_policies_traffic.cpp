#include "local_policies_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace local_policies {

namespace {

using Random = std::mt19937_64;

std::int64_t tokens(Random& random, double median, double spread, double most)
{
    const auto drawn = median * std::lognormal_distribution<double>(0, spread)(random);
    return std::llround(std::clamp(drawn, 8.0, most));
}

Request request_of(const Crowd& crowd, Random& random)
{
    Request request;
    request.model = crowd.model;
    request.prompt = tokens(random, crowd.prompt, crowd.spread, 16'000);
    request.answer = tokens(random, crowd.answer, crowd.answer_spread, 4'000);
    // Half of them say how much they want at most, and that says little of what they get.
    if (std::bernoulli_distribution(0.5)(random)) {
        request.most = std::bernoulli_distribution(0.5)(random) ? 1'024 : 4'096;
        request.answer = std::min(request.answer, *request.most);
    }
    return request;
}

const Crowd& drawn(const std::vector<Crowd>& crowds, Random& random)
{
    std::vector<double> shares;
    for (const auto& crowd : crowds)
        shares.push_back(crowd.share);
    return crowds[std::discrete_distribution<std::size_t>(shares.begin(), shares.end())(random)];
}

}  // namespace

std::vector<Request> make_traffic(const TrafficScript& traffic, const EngineScript& engine,
                                  double times, std::uint64_t seed)
{
    // What a request takes of the engine, on average, by a sample of its own.
    Random sample(17);
    double taken = 0;
    constexpr int samples = 20'000;
    for (int i = 0; i < samples; ++i) {
        const auto request = request_of(drawn(traffic.crowds, sample), sample);
        taken += ScriptedEngine::slot_seconds(engine, request) / engine.models[request.model].slots;
    }
    const auto bursts_per_second = times / (taken / samples) / traffic.burst;

    Random random(seed);
    std::exponential_distribution<double> until_next(bursts_per_second);
    std::exponential_distribution<double> gap(1 / traffic.gap);
    std::geometric_distribution<int> more(1 / traffic.burst);
    std::vector<Request> requests;
    std::uint64_t client = 0;
    for (double begin = until_next(random); begin < traffic.seconds; begin += until_next(random)) {
        const auto& crowd = drawn(traffic.crowds, random);
        ++client;
        auto when = begin;
        for (int left = more(random); left >= 0; --left, when += gap(random)) {
            auto request = request_of(crowd, random);
            request.arrives = when;
            request.client = client % 7;
            request.conversation = client;
            requests.push_back(request);
        }
    }
    std::stable_sort(requests.begin(), requests.end(), [](const auto& left, const auto& right) {
        return left.arrives < right.arrives;
    });
    return requests;
}

std::vector<Request> alternating(double gap, double seconds, std::uint64_t seed)
{
    Random random(seed);
    std::vector<Request> requests;
    for (double when = gap; when < seconds; when += gap) {
        Request request;
        request.arrives = when;
        request.model = requests.size() % 2;
        request.prompt = tokens(random, 400, 0.5, 16'000);
        request.answer = tokens(random, 80, 0.5, 4'000);
        request.client = request.model;
        request.conversation = requests.size() + 1;
        requests.push_back(request);
    }
    return requests;
}

}  // namespace local_policies
