#include "spillway/engine/forecast.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{2h};

/// An engine that has shown what it can: 1,000 tokens a second in, 50 out, answers of 500, loads of
/// 4 s.
struct Engine {
    explicit Engine(std::uint32_t slots = 1)
        : picture({.kind = Kind::ollama, .memory = 10, .slots = slots})
    {
        a = *picture.model("a");
        b = *picture.model("b");
        for (const auto model : {b, a}) {
            for (int i = 0; i < 40; ++i)
                teach(model);
        }
        chat::ModelFacts loaded;
        loaded.loaded = true;
        loaded.memory = 6;
        chat::ModelFacts away = loaded;
        away.loaded = false;
        const ModelReport report[] = {{"a", loaded}, {"b", away}};
        picture.reported(report, start - 1s);
    }

    void teach(ModelIndex model)
    {
        const auto when = start - 1h;
        picture.vanished(when);
        picture.sent(model, when);
        Served served{.sent = when, .first_token = 5'050ms, .took = 15'050ms};
        served.prompt = Tokens{1'000};
        served.generated = Tokens{500};
        served.engine.load = 4s;
        served.engine.prefill = 1s;
        served.engine.evaluated = Tokens{1'000};
        served.engine.decode = 10s;
        picture.served(model, served, when);
    }

    Ask ask(ModelIndex model, std::int64_t prompt = 1'000, std::uint64_t key = 1) const
    {
        Ask asked;
        asked.model = model;
        asked.key = FairKey{key};
        asked.to_read = Tokens{prompt};
        asked.work = picture.work(model, asked.to_read, std::nullopt);
        return asked;
    }

    EnginePicture picture;
    AdmissionQueue queue;
    ModelIndex a{};
    ModelIndex b{};
};

double seconds(Millis duration)
{
    return static_cast<double>(duration.count()) / 1000;
}

TEST(Forecast, IsThePrefillWhenTheModelIsLoadedAndFree)
{
    Engine engine;
    const auto told = forecast(engine.picture, engine.queue, engine.ask(engine.a), start);
    EXPECT_EQ(told.queue, 0ms);
    EXPECT_EQ(told.load, 0ms);
    EXPECT_EQ(told.ahead, 0U);
    EXPECT_EQ(told.held, Held::nothing);
    EXPECT_EQ(told.warmth, Warmth::loaded);
    EXPECT_NEAR(seconds(told.prefill), 1.05, 0.15);
    EXPECT_EQ(told.total(), told.prefill);
    const auto long_one =
        forecast(engine.picture, engine.queue, engine.ask(engine.a, 10'000), start);
    EXPECT_NEAR(seconds(long_one.prefill), 10, 1.2);
}

TEST(Forecast, AddsTheLoadOfAColdModel)
{
    Engine engine;
    engine.picture.vanished(start);
    const auto told = forecast(engine.picture, engine.queue, engine.ask(engine.a), start);
    EXPECT_EQ(told.warmth, Warmth::cold);
    EXPECT_NEAR(seconds(told.load), 4, 0.5);
    EXPECT_EQ(told.queue, 0ms);
}

TEST(Forecast, AddsTheRestOfALoadInProgress)
{
    Engine engine(2);
    engine.picture.vanished(start);
    const auto first = engine.ask(engine.a);
    ASSERT_EQ(engine.queue.enter(first, engine.picture.shape(), start).kind, Entry::Kind::admitted);
    engine.picture.sent(engine.a, start);
    const auto told = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 3s);
    EXPECT_EQ(told.warmth, Warmth::loading);
    EXPECT_NEAR(seconds(told.load), 1, 0.5);
    // One that is overdue is expected at any moment, not in the past.
    const auto late = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 30s);
    EXPECT_EQ(late.load, 0ms);
}

TEST(Forecast, WaitsForTheAnswersBefore)
{
    Engine engine;
    const auto shape = engine.picture.shape();
    const auto runs = engine.queue.enter(engine.ask(engine.a), shape, start);
    engine.queue.writes(runs.ticket, start + 1s);
    const auto early = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 1s);
    const auto later = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 6s);
    EXPECT_NEAR(seconds(early.queue), 10, 3);
    EXPECT_LT(later.queue, early.queue);
    EXPECT_EQ(early.held, Held::slots);

    (void)engine.queue.enter(engine.ask(engine.a), shape, start + 1s);
    (void)engine.queue.enter(engine.ask(engine.a), shape, start + 1s);
    const auto third = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 1s);
    EXPECT_EQ(third.ahead, 2U);
    EXPECT_NEAR(seconds(third.queue - early.queue), 22, 6);
}

TEST(Forecast, IsShorterWithMoreSlots)
{
    Engine one(1);
    Engine four(4);
    for (auto* engine : {&one, &four}) {
        for (int i = 0; i < 8; ++i)
            (void)engine->queue.enter(engine->ask(engine->a), engine->picture.shape(), start);
    }
    const auto slow = forecast(one.picture, one.queue, one.ask(one.a), start);
    const auto quick = forecast(four.picture, four.queue, four.ask(four.a), start);
    EXPECT_LT(quick.queue * 3, slow.queue);
}

TEST(Forecast, KnowsThatAWishEndsAnAnswer)
{
    Engine engine;
    auto brief = engine.ask(engine.a);
    brief.most = Tokens{10};
    (void)engine.queue.enter(brief, engine.picture.shape(), start);
    const auto told = forecast(engine.picture, engine.queue, engine.ask(engine.a), start);
    EXPECT_LT(seconds(told.queue), 2);
}

TEST(Forecast, WaitsUntilTheOtherModelIsDoneWhenBothDoNotFit)
{
    Engine engine;
    (void)engine.queue.enter(engine.ask(engine.a), engine.picture.shape(), start);
    const auto told = forecast(engine.picture, engine.queue, engine.ask(engine.b), start);
    EXPECT_EQ(told.held, Held::memory);
    EXPECT_GT(seconds(told.queue), 6);
    EXPECT_NEAR(seconds(told.load), 4, 0.5);
}

TEST(Forecast, IsModerateWhileNothingIsKnown)
{
    EnginePicture picture({.kind = Kind::ollama});
    const auto model = *picture.model("new");
    picture.first_token(model, start);
    AdmissionQueue queue;
    Ask ask;
    ask.model = model;
    ask.to_read = Tokens{500};
    for (int i = 0; i < 3; ++i)
        (void)queue.enter(ask, picture.shape(), start);
    const auto told = forecast(picture, queue, ask, start);
    EXPECT_GT(seconds(told.total()), 5);
    EXPECT_LT(seconds(told.total()), 25);
    // The wish bounds what is foreseen, known or not.
    AdmissionQueue brief;
    ask.most = Tokens{20};
    for (int i = 0; i < 3; ++i)
        (void)brief.enter(ask, picture.shape(), start);
    EXPECT_LT(seconds(forecast(picture, brief, ask, start).total()), 4);
}

TEST(Forecast, CountsWhatOthersAskOfTheEngine)
{
    Engine engine;
    chat::ModelFacts told;
    told.loaded = true;
    told.running = 1;
    told.waiting = 2;
    const ModelReport report{"a", told};
    engine.picture.reported({&report, 1}, start);
    const auto early = forecast(engine.picture, engine.queue, engine.ask(engine.a), start);
    EXPECT_NEAR(seconds(early.queue), 30, 9);
    const auto later = forecast(engine.picture, engine.queue, engine.ask(engine.a), start + 10s);
    EXPECT_NEAR(seconds(early.queue - later.queue), 10, 1);
}

TEST(Forecast, TellsThoseThatWaitTheRest)
{
    Engine engine;
    const auto shape = engine.picture.shape();
    const auto runs = engine.queue.enter(engine.ask(engine.a), shape, start);
    engine.queue.writes(runs.ticket, start + 1s);
    const auto waits = engine.queue.enter(engine.ask(engine.a), shape, start + 1s);
    const auto early = forecast(engine.picture, engine.queue, waits.ticket, start + 1s);
    const auto later = forecast(engine.picture, engine.queue, waits.ticket, start + 5s);
    EXPECT_GT(early.queue, later.queue);
    EXPECT_EQ(early.held, Held::slots);
    EXPECT_EQ(forecast(engine.picture, engine.queue, runs.ticket, start + 1s), Forecast{});
}

TEST(Forecast, ChangesNothing)
{
    Engine engine;
    const auto runs = engine.queue.enter(engine.ask(engine.a), engine.picture.shape(), start);
    (void)forecast(engine.picture, engine.queue, engine.ask(engine.b), start);
    EXPECT_EQ(engine.queue.waiting(), 0U);
    EXPECT_EQ(engine.queue.running(), 1U);
    EXPECT_EQ(engine.queue.who_runs().front().ticket, runs.ticket);
    EXPECT_EQ(engine.picture.warmth(engine.b), Warmth::cold);
}

TEST(Forecast, EndsForALongQueueAndAFullOne)
{
    Engine engine;
    engine.queue = AdmissionQueue({.most_waiting = 100});
    const auto shape = engine.picture.shape();
    for (int i = 0; i < 101; ++i)
        (void)engine.queue.enter(engine.ask(engine.a), shape, start);
    EXPECT_EQ(forecast(engine.picture, engine.queue, engine.ask(engine.a), start).queue,
              forecast_horizon);
    const auto last = engine.queue.who_waits().back().ticket;
    const auto told = forecast(engine.picture, engine.queue, last, start);
    EXPECT_EQ(told.ahead, 99U);
    EXPECT_NEAR(seconds(told.queue), 1'100, 350);
}

}  // namespace
}  // namespace spillway::engine
