#include "spillway/net/chunk_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::net {
namespace {

using State = ChunkReader::State;

struct Read {
    std::string payload;
    std::size_t consumed = 0;
    State state = State::more;
};

/// Feeds `wire` in pieces of `step` bytes.
Read read(const std::string& wire, std::size_t step)
{
    ChunkReader reader;
    Read all;
    for (std::size_t at = 0; at < wire.size() && all.state == State::more; at += step) {
        std::string piece = wire.substr(at, step);
        const auto result = reader.strip(piece.data(), piece.size());
        all.payload += piece.substr(0, result.payload);
        all.consumed += result.consumed;
        all.state = result.state;
    }
    return all;
}

TEST(ChunkReader, GivesTheSameForEveryCut)
{
    const std::string wire =
        "5\r\nhello\r\n1;ext=\"v\"\r\n \r\n000A\r\n0123456789\r\n"
        "0\r\nTrailer: x\r\nOther: y z\r\n\r\n";
    for (std::size_t step = 1; step <= wire.size(); ++step) {
        const Read got = read(wire, step);
        EXPECT_EQ(got.payload, "hello 0123456789") << step;
        EXPECT_EQ(got.state, State::done) << step;
        EXPECT_EQ(got.consumed, wire.size()) << step;
    }
}

TEST(ChunkReader, LeavesWhatFollowsAlone)
{
    const Read got = read("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1", 1000);
    EXPECT_EQ(got.payload, "a");
    EXPECT_EQ(got.consumed, 11u);
}

TEST(ChunkReader, WantsMoreUntilTheLastLine)
{
    EXPECT_EQ(read("1\r\na\r\n0\r\n", 1000).state, State::more);
    EXPECT_EQ(read("1\r\na\r\n0\r\n\r", 1000).state, State::more);
}

class ChunkReaderRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(ChunkReaderRefuses, EverythingButStrictChunks)
{
    EXPECT_EQ(read(GetParam(), 1000).state, State::bad);
    EXPECT_EQ(read(GetParam(), 1).state, State::bad);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ChunkReaderRefuses,
    ::testing::Values("\r\nabc", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\na\r\n",
                      "1\na\r\n", "1\r\na\n", "1\r\naa\r\n", "1\r\na\r\r", "1\rX", "1;\n",
                      "1;a\nb\r\n", "1;a\x01\r\n", "00000000000000001\r\na\r\n",
                      "FFFFFFFFFFFFFFFF\r\n", "4000000000000001\r\n",
                      "1;" + std::string(257, 'e') + "\r\na\r\n", "0\r\n X: y\r\n\r\n",
                      "0\r\nX y: z\r\n\r\n", "0\r\n: z\r\n\r\n", "0\r\nX: a\nb\r\n\r\n",
                      "0\r\nX: a\x02\r\n\r\n", "0\n\n", "0\r\n\n", "0\r\n\rX",
                      "0\r\nX: " + std::string(9000, 't') + "\r\n\r\n", "1\r\na\r\n;\r\n"));

TEST(ChunkReader, BoundsTheSumOfExtensions)
{
    std::string wire;
    for (int i = 0; i < 100; ++i)
        wire += "1;" + std::string(200, 'e') + "\r\na\r\n";
    EXPECT_EQ(read(wire, wire.size()).state, State::bad);
}

TEST(ChunkReader, TakesSixteenDigits)
{
    EXPECT_EQ(read("0000000000000001\r\na\r\n0\r\n\r\n", 1000).payload, "a");
}

}  // namespace
}  // namespace spillway::net
