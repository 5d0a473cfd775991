#include "spillway/guard/engine_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using State = EnginePass::State;

const TimePoint noon{std::chrono::hours{1'000}};

class GateTest : public testing::Test {
protected:
    static engine::QueueSettings queue(std::uint32_t size)
    {
        engine::QueueSettings settings;
        settings.most_waiting = size;
        return settings;
    }
    static EngineWish wish(std::string_view model = "a", std::string_view key = "k")
    {
        EngineWish wish;
        wish.model = model;
        wish.key = key;
        wish.prompt = Tokens{100};
        return wish;
    }
    std::unique_ptr<EnginePass> enter(EngineWish wanted = wish(), int* woken = nullptr,
                                      TimePoint now = noon)
    {
        return gate.enter(
            wanted,
            [woken] {
                if (woken != nullptr)
                    ++*woken;
            },
            now);
    }
    void report(bool loaded, std::optional<std::uint32_t> slots = std::nullopt)
    {
        chat::ModelFacts facts;
        facts.loaded = loaded;
        facts.slots = slots;
        const engine::ModelReport report{"a", facts};
        gate.reported({&report, 1}, noon);
    }

    EngineGate gate{"127.0.0.1:11434", engine::EngineSettings{}, queue(2)};
};

TEST_F(GateTest, GivesASlotThenPlacesThenNothing)
{
    auto first = enter();
    auto second = enter();
    auto third = enter();
    auto fourth = enter();
    EXPECT_EQ(first->state(), State::admitted);
    EXPECT_EQ(second->state(), State::waiting);
    EXPECT_EQ(second->position(), 0u);
    EXPECT_EQ(third->position(), 1u);
    EXPECT_EQ(fourth->state(), State::none);
    EXPECT_EQ(gate.health().running, 1u);
    EXPECT_EQ(gate.health().waiting, 2u);
}

TEST_F(GateTest, WakesTheNextWhenASlotIsGivenBack)
{
    int second_woken = 0;
    int third_woken = 0;
    auto first = enter();
    auto second = enter(wish(), &second_woken);
    auto third = enter(wish(), &third_woken);
    first.reset();
    EXPECT_EQ(second_woken, 1);
    EXPECT_EQ(second->state(), State::admitted);
    EXPECT_EQ(third->state(), State::waiting);
    // One that leaves while it waits makes room and wakes nobody.
    third.reset();
    EXPECT_EQ(third_woken, 0);
    EXPECT_EQ(gate.health().waiting, 0u);
    second.reset();
    EXPECT_EQ(gate.health().running, 0u);
}

TEST_F(GateTest, TellsWhoWaitedInVain)
{
    auto first = enter();
    auto impatient = wish();
    impatient.deadline = noon + 1s;
    int woken = 0;
    auto second = enter(impatient, &woken);
    EXPECT_LE(second->wake_at(noon), noon + 1s);
    second->look(noon + 999ms);
    EXPECT_EQ(second->state(), State::waiting);
    second->look(noon + 1s);
    EXPECT_EQ(second->state(), State::expired);
    EXPECT_EQ(woken, 1);
    EXPECT_EQ(gate.health().waiting, 0u);
}

TEST_F(GateTest, TakesTheSlotsThatTheEngineTells)
{
    report(true, 3);
    std::vector<std::unique_ptr<EnginePass>> passes;
    for (int i = 0; i < 4; ++i)
        passes.push_back(enter());
    EXPECT_EQ(passes[2]->state(), State::admitted);
    EXPECT_EQ(passes[3]->state(), State::waiting);
}

TEST_F(GateTest, ForeseesALoadOnlyOfWhatIsKnownToBeCold)
{
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
    report(false);
    EXPECT_GT(gate.forecast(wish(), noon)->load, Millis{0});
    report(true);
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
}

TEST_F(GateTest, TakesAllModelsForColdWhenTheEngineIsGoneIfItEverSaidWhatIsLoaded)
{
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
    gate.vanished(noon);
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
    auto pass = enter();
    pass->sent(noon, Millis{0}, noon);
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
    pass->failed(noon);
    EXPECT_EQ(gate.forecast(wish(), noon)->load, Millis{0});
    pass.reset();
    report(true);
    gate.vanished(noon);
    EXPECT_GT(gate.forecast(wish(), noon)->load, Millis{0});
}

TEST_F(GateTest, LearnsFromWhatPassesAndHoldsPredictionsAgainstIt)
{
    report(true);
    auto pass = enter();
    pass->sent(noon, Millis{1'500}, noon + 500ms);
    pass->first_token(noon + 1s);
    engine::Served served;
    served.sent = noon + 500ms;
    served.first_token = Millis{500};
    served.took = Millis{2'500};
    served.prompt = Tokens{100};
    served.generated = Tokens{50};
    const auto miss = pass->served(served, noon + 3s);
    ASSERT_TRUE(miss);
    EXPECT_EQ(miss->error, Millis{-500});
    pass.reset();
    const auto health = gate.health();
    EXPECT_EQ(health.predictions, 1u);
    EXPECT_EQ(health.prediction_bias, Millis{-500});
    ASSERT_EQ(health.models.size(), 1u);
    EXPECT_EQ(health.models[0].name, "a");
    EXPECT_EQ(health.models[0].warmth, "loaded");
    EXPECT_EQ(health.models[0].decodes, 1u);
}

TEST_F(GateTest, CountsALoadThatARequestBegan)
{
    report(false);
    auto pass = enter();
    pass->sent(noon, Millis{0}, noon);
    EXPECT_EQ(gate.health().loads, 1u);
    EXPECT_EQ(gate.health().models[0].warmth, "loading");
    pass->failed(noon + 1s);
    EXPECT_EQ(gate.health().models[0].warmth, "cold");
}

TEST_F(GateTest, ForgetsALoadOfARequestThatEndsBeforeItsFirstToken)
{
    report(false);
    auto pass = enter();
    pass->sent(noon, Millis{0}, noon);
    pass.reset();
    EXPECT_EQ(gate.health().models[0].warmth, "cold");
    EXPECT_EQ(gate.health().running, 0u);
}

TEST_F(GateTest, BeginsOneLoadBesideTheRequestsAndOnlyOfAColdModel)
{
    report(true);
    EXPECT_FALSE(gate.begin_load("a", noon));
    report(false);
    EXPECT_TRUE(gate.begin_load("a", noon));
    EXPECT_FALSE(gate.begin_load("a", noon));
    gate.load_failed("a", noon + 1s);
    EXPECT_TRUE(gate.begin_load("a", noon + 2s));
    gate.loaded("a", noon + 5s);
    EXPECT_EQ(gate.health().models[0].warmth, "loaded");
    EXPECT_EQ(gate.health().loads, 2u);
}

TEST_F(GateTest, WantsAReportWhenItIsUsedAndWhenSomethingChanged)
{
    EXPECT_FALSE(gate.report_wanted(noon)) << "nobody uses it";
    gate.spilled(noon);
    EXPECT_TRUE(gate.report_wanted(noon)) << "who goes elsewhere wanted it";
    gate.report_asked(noon);
    EXPECT_FALSE(gate.report_wanted(noon + 4s));
    EXPECT_TRUE(gate.report_wanted(noon + 5s));
    EXPECT_FALSE(gate.report_wanted(noon + 6min));
    report(false);
    ASSERT_TRUE(gate.begin_load("a", noon));
    EXPECT_TRUE(gate.report_wanted(noon)) << "others may have to go for it";
    gate.report_asked(noon);
    EXPECT_FALSE(gate.report_wanted(noon + 1s));
    gate.loaded("a", noon + 2s);
    EXPECT_TRUE(gate.report_wanted(noon + 2s));
    gate.report_asked(noon + 2s);
    auto pass = enter(wish("b"), nullptr, noon + 3s);
    pass->sent(noon + 3s, Millis{0}, noon + 3s);
    EXPECT_TRUE(gate.report_wanted(noon + 3s));
    gate.report_asked(noon + 3s);
    pass->first_token(noon + 4s);
    EXPECT_TRUE(gate.report_wanted(noon + 4s)) << "its first use";
    gate.report_asked(noon + 4s);
    pass.reset();
    auto again = enter(wish("b"), nullptr, noon + 5s);
    again->sent(noon + 5s, Millis{0}, noon + 5s);
    again->first_token(noon + 6s);
    EXPECT_FALSE(gate.report_wanted(noon + 6s));
}

TEST_F(GateTest, LearnsHowLongALoadTakesThatItAskedFor)
{
    report(false);
    ASSERT_TRUE(gate.begin_load("a", noon));
    gate.loaded("a", noon + 3s);
    EXPECT_EQ(gate.health().models[0].loads, 1u);
    EXPECT_LT(gate.health().models[0].load, Millis{7'000});
}

TEST_F(GateTest, ForeseesTheRequestsOfOthersAndNotItsOwnTwice)
{
    const auto told = [&](std::uint32_t running, std::uint32_t waiting) {
        chat::ModelFacts facts;
        facts.loaded = true;
        facts.running = running;
        facts.waiting = waiting;
        const engine::ModelReport report{"a", facts};
        gate.reported({&report, 1}, noon);
        return gate.forecast(wish(), noon)->queue;
    };
    EXPECT_EQ(told(0, 0), Millis{0});
    EXPECT_GT(told(1, 0), Millis{0});
    const auto pass = enter();
    const auto behind_ours = told(1, 0);
    EXPECT_GT(told(1, 2), behind_ours);
    EXPECT_EQ(told(1, 0), behind_ours);
}

TEST_F(GateTest, HasRoomForSideCallsOnlyWhenNobodyWaits)
{
    EXPECT_TRUE(gate.spare("a"));
    auto first = enter();
    EXPECT_FALSE(gate.spare("a"));
}

TEST_F(GateTest, DoesWithoutAModelTooMany)
{
    engine::EngineSettings few;
    few.most_models = 1;
    EngineGate small("h:1", few, queue(2));
    EXPECT_NE(small.enter(wish("a"), {}, noon), nullptr);
    EXPECT_EQ(small.enter(wish("b"), {}, noon), nullptr);
    EXPECT_EQ(small.forecast(wish("b"), noon), std::nullopt);
}

/// Threads that come, wait, work and leave: nobody is lost, and never more than the slots work.
TEST_F(GateTest, IsSafeAmongThreads)
{
    gate.settle(engine::EngineSettings{}, queue(1'000));
    std::atomic<int> working{0};
    std::atomic<int> most{0};
    std::atomic<int> done{0};
    const auto one = [&](int number) {
        for (int round = 0; round < 50; ++round) {
            // It may be called a moment after the pass is gone.
            auto called = std::make_shared<std::atomic<int>>(0);
            const auto key = std::to_string(number % 3);
            auto pass = gate.enter(
                wish("a", key), [called] { ++*called; }, std::chrono::steady_clock::now());
            while (pass->state() == State::waiting)
                std::this_thread::yield();
            ASSERT_EQ(pass->state(), State::admitted);
            const int now_working = ++working;
            int seen = most;
            while (now_working > seen && !most.compare_exchange_weak(seen, now_working)) {
            }
            pass->sent(std::chrono::steady_clock::now(), Millis{1},
                       std::chrono::steady_clock::now());
            --working;
            pass.reset();
            ++done;
        }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back(one, i);
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(done, 200);
    EXPECT_EQ(most, 1);
    EXPECT_EQ(gate.health().running, 0u);
    EXPECT_EQ(gate.health().waiting, 0u);
}

}  // namespace
}  // namespace spillway::guard
