#include "spillway/app/side_by_side.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::app {
namespace {

using testing::ElementsAre;

TEST(Wrapping, BreaksAtBlanksAndInLongWords)
{
    EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
    EXPECT_THAT(wrapped("abcdefgh", 3), ElementsAre("abc", "def", "gh"));
    EXPECT_THAT(wrapped("a\n\nb", 10), ElementsAre("a", "", "b"));
}

TEST(Wrapping, CountsCharactersNotBytes)
{
    EXPECT_THAT(wrapped("äöü äöü", 3), ElementsAre("äöü", "äöü"));
}

TEST(Wrapping, LetsNothingSteerTheTerminal)
{
    EXPECT_THAT(wrapped("a\x1b[2Jb\tc\r\n", 20), ElementsAre("a?[2Jb c"));
}

TEST(SideBySide, StandsInColumns)
{
    EXPECT_THAT(
        side_by_side("A", "left", "B", "right\nmore", 43),
        ElementsAre("A                    | B", "-------------------- | --------------------",
                    "left                 | right", "                     | more"));
}

TEST(SideBySide, StandsOneUnderTheOtherWhereItIsNarrow)
{
    EXPECT_THAT(side_by_side("A", "left", "B", "right", 20),
                ElementsAre("--- A", "left", "--- B", "right"));
}

}  // namespace
}  // namespace spillway::app
