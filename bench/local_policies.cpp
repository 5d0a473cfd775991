// bench_local_policies: who goes to the cloud, and what it costs, by four policies on a scripted
// engine in virtual time. Deterministic: the same figures on any machine (docs/performance.md).

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "local_policies_scenes.hpp"

namespace {

using namespace local_policies;

void print(const std::string& name, const Result& result)
{
    std::printf("  %-34s %7.2f s %8.2f s %8.1f %% %9.2f $ %6llu", name.c_str(), result.p50,
                result.p99, result.cloud_share() * 100, result.dollars,
                static_cast<unsigned long long>(result.loads));
    if (result.failed > 0)
        std::printf("   %zu refused", result.failed);
    if (result.mean_error > 0)
        std::printf("   predictions miss by %.2f s, bias %+.2f s", result.mean_error, result.bias);
    std::printf("\n");
}

std::string words(const std::vector<std::uint32_t>& most)
{
    std::string text;
    for (const auto one : most)
        text.append(text.empty() ? "" : "+").append(std::to_string(one));
    return text;
}

std::vector<double> levels{0.5, 1.0, 1.5, 2.0, 3.0};

/// Ours, and the cheapest count of requests in flight that is as quick.
void with_patience(int millis, const EngineScript& engine, const std::vector<Request>& requests,
                   const Result& error)
{
    const CloudScript cloud;
    auto predicted = policy(Policy::Kind::predicted);
    predicted.patience.first_token = spillway::Millis{millis};
    const auto ours = run(engine, cloud, requests, predicted, 1);
    print("by predicted wait, patience " + std::to_string(millis / 1000) + " s", ours);
    std::printf("    p99 %.1f times better than on error\n", error.p99 / ours.p99);
    for (const std::uint32_t fewest : {1U, 0U}) {
        const auto rival = cheapest_in_flight(engine, cloud, requests, ours.p99, fewest, 1);
        if (!rival)
            continue;
        print("  in flight, same p99: " + words(rival->most), rival->result);
        std::printf("    cost %.2f of that\n", ours.dollars / rival->result.dollars);
    }
}

void compare(const char* title, const EngineScript& engine, const TrafficScript& traffic)
{
    const CloudScript cloud;
    std::printf("%s\n", title);
    for (const double times : levels) {
        const auto requests = make_traffic(traffic, engine, times, 1);
        std::printf(" %.1f times capacity, %zu requests\n  %-34s %9s %10s %10s %11s %6s\n", times,
                    requests.size(), "", "p50", "p99", "cloud", "cost", "loads");
        const auto one = [&](const std::string& name, const Policy& policy) {
            const auto result = run(engine, cloud, requests, policy, 1);
            print(name, result);
            return result;
        };
        one("local only", {});
        one("local only, spillway's queue", policy(Policy::Kind::predicted_local));
        const auto error = one("overflow on error", policy(Policy::Kind::on_error));
        for (const std::uint32_t most : {2U, 4U, 6U, 8U, 12U})
            one("overflow at " + std::to_string(most) + " in flight", in_flight({most}));
        for (const auto patience : {5'000, 12'000})
            with_patience(patience, engine, requests, error);
    }
}

void thrash()
{
    std::printf("A-B-A-B: model loads\n");
    const auto engine = two_models_one_card();
    for (const double gap : {1.0, 2.0, 3.0, 5.0, 8.0, 12.0}) {
        const auto requests = alternating(gap, 3600, 1);
        const auto first_come = run(engine, {}, requests, {}, 1);
        const auto ours = run(engine, {}, requests, policy(Policy::Kind::predicted_local), 1);
        std::printf(" one each %4.1f s (%zu)\n", gap, requests.size());
        print("first come, first served", first_come);
        print("spillway's queue", ours);
        print("  and a cloud", run(engine, {}, requests, policy(Policy::Kind::predicted), 1));
    }
}

}  // namespace

int main(int count, char** words)
{
    if (count > 1)
        levels = {std::strtod(words[1], nullptr)};
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    compare("Two models, one fits", two_models_one_card(), chats_and_code(7200));
    compare("One model", one_model(), chats(7200));
    thrash();
}
