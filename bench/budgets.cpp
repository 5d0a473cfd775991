// bench_budgets: time of what money costs a request: reserve in all scopes that pay, write the call
// down, settle, clear. On one thread and on two, over the same scopes and over some of their own.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "spillway/guard/budgets.hpp"
#include "spillway/ledger/open_calls.hpp"

namespace {

using namespace spillway;
using Clock = std::chrono::steady_clock;

constexpr int rounds = 200'000;
constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

struct Parts {
    guard::Budgets budgets;
    std::unique_ptr<ledger::OpenCalls> calls;
};

void adopt_caps(guard::Budgets& budgets)
{
    using chat::ScopeKind;
    const NanoUsd plenty{std::int64_t{1} << 60};
    std::vector<chat::ScopeBudget> caps;
    for (const auto& [kind, name] : {std::pair{ScopeKind::proxy, std::string()},
                                     {ScopeKind::provider, "openai"},
                                     {ScopeKind::deployment, "dep-1"},
                                     {ScopeKind::group, "gpt-4o"},
                                     {ScopeKind::team, "research"},
                                     {ScopeKind::key, std::string(64, 'a')},
                                     {ScopeKind::key, std::string(64, 'b')}})
        caps.push_back({{kind, name}, {{plenty, "1d"}, {plenty, "1mo"}}, {}});
    (void)budgets.adopt(caps, noon);
}

ledger::CallNote note_of(std::uint64_t high, std::uint64_t low, const std::string& key)
{
    ledger::CallNote note;
    note.id = RequestId{high, low};
    note.started = note.charged_at = noon;
    note.amount = NanoUsd{1'000'000};
    note.call_type = "acompletion";
    note.key_hash = key;
    note.team_id = "research";
    note.asked_model = note.group = "gpt-4o";
    note.deployment_id = "dep-1";
    note.provider = "openai";
    note.upstream_model = "gpt-4o-2024-08-06";
    note.api_base = "https://api.openai.com/v1";
    return note;
}

/// Microseconds per request of one thread, sorted.
std::vector<double> work(Parts& parts, std::uint64_t thread)
{
    using chat::ScopeKind;
    const std::string key(64, thread == 0 ? 'a' : 'b');
    const std::vector<guard::ScopeName> scopes{
        {ScopeKind::proxy, ""},           {ScopeKind::key, key},
        {ScopeKind::team, "research"},    {ScopeKind::provider, "openai"},
        {ScopeKind::deployment, "dep-1"}, {ScopeKind::group, "gpt-4o"}};
    std::vector<double> micros;
    micros.reserve(rounds);
    for (int i = 0; i < rounds; ++i) {
        const auto begin = Clock::now();
        const auto number = static_cast<std::uint64_t>(i);
        auto paid = parts.budgets.reserve({thread, number}, scopes, NanoUsd{1'000'000}, noon);
        const auto slot = parts.calls->note(note_of(thread, number, key));
        if (!paid || !slot)
            std::abort();
        paid->settle(NanoUsd{400'000}, guard::Certainty::exact);
        parts.calls->clear(*slot);
        const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
        micros.push_back(took.count());
    }
    std::sort(micros.begin(), micros.end());
    return micros;
}

void print(const char* what, const std::vector<double>& micros)
{
    double sum = 0;
    for (const auto each : micros)
        sum += each;
    std::printf("reserve + settle %-12s mean %6.2f us   p50 %6.2f us   p99 %6.2f us\n", what,
                sum / static_cast<double>(micros.size()), micros[micros.size() / 2],
                micros[micros.size() * 99 / 100]);
}

}  // namespace

int main()
{
    const auto folder = std::filesystem::temp_directory_path() /
                        ("spillway-bench-" + std::to_string(random_seed()));
    std::filesystem::create_directories(folder);
    {
        Parts parts;
        adopt_caps(parts.budgets);
        auto calls = ledger::OpenCalls::open((folder / "bench.db").string(), 1'000,
                                             config::Durability::process);
        if (!calls) {
            std::fprintf(stderr, "%s\n", calls.error().message().c_str());
            return 1;
        }
        parts.calls = std::move(*calls);
        print("one thread", work(parts, 0));
        std::vector<double> other;
        std::thread second([&] { other = work(parts, 1); });
        auto both = work(parts, 0);
        second.join();
        both.insert(both.end(), other.begin(), other.end());
        std::sort(both.begin(), both.end());
        print("two threads", both);
    }
    std::filesystem::remove_all(folder);
}
