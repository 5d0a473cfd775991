#include <gtest/gtest.h>

#include <array>

#include "spillway/engine/picture.hpp"

// An engine's own word that it loads: where it is said (llama.cpp), what the picture makes of it.
namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

const TimePoint noon{std::chrono::hours{1'000}};

ModelReport report(std::optional<bool> loaded, std::optional<bool> loading)
{
    ModelReport row{"m", {}};
    row.facts.loaded = loaded;
    row.facts.loading = loading;
    return row;
}

EnginePicture picture_of(Kind kind)
{
    EngineSettings settings;
    settings.kind = kind;
    return EnginePicture(settings);
}

Warmth after(EnginePicture& picture, const ModelReport& row, TimePoint now)
{
    picture.reported(std::array{row}, now);
    return picture.warmth(picture.find("m").value());
}

TEST(PictureOfALoad, BelievesTheEngine)
{
    auto picture = picture_of(Kind::llama_cpp);
    EXPECT_EQ(after(picture, report(false, true), noon), Warmth::loading);
    EXPECT_EQ(after(picture, report(false, true), noon + 5s), Warmth::loading);
    EXPECT_EQ(after(picture, report(true, false), noon + 6s), Warmth::loaded);
    EXPECT_EQ(after(picture, report(false, true), noon + 700s), Warmth::loading)
        << "it was started again";
}

TEST(PictureOfALoad, TakesItsTimeWhereTheEngineListsModelsThatLoad)
{
    auto picture = picture_of(Kind::ollama);
    const auto index = picture.model("m").value();
    picture.sent(index, noon);
    EXPECT_EQ(after(picture, report(true, std::nullopt), noon + 1s), Warmth::loading);
    EXPECT_EQ(after(picture, report(true, std::nullopt), noon + 600s), Warmth::loaded);
}

TEST(PictureOfALoad, HearsNothingFromWhoSaysNothing)
{
    auto picture = picture_of(Kind::llama_cpp);
    EXPECT_EQ(after(picture, report(std::nullopt, std::nullopt), noon), Warmth::cold);
}

}  // namespace
}  // namespace spillway::engine
