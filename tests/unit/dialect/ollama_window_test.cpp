#include "spillway/dialect/ollama_window.hpp"

#include <gtest/gtest.h>

namespace spillway::dialect {
namespace {

using Window = std::optional<Tokens>;
constexpr Window unknown = std::nullopt;

struct Choice {
    WindowFacts facts;
    Window wanted;
};

class ChooseWindow : public testing::TestWithParam<Choice> {};

TEST_P(ChooseWindow, FollowsTheTable)
{
    EXPECT_EQ(choose_window(GetParam().facts), GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(Table, ChooseWindow,
                         testing::Values(
                             // Nobody says: Ollama decides.
                             Choice{{unknown, unknown, unknown}, unknown},
                             Choice{{unknown, unknown, Tokens{131'072}}, unknown},
                             // What the file says, whatever it is loaded with.
                             Choice{{Tokens{8'192}, unknown, unknown}, Tokens{8'192}},
                             Choice{{Tokens{8'192}, Tokens{4'096}, unknown}, Tokens{8'192}},
                             Choice{{Tokens{8'192}, Tokens{16'384}, Tokens{32'768}}, Tokens{8'192}},
                             // What there was memory for, so that nothing is loaded anew.
                             Choice{{unknown, Tokens{4'096}, unknown}, Tokens{4'096}},
                             Choice{{unknown, Tokens{4'096}, Tokens{131'072}}, Tokens{4'096}},
                             // Never more than the model can hold.
                             Choice{{Tokens{100'000}, unknown, Tokens{8'192}}, Tokens{8'192}},
                             Choice{{unknown, Tokens{16'384}, Tokens{8'192}}, Tokens{8'192}},
                             // Figures that are none.
                             Choice{{Tokens{0}, unknown, unknown}, unknown},
                             Choice{{Tokens{4'096}, unknown, Tokens{0}}, Tokens{4'096}}));

struct Reading {
    std::string_view what;
    Window evaluated;
    PromptBand prompt;
    Window window;
    bool truncated;
};

class WasTruncated : public testing::TestWithParam<Reading> {};

TEST_P(WasTruncated, FollowsTheTable)
{
    const auto& reading = GetParam();
    EXPECT_EQ(was_truncated(reading.evaluated, reading.prompt, reading.window), reading.truncated)
        << reading.what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, WasTruncated,
    testing::Values(
        Reading{"all of it was read",
                Tokens{1'000},
                {Tokens{1'000}, Tokens{950}},
                Tokens{4'096},
                false},
        Reading{"the cache held most of it",
                Tokens{12},
                {Tokens{3'000}, Tokens{2'900}},
                Tokens{4'096},
                false},
        Reading{"the cache held all of it",
                unknown,
                {Tokens{3'000}, Tokens{2'900}},
                Tokens{4'096},
                false},
        Reading{"cut to the brim",
                Tokens{4'096},
                {Tokens{20'000}, Tokens{10'000}},
                Tokens{4'096},
                true},
        Reading{"cut nearly to the brim",
                Tokens{3'900},
                {Tokens{6'000}, Tokens{3'000}},
                Tokens{4'096},
                true},
        Reading{
            "it fits, barely", Tokens{4'000}, {Tokens{4'200}, Tokens{3'900}}, Tokens{4'096}, false},
        Reading{"whole messages were dropped",
                Tokens{700},
                {Tokens{9'000}, Tokens{8'800}},
                Tokens{4'096},
                true},
        Reading{"our count may be far too high",
                Tokens{3'000},
                {Tokens{6'000}, Tokens{3'000}},
                Tokens{4'096},
                false},
        Reading{"no window is known, but one was filled",
                Tokens{4'096},
                {Tokens{20'000}, Tokens{19'000}},
                unknown,
                true},
        Reading{"the same but for a token",
                Tokens{8'191},
                {Tokens{20'000}, Tokens{19'000}},
                unknown,
                true},
        Reading{"no window is known, and it may have fit",
                Tokens{4'096},
                {Tokens{4'500}, Tokens{4'000}},
                unknown,
                false},
        Reading{"no window is known, and a cache may have held it",
                Tokens{700},
                {Tokens{20'000}, Tokens{19'000}},
                unknown,
                false},
        Reading{"no window is that small",
                Tokens{1'024},
                {Tokens{20'000}, Tokens{19'000}},
                unknown,
                false},
        Reading{"nothing is known", unknown, {Tokens{20'000}, Tokens{19'000}}, unknown, false}));

}  // namespace
}  // namespace spillway::dialect
