#include "../../../src/dialect/escape_scan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace spillway::dialect {
namespace {

/// The inside of a string as the scan wants it: closed, with readable bytes behind it.
struct Inside {
    explicit Inside(std::string inside) : size(inside.size()), text(std::move(inside))
    {
        text += '"';
        text.append(64, '\\');
    }
    [[nodiscard]] EscapeScan scan() const { return scan_escapes(view(), 0, size); }
    [[nodiscard]] EscapeScan scan_one_by_one() const
    {
        return scan_escapes_one_by_one(view(), 0, size);
    }
    [[nodiscard]] std::string_view view() const
    {
        return std::string_view(text).substr(0, size + 1);
    }

    std::size_t size;
    std::string text;
};

TEST(EscapeScan, CountsWhatUnescapingSaves)
{
    const auto scan = Inside(R"(a\n\"\\\/\b\f\r\t \u0041\u00e9\u4f60\ud83d\ude00)").scan();
    EXPECT_EQ(scan.fault, EscapeScan::no_fault);
    EXPECT_EQ(scan.saved, 8U + 5U + 4U + 3U + 4U + 4U);
}

TEST(EscapeScan, KnowsEveryLetterThatIsAnEscape)
{
    for (int byte = 0; byte < 256; ++byte) {
        const char letter = static_cast<char>(byte);
        const bool is_escape = plain_escape(letter) != '\0';
        const auto scan = Inside(std::string("..\\") + letter + "..").scan();
        EXPECT_EQ(scan.fault, is_escape ? EscapeScan::no_fault : 2U) << byte;
    }
}

TEST(EscapeScan, WantsFourHexDigitsBehindU)
{
    for (const auto* digits :
         {"", "1", "12", "123", "123g", "g123", "12 4", "/234", ":234", "@ABC"}) {
        EXPECT_EQ(Inside(std::string("abc\\u") + digits).scan().fault, 3U) << digits;
    }
    for (const auto* digits : {"0000", "09af", "AFaf", "ffff"}) {
        EXPECT_EQ(Inside(std::string("abc\\u") + digits).scan().fault, EscapeScan::no_fault)
            << digits;
    }
}

TEST(EscapeScan, NamesTheFirstFault)
{
    EXPECT_EQ(Inside(R"(\n\q\u12)").scan().fault, 2U);
    EXPECT_EQ(Inside(R"(\n\u12 \q)").scan().fault, 2U);
}

TEST(EscapeScan, SeesEscapesAcrossBlocks)
{
    for (std::size_t before = 50; before < 140; ++before) {
        const std::string plain(before, 'x');
        EXPECT_EQ(Inside(plain + R"(\\n)").scan().saved, 1U) << before;
        EXPECT_EQ(Inside(plain + R"(\u00e9)").scan().saved, 4U) << before;
        EXPECT_EQ(Inside(plain + R"(\\\x)").scan().fault, before + 2) << before;
    }
}

/// Strings of hardly anything but escapes: the verdict must be that of the plain loop.
class MixedEscapes : public testing::TestWithParam<int> {};

TEST_P(MixedEscapes, AreJudgedAsOneByOne)
{
    constexpr std::string_view pieces[] = {"\\\\",    "\\n",      "\\\"",     "\\u00e9",
                                           "\\ud83d", "u",        "n",        "abcdefg",
                                           "\\/\\/",  "\xC3\xA9", "        ", "\\b"};
    constexpr std::string_view broken[] = {"\\x", "\\u12 4", "\\U0041", "\\\xC3\xA9"};
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    for (int round = 0; round < 200; ++round) {
        std::string inside;
        for (auto count = random() % 80; count > 0; --count) {
            inside += random() % 200 == 0 ? broken[random() % std::size(broken)]
                                          : pieces[random() % std::size(pieces)];
        }
        const Inside string(inside);
        const auto fast = string.scan();
        const auto plain = string.scan_one_by_one();
        ASSERT_EQ(fast.fault, plain.fault) << inside;
        if (fast.fault == EscapeScan::no_fault) {
            ASSERT_EQ(fast.saved, plain.saved) << inside;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Json, MixedEscapes, testing::Range(0, 10));

}  // namespace
}  // namespace spillway::dialect
