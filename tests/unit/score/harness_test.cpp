#include "spillway/score/harness.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace spillway::score {
namespace {

std::string cut(const std::string& turn)
{
    static std::array<char, window_bytes> memory;
    const auto window = cut_harness(turn, memory);
    return {memory.data(), window.written};
}

TEST(Harness, LeavesPlainTextAlone)
{
    EXPECT_EQ(cut("if a < b then </p> <reminders> & <tool"),
              "if a < b then </p> <reminders> & <tool");
    EXPECT_EQ(cut(""), "");
}

TEST(Harness, CutsEveryKnownBlock)
{
    for (const auto tag : harness_tags()) {
        const std::string name(tag);
        EXPECT_EQ(cut("a <" + name + ">x <b>y</b> z</" + name + "> b"), "a  b") << name;
    }
}

TEST(Harness, CutsSeveralBlocksAndThoseWithAttributes)
{
    EXPECT_EQ(cut("<system-reminder>one</system-reminder>fix it<tools n=\"3\">two</tools>"),
              "fix it");
}

TEST(Harness, KeepsABlockThatIsNeverClosed)
{
    EXPECT_EQ(cut("what does <system-reminder> mean"), "what does <system-reminder> mean");
}

TEST(Harness, KeepsTagsThatOnlyBeginAlike)
{
    EXPECT_EQ(cut("<toolshed>x</toolshed>"), "<toolshed>x</toolshed>");
}

TEST(Harness, LeavesNothingOfATurnThatIsAllHarness)
{
    EXPECT_EQ(cut("<environment_context>cwd</environment_context>"), "");
}

TEST(Harness, KeepsHeadAndTailOfALongTurn)
{
    const std::string turn =
        std::string(window_head, 'h') + std::string(50'000, 'm') + std::string(window_tail, 't');
    const auto left = cut(turn);
    EXPECT_EQ(left.size(), window_bytes);
    EXPECT_EQ(left.front(), 'h');
    EXPECT_EQ(left.find('m'), std::string::npos);
    EXPECT_EQ(left.substr(left.size() - window_tail), std::string(window_tail, 't'));
}

TEST(Harness, JoinsWhatJustFitsWithoutAGap)
{
    const std::string turn(window_head + window_tail, 'x');
    EXPECT_EQ(cut(turn), turn);
}

TEST(Harness, NeverCutsACharacterInTwo)
{
    for (std::size_t shift = 0; shift < 4; ++shift) {
        std::string turn(shift, 'x');
        while (turn.size() < 20'000)
            turn += "\u65e5";
        const auto left = cut(turn);
        for (std::size_t i = shift; i < left.size(); i += left[i] == '\n' ? 1 : 3) {
            if (left[i] != '\n') {
                ASSERT_EQ(left.substr(i, 3), "\u65e5") << i;
            }
        }
    }
}

TEST(Harness, TakesTheHeadOfTheUsersOwnWordsBehindALongBlock)
{
    const std::string block = "<system-reminder>" + std::string(90'000, 'r') + "</system-reminder>";
    EXPECT_EQ(cut(block + "rename the function"), "rename the function");
}

TEST(Harness, SurvivesManySmallPieces)
{
    std::string turn;
    for (int i = 0; i < 3000; ++i)
        turn += "abcdefgh<tools>x</tools>";
    const auto left = cut(turn);
    EXPECT_LE(left.size(), window_bytes);
    EXPECT_EQ(left.find("tools"), std::string::npos);
}

}  // namespace
}  // namespace spillway::score
