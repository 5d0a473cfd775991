#include "spillway/dialect/event_stream.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event_boundaries.hpp"

namespace spillway::dialect {
namespace {

std::vector<std::string> events(std::string_view stream)
{
    std::vector<std::string> found;
    std::size_t begin = 0;
    for (const auto end : boundaries(stream, stream.size())) {
        found.emplace_back(stream.substr(begin, end - begin));
        begin = end;
    }
    return found;
}

using Strings = std::vector<std::string>;

TEST(EventBoundary, EndsAnEventBehindItsBlankLine)
{
    EXPECT_EQ(events("data: a\n\ndata: b\n\n"), (Strings{"data: a\n\n", "data: b\n\n"}));
}

TEST(EventBoundary, KeepsTheLineFeedOfABlankCrlfWithItsEvent)
{
    EXPECT_EQ(events("data: a\r\n\r\ndata: b\r\n\r\n"),
              (Strings{"data: a\r\n\r\n", "data: b\r\n\r\n"}));
}

TEST(EventBoundary, TakesBareCarriageReturns)
{
    EXPECT_EQ(events("data: a\r\rdata: b\r\r"), (Strings{"data: a\r\r", "data: b\r\r"}));
}

TEST(EventBoundary, TakesMixedLineEnds)
{
    EXPECT_EQ(events("data: a\n\r\ndata: b\r\n\ndata: c\n\rdata: d\n\n"),
              (Strings{"data: a\n\r\n", "data: b\r\n\n", "data: c\n\r", "data: d\n\n"}));
}

TEST(EventBoundary, IsNotFooledByBlankLinesBetweenEvents)
{
    EXPECT_EQ(events("\n\ndata: a\n\n\n\ndata: b\n\n"),
              (Strings{"\n\ndata: a\n\n", "\n\ndata: b\n\n"}));
}

TEST(EventBoundary, CountsAComentAsAnEvent)
{
    EXPECT_EQ(events(": keep-alive\n\ndata: a\n\n"), (Strings{": keep-alive\n\n", "data: a\n\n"}));
}

TEST(EventBoundary, FindsNothingInAnUnfinishedEvent)
{
    EventBoundary boundary;
    EXPECT_EQ(boundary.first_end("data: a\n"), std::nullopt);
    EXPECT_EQ(boundary.first_end("data: b\n"), std::nullopt);
    EXPECT_EQ(boundary.first_end("\n"), 1U);
}

TEST(EventBoundary, SaysZeroWhenTheNextByteShowsThatTheEventWasComplete)
{
    EventBoundary boundary;
    EXPECT_EQ(boundary.first_end("data: a\n\r"), std::nullopt);
    EXPECT_EQ(boundary.first_end("data: b\n\n"), 0U);
    EXPECT_EQ(boundary.first_end("data: b\n\n"), 9U);
}

TEST(EventBoundary, FindsTheLastOfSeveralEvents)
{
    EventBoundary boundary;
    EXPECT_EQ(boundary.last_end("data: a\n\ndata: b\n\ndata"), 18U);
    EXPECT_EQ(boundary.last_end(": c"), std::nullopt);
    EXPECT_EQ(boundary.last_end("\n\n"), 2U);
}

/// Every stream of up to eight bytes of this alphabet: cutting must not matter.
class Alphabet : public testing::TestWithParam<char> {};

TEST_P(Alphabet, AnyCuttingGivesTheSameBoundaries)
{
    constexpr std::string_view letters = "\r\nax";
    for (unsigned code = 0; code < 1U << 16U; ++code) {
        std::string stream(1, GetParam());
        for (unsigned rest = code; stream.size() < 9; rest >>= 2U) {
            stream += letters[rest & 3U];
        }
        const auto whole = boundaries(stream, stream.size());
        for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
            ASSERT_EQ(boundaries(stream, piece), whole) << testing::PrintToString(stream);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(EventBoundary, Alphabet, testing::Values('\r', '\n', 'a'));

std::string data_of(std::string_view event)
{
    std::string joined;
    return std::string(read_event(event, joined).data);
}

TEST(ReadEvent, StripsOneSpaceBehindTheColon)
{
    EXPECT_EQ(data_of("data:  a\n\n"), " a");
    EXPECT_EQ(data_of("data:a\n\n"), "a");
}

TEST(ReadEvent, JoinsDataLinesWithLineFeeds)
{
    EXPECT_EQ(data_of("data: a\r\ndata: b\rdata\ndata: c\n\n"), "a\nb\n\nc");
}

TEST(ReadEvent, PointsIntoTheEventWhenThereIsOneLine)
{
    const std::string event = "id: 1\ndata: a\n\n";
    std::string joined;
    EXPECT_EQ(read_event(event, joined).data.data(), event.data() + 12);
}

TEST(ReadEvent, SkipsAByteOrderMark)
{
    EXPECT_EQ(data_of("\xEF\xBB\xBF"
                      "data: a\n\n"),
              "a");
}

TEST(ReadEvent, TellsNoDataFromEmptyData)
{
    std::string joined;
    EXPECT_EQ(read_event(": comment\n\n", joined).data.data(), nullptr);
    EXPECT_NE(read_event("data:\n\n", joined).data.data(), nullptr);
    EXPECT_EQ(read_event("database: x\n\n", joined).data.data(), nullptr);
}

TEST(ReadEvent, NamesTheEvent)
{
    std::string joined;
    EXPECT_EQ(read_event("event: error\ndata: {}\n\n", joined).name, "error");
    EXPECT_EQ(read_event("data: {}\nevent:ping\r\n\r\n", joined).name, "ping");
    EXPECT_EQ(read_event("events: x\ndata: {}\n\n", joined).name, "");
}

}  // namespace
}  // namespace spillway::dialect
