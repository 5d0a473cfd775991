#include "spillway/net/body_decoder.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "unit/net/compress.hpp"

namespace spillway::net {
namespace {

using testing::gzipped;
using testing::zstded;

constexpr std::size_t limit = std::size_t{32} * 1024 * 1024;

struct Outcome {
    std::string text;
    std::optional<Errc> error;
};

Outcome decode(Coding coding, const std::string& bytes, std::size_t most = limit)
{
    BlockPool blocks;
    auto decoded = decode_body(coding, bytes, most, 64, blocks);
    if (!decoded)
        return {"", decoded.error().code()};
    EXPECT_GE(decoded->block.size(), decoded->size + 64);
    return {std::string{decoded->block.bytes(), decoded->size}, std::nullopt};
}

Fields encoding(std::initializer_list<std::string_view> values)
{
    Fields fields;
    for (const std::string_view value : values)
        EXPECT_TRUE(fields.add({"Content-Encoding", value}));
    return fields;
}

TEST(BodyDecoder, ReadsGzip)
{
    const std::string text(100'000, 'x');
    EXPECT_EQ(decode(Coding::gzip, gzipped(text)).text, text);
}

TEST(BodyDecoder, ReadsZstd)
{
    const std::string text = "{\"a\":1}" + std::string(300'000, ' ');
    EXPECT_EQ(decode(Coding::zstd, zstded(text)).text, text);
}

TEST(BodyDecoder, ReadsAnEmptyBody)
{
    EXPECT_EQ(decode(Coding::gzip, gzipped("")).text, "");
    EXPECT_EQ(decode(Coding::zstd, zstded("")).text, "");
}

TEST(BodyDecoder, ReadsSeveralMembersAsOne)
{
    EXPECT_EQ(decode(Coding::gzip, gzipped("one") + gzipped("two")).text, "onetwo");
    EXPECT_EQ(decode(Coding::zstd, zstded("one") + zstded("two")).text, "onetwo");
}

TEST(BodyDecoder, StopsABombAtTheLimit)
{
    const std::string text(3'000'000, 'x');
    EXPECT_EQ(decode(Coding::gzip, gzipped(text), 100'000).error, Errc::body_too_large);
    EXPECT_EQ(decode(Coding::zstd, zstded(text), 100'000).error, Errc::body_too_large);
}

TEST(BodyDecoder, StopsABombByItsRatio)
{
    const std::string text(20'000'000, '\0');
    EXPECT_EQ(decode(Coding::gzip, gzipped(text)).error, Errc::body_too_large);
    EXPECT_EQ(decode(Coding::zstd, zstded(text)).error, Errc::body_too_large);
}

TEST(BodyDecoder, TakesABodyOfExactlyTheLimit)
{
    const std::string text(50'000, 'x');
    EXPECT_EQ(decode(Coding::gzip, gzipped(text), text.size()).text, text);
    EXPECT_EQ(decode(Coding::gzip, gzipped(text), text.size() - 1).error, Errc::body_too_large);
}

TEST(BodyDecoder, RefusesWhatIsCutShort)
{
    const std::string whole = gzipped(std::string(10'000, 'a') + "b");
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_EQ(decode(Coding::gzip, whole.substr(0, size)).error, Errc::bad_encoding) << size;
    const std::string other = zstded(std::string(10'000, 'a') + "b");
    for (std::size_t size = 0; size < other.size(); ++size)
        EXPECT_EQ(decode(Coding::zstd, other.substr(0, size)).error, Errc::bad_encoding) << size;
}

TEST(BodyDecoder, RefusesGarbage)
{
    EXPECT_EQ(decode(Coding::gzip, "this is not gzip").error, Errc::bad_encoding);
    EXPECT_EQ(decode(Coding::zstd, "this is not zstd").error, Errc::bad_encoding);
    EXPECT_EQ(decode(Coding::gzip, gzipped("a") + "garbage").error, Errc::bad_encoding);
    EXPECT_EQ(decode(Coding::zstd, zstded("a") + "garbage").error, Errc::bad_encoding);
}

TEST(ContentCoding, KnowsThreeAndOnlyOneAtATime)
{
    EXPECT_EQ(content_coding(Fields{}), Coding::identity);
    EXPECT_EQ(content_coding(encoding({"identity"})), Coding::identity);
    EXPECT_EQ(content_coding(encoding({"GZIP"})), Coding::gzip);
    EXPECT_EQ(content_coding(encoding({"x-gzip"})), Coding::gzip);
    EXPECT_EQ(content_coding(encoding({"zstd"})), Coding::zstd);
    EXPECT_EQ(content_coding(encoding({"br"})).error().code(), Errc::unsupported_encoding);
    EXPECT_EQ(content_coding(encoding({"deflate"})).error().code(), Errc::unsupported_encoding);
    EXPECT_EQ(content_coding(encoding({"gzip, zstd"})).error().code(), Errc::unsupported_encoding);
    EXPECT_EQ(content_coding(encoding({"gzip", "gzip"})).error().code(),
              Errc::unsupported_encoding);
}

}  // namespace
}  // namespace spillway::net
