#include "spillway/engine/picture.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};

chat::ModelFacts loaded(std::optional<std::uint64_t> memory)
{
    chat::ModelFacts facts;
    facts.loaded = true;
    facts.memory = memory;
    return facts;
}

chat::ModelFacts not_loaded()
{
    chat::ModelFacts facts;
    facts.loaded = false;
    return facts;
}

struct Known : EnginePicture {
    explicit Known(EngineSettings settings = {}) : EnginePicture(settings) {}
    ModelIndex a = *model("a");
    ModelIndex b = *model("b");
};

TEST(EnginePicture, KeepsNoMoreModelsThanItMay)
{
    EnginePicture picture({.kind = Kind::ollama, .memory = {}, .slots = {}, .most_models = 2});
    EXPECT_TRUE(picture.model("a"));
    EXPECT_TRUE(picture.model("b"));
    EXPECT_FALSE(picture.model("c"));
    EXPECT_EQ(picture.model("a"), ModelIndex{0});
    const ModelReport third{"c", loaded(1)};
    picture.reported({&third, 1}, start);
    EXPECT_EQ(picture.models(), 2U);
}

TEST(EnginePicture, TakesSlotsAsConfiguredThenAsToldThenAsUsual)
{
    Known picture;
    EXPECT_EQ(picture.snapshot(picture.a).slots, 1U);
    chat::ModelFacts told = loaded(1);
    told.slots = 4;
    const ModelReport report{"a", told};
    picture.reported({&report, 1}, start);
    EXPECT_EQ(picture.snapshot(picture.a).slots, 4U);

    Known configured({.kind = Kind::ollama, .memory = {}, .slots = 2});
    configured.reported({&report, 1}, start);
    EXPECT_EQ(configured.snapshot(configured.a).slots, 2U);
    EXPECT_GT(Known({.kind = Kind::vllm}).snapshot(ModelIndex{0}).slots, 1U);
}

TEST(EnginePicture, GoesFromColdOverLoadingToLoaded)
{
    Known picture;
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);
    picture.sent(picture.a, start);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loading);
    // A report from the middle of the load does not know of it.
    const ModelReport report{"a", not_loaded()};
    picture.reported({&report, 1}, start + 1s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loading);
    picture.first_token(picture.a, start + 4s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loaded);
    picture.reported({&report, 1}, start + 600s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);
}

TEST(EnginePicture, GivesALoadUpThatNeverEnds)
{
    Known picture;
    picture.sent(picture.a, start);
    const ModelReport report{"a", not_loaded()};
    picture.reported({&report, 1}, start + 10min);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);

    picture.sent(picture.a, start);
    picture.failed(picture.a, start + 1s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);
}

TEST(EnginePicture, LearnsTheLoadOfTheRequestThatBeganIt)
{
    Known picture;
    for (int i = 0; i < 6; ++i) {
        const auto when = start + i * 1h;
        picture.vanished(when);
        picture.sent(picture.a, when);
        Served served{.sent = when, .first_token = 4s, .took = 6s};
        served.prompt = Tokens{200};
        served.generated = Tokens{100};
        served.engine.load = 3s;
        picture.served(picture.a, served, when + 6s);
        // Another that waited for a part of the same load says nothing of it.
        served.sent = when + 2s;
        served.engine.load = 1s;
        picture.served(picture.a, served, when + 7s);
    }
    EXPECT_EQ(picture.snapshot(picture.a).loads, 6U);
    EXPECT_NEAR(static_cast<double>(picture.snapshot(picture.a).load.count()), 3'000, 300);
}

TEST(EnginePicture, LearnsSpeedsFromWhatTheEngineTells)
{
    Known picture;
    picture.first_token(picture.a, start);
    for (int i = 0; i < 12; ++i) {
        Served served{.sent = start + 1s, .first_token = 1'100ms, .took = 6s};
        served.prompt = Tokens{2'000};
        served.generated = Tokens{300};
        served.engine.load = 20ms;
        served.engine.prefill = 1s;
        served.engine.evaluated = Tokens{2'000};
        served.engine.decode = 5s;
        picture.served(picture.a, served, start + 7s);
    }
    const auto known = picture.snapshot(picture.a);
    EXPECT_NEAR(known.prefill_per_second, 2'000, 200);
    EXPECT_NEAR(known.decode_per_second, 60, 6);
    EXPECT_NEAR(static_cast<double>(known.lag.count()), 80, 10);
    EXPECT_NEAR(static_cast<double>(count(known.answer)), 300, 90);
    EXPECT_NEAR(static_cast<double>(picture.prefill(picture.a, Tokens{4'000}).count()), 2'080, 220);
}

TEST(EnginePicture, LearnsSpeedsFromOutsideWhenTheEngineTellsNone)
{
    Known picture({.kind = Kind::llama_cpp});
    picture.first_token(picture.a, start);
    for (int i = 0; i < 30; ++i) {
        Served served{.sent = start + 1s, .first_token = 2'050ms, .took = 7'050ms};
        served.prompt = Tokens{2'000};
        served.generated = Tokens{200};
        picture.served(picture.a, served, start + 8s);
    }
    EXPECT_NEAR(picture.snapshot(picture.a).prefill_per_second, 1'000, 120);
    EXPECT_NEAR(picture.snapshot(picture.a).decode_per_second, 40, 4);
}

TEST(EnginePicture, LearnsWhatTheCacheSaves)
{
    Known picture;
    picture.first_token(picture.a, start);
    for (int i = 0; i < 40; ++i) {
        Served served{.sent = start + 1s, .first_token = 300ms, .took = 1s};
        served.turn = Turn::follow_up;
        served.prompt = Tokens{10'000};
        served.generated = Tokens{50};
        served.engine.prefill = 250ms;
        served.engine.evaluated = Tokens{1'000};
        picture.served(picture.a, served, start + 2s);
    }
    EXPECT_NEAR(picture.snapshot(picture.a).cached_share, 0.9, 0.03);
    EXPECT_LT(count(picture.to_read(picture.a, Tokens{10'000}, Turn::follow_up)), 1'500);
    EXPECT_EQ(picture.to_read(picture.a, Tokens{10'000}, Turn::first), Tokens{10'000});
}

TEST(EnginePicture, TakesIdleModelsForColdThatHaveToGoForAnother)
{
    Known picture({.kind = Kind::ollama, .memory = 10});
    const ModelReport report[] = {{"a", loaded(6)}, {"b", not_loaded()}};
    picture.reported(report, start);
    const ModelReport other[] = {{"b", loaded(6)}, {"a", not_loaded()}};
    picture.reported(other, start + 1s);
    picture.sent(picture.a, start + 2s);
    EXPECT_EQ(picture.warmth(picture.b), Warmth::cold);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loading);
}

/// `a` is loaded, then `b`; `seen` is what the engine says of `a` then.
Known both_loaded(const chat::ModelFacts& seen)
{
    Known picture;
    const ModelReport first[] = {{"a", loaded(6)}, {"b", not_loaded()}};
    picture.reported(first, start);
    picture.sent(picture.b, start + 1s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold) << "nobody knows whether it stays";
    // Ollama lists what it loads, without its memory.
    const ModelReport then[] = {{"a", seen}, {"b", loaded(std::nullopt)}};
    picture.reported(then, start + 2s);
    return picture;
}

TEST(EnginePicture, LearnsFromReportsWhoHasToGoForWhom)
{
    auto picture = both_loaded(not_loaded());
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);
    EXPECT_EQ(picture.shape().models[0].clashes, 2U);
    EXPECT_EQ(picture.shape().models[1].clashes, 1U);
    const ModelReport together[] = {{"a", loaded(6)}, {"b", loaded(6)}};
    picture.reported(together, start + 40s);
    EXPECT_EQ(picture.shape().models[0].clashes, 0U) << "they fit after all";
}

TEST(EnginePicture, LearnsFromReportsWhoFitsBesideWhom)
{
    auto picture = both_loaded(loaded(6));
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loaded);
    EXPECT_EQ(picture.warmth(picture.b), Warmth::loading);
    EXPECT_EQ(picture.loads(), 1U);
    // From here on that is known, although nobody told what the second takes.
    const ModelReport away[] = {{"a", loaded(6)}, {"b", not_loaded()}};
    picture.reported(away, start + 10min);
    picture.sent(picture.b, start + 11min);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loaded);
}

TEST(EnginePicture, TakesAModelThatWasPutAwayUnusedForNobodysFault)
{
    Known picture;
    const ModelReport first[] = {{"a", loaded(6)}, {"b", loaded(6)}};
    picture.reported(first, start);
    const ModelReport then[] = {{"a", not_loaded()}, {"b", loaded(6)}};
    picture.reported(then, start + 5min);
    EXPECT_EQ(picture.shape().models[0].clashes, 0U);
}

TEST(EnginePicture, CountsALoadThatNobodyExpected)
{
    Known picture;
    const ModelReport first{"a", loaded(6)};
    picture.reported({&first, 1}, start);
    picture.sent(picture.a, start + 5s);
    Served served{.sent = start + 5s, .first_token = std::nullopt, .took = 6s};
    served.engine.load = 4s;
    picture.served(picture.a, served, start + 11s);
    EXPECT_EQ(picture.loads(), 1U);
    // Another that waited for the same load does not count it again.
    picture.served(picture.a, served, start + 11s);
    EXPECT_EQ(picture.loads(), 1U);
}

TEST(EnginePicture, CountsNoLoadOfAModelThatWasThere)
{
    Known picture;
    for (const auto told : {50ms, 4'000ms}) {
        const auto model = told < 1s ? picture.a : picture.b;
        picture.sent(model, start);
        Served served{.sent = start, .first_token = std::nullopt, .took = 6s};
        served.engine.load = told;
        picture.served(model, served, start + 6s);
    }
    EXPECT_EQ(picture.loads(), 1U) << "of the other nobody knew that it was cold";
    EXPECT_EQ(picture.snapshot(picture.a).loads, 0U);
    EXPECT_EQ(picture.snapshot(picture.b).loads, 1U);
}

chat::ModelFacts busy(std::uint32_t running, std::uint32_t waiting)
{
    auto facts = loaded(std::nullopt);
    facts.running = running;
    facts.waiting = waiting;
    return facts;
}

TEST(EnginePicture, KnowsWhatOthersAskOfTheEngine)
{
    Known picture({.kind = Kind::llama_cpp, .memory = {}, .slots = 2});
    const auto told = [&](std::uint32_t running, std::uint32_t waiting, std::uint32_t ours) {
        const ModelReport report{"a", busy(running, waiting)};
        picture.reported({&report, 1}, start, ours);
        return picture.others_before(picture.a, ours, start);
    };
    const auto answer = picture.decode_left(picture.a, 0ms, std::nullopt);
    EXPECT_EQ(told(0, 0, 0), 0ms);
    EXPECT_EQ(told(1, 0, 0), 0ms) << "a slot is free";
    EXPECT_EQ(told(1, 0, 1), 0ms) << "it is ours";
    EXPECT_NEAR(static_cast<double>(told(2, 0, 0).count()), static_cast<double>(answer.count()) / 2,
                2);
    EXPECT_NEAR(static_cast<double>(told(2, 4, 0).count()),
                static_cast<double>(answer.count()) * 2.5, 2);
    EXPECT_NEAR(static_cast<double>(told(2, 4, 2).count()), static_cast<double>(answer.count()) * 2,
                2)
        << "those of ours are counted by our own queue";
    EXPECT_LT(picture.others_before(picture.a, 2, start + answer), told(2, 4, 2));
    EXPECT_EQ(picture.others_before(picture.a, 2, start + 10 * answer), 0ms);
}

TEST(EnginePicture, BelievesAnEngineThatWorksOnMoreThanIsUsual)
{
    Known picture({.kind = Kind::vllm});
    const ModelReport report{"a", busy(100, 0)};
    picture.reported({&report, 1}, start);
    EXPECT_EQ(picture.snapshot(picture.a).slots, 101U);
    EXPECT_EQ(picture.others_before(picture.a, 0, start), 0ms);
}

TEST(EnginePicture, LearnsWhatFitsFromWhatIsLoadedAtOnce)
{
    Known picture;
    EXPECT_EQ(picture.memory(), std::nullopt);
    const ModelReport both[] = {{"a", loaded(6)}, {"b", loaded(5)}};
    picture.reported(both, start);
    EXPECT_EQ(picture.memory(), 11U);
    const ModelReport one[] = {{"a", loaded(6)}, {"b", not_loaded()}};
    picture.reported(one, start + 10s);
    EXPECT_EQ(picture.memory(), 11U);
    picture.sent(picture.b, start + 11s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::loaded);

    Known configured({.kind = Kind::ollama, .memory = 24});
    configured.reported(both, start);
    EXPECT_EQ(configured.memory(), 24U);
}

TEST(EnginePicture, IsColdWhenTheEngineVanished)
{
    Known picture;
    picture.first_token(picture.a, start);
    picture.vanished(start + 1s);
    EXPECT_EQ(picture.warmth(picture.a), Warmth::cold);
    EXPECT_EQ(picture.snapshot().size(), 2U);
    EXPECT_EQ(picture.snapshot()[0].warmth_since, start + 1s);
}

}  // namespace
}  // namespace spillway::engine
