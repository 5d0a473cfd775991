#include "spillway/base/text.hpp"

#include <gmock/gmock.h>

#include <array>
#include <limits>

namespace spillway {
namespace {

using testing::Optional;

const std::string replacement = "\xEF\xBF\xBD";

TEST(JsonQuoted, EscapesWhatJsonForbidsBare)
{
    EXPECT_EQ(json_quoted("a\"b\\c\n\r\t\x01"), R"("a\"b\\c\n\r\t\u0001")");
}

TEST(JsonQuoted, LeavesUtf8AsItIs)
{
    EXPECT_EQ(json_quoted("gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xB3"),
              "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x90\xB3\"");
}

TEST(JsonQuoted, ReplacesBytesThatAreNotUtf8)
{
    EXPECT_EQ(json_quoted("a\xFFz"), "\"a" + replacement + "z\"");
    EXPECT_EQ(json_quoted("\xC0\xAF"), '"' + replacement + replacement + '"');  // overlong
    EXPECT_EQ(json_quoted("\xED\xA0\x80"),
              '"' + replacement + replacement + replacement + '"');  // surrogate
    EXPECT_EQ(json_quoted("\xF0\x9F\x90"), '"' + replacement + replacement + replacement + '"');
    EXPECT_EQ(json_quoted("\xF4\x90\x80\x80").size(), 2 + 4 * replacement.size());  // > U+10FFFF
}

TEST(YesOrNo, IsSaidInFewWords)
{
    for (const auto* yes : {"true", "True", "TRUE", "1"})
        EXPECT_THAT(yes_or_no(yes), Optional(true)) << yes;
    for (const auto* no : {"false", "False", "0", ""})
        EXPECT_THAT(yes_or_no(no), Optional(false)) << no;
    for (const auto* neither : {"yes", "2", "01", " true", "null"})
        EXPECT_FALSE(yes_or_no(neither)) << neither;
}

TEST(Printable, ReplacesControlCharactersAndBrokenBytes)
{
    EXPECT_EQ(printable("a\nb\x1B[31m\x7F\xFF"), "a?b?[31m??");
    EXPECT_EQ(printable("a\xC2\x85z"), "a?z");  // NEL, a line break to some terminals
}

TEST(Printable, CutsAtTheLimitBetweenCharacters)
{
    EXPECT_EQ(printable("aaaa", 3), "aaa");
    EXPECT_EQ(printable("a\xC3\xBC", 2), "a");
    EXPECT_EQ(printable("a\xC3\xBC", 3), "a\xC3\xBC");
}

TEST(Nearest, FindsTheWordThatWasMeant)
{
    constexpr std::array<std::string_view, 3> known{"model_list", "num_retries", "timeout"};
    EXPECT_THAT(nearest("num_retires", known), Optional(std::string_view{"num_retries"}));
    EXPECT_THAT(nearest("modellist", known), Optional(std::string_view{"model_list"}));
    EXPECT_THAT(nearest("TIMEOUT", known), Optional(std::string_view{"timeout"}));
}

TEST(Nearest, SaysNothingRatherThanGuess)
{
    constexpr std::array<std::string_view, 3> known{"model_list", "num_retries", "timeout"};
    EXPECT_EQ(nearest("banana", known), std::nullopt);
    EXPECT_EQ(nearest("", known), std::nullopt);
    EXPECT_EQ(nearest("x", std::array<std::string_view, 1>{"y"}), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 'a'), known), std::nullopt);
}

struct Scaled {
    std::string_view text;
    int digits;
    std::int64_t value;
};

class ScaledDecimal : public testing::TestWithParam<Scaled> {};

TEST_P(ScaledDecimal, IsExact)
{
    const auto value = scaled_decimal(GetParam().text, GetParam().digits);
    ASSERT_TRUE(value) << value.error().message();
    EXPECT_EQ(*value, GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Amounts, ScaledDecimal,
    testing::Values(Scaled{"0", 9, 0}, Scaled{"0.0", 9, 0}, Scaled{"15", 9, 15'000'000'000},
                    Scaled{"0.00000042", 12, 420'000}, Scaled{"4.2e-7", 12, 420'000},
                    Scaled{"4.2E-07", 12, 420'000}, Scaled{"+1e3", 0, 1'000}, Scaled{".5", 1, 5},
                    Scaled{"5.", 1, 50}, Scaled{"1e-13", 12, 1},
                    Scaled{"1.0000000000001", 12, 1'000'000'000'001}, Scaled{"0e999999", 9, 0},
                    Scaled{"1e-999999", 9, 1}, Scaled{"0.10", 1, 1}, Scaled{"007", 0, 7},
                    Scaled{"1.100", 1, 11},
                    Scaled{"9223372036854775807", 0, std::numeric_limits<std::int64_t>::max()}));

class NotAnAmount : public testing::TestWithParam<std::string_view> {};

TEST_P(NotAnAmount, IsRefused)
{
    EXPECT_FALSE(scaled_decimal(GetParam(), 9));
}

INSTANTIATE_TEST_SUITE_P(Amounts, NotAnAmount,
                         testing::Values("", ".", "-1", "1e", "e5", "1.2.3", "nan", "inf", "0x10",
                                         "1 ", "1,5", "1e5.5", "1e--5", "9223372036854775808",
                                         "1e30", "1e99999999999999999999"));

TEST(Iequals, IgnoresTheCaseOfAsciiOnly)
{
    EXPECT_TRUE(iequals("Content-Type", "content-tYPE"));
    EXPECT_FALSE(iequals("a", "ab"));
    EXPECT_FALSE(iequals("[", "{"));
    EXPECT_TRUE(iequals("X-Request-Id-Of-Us", "x-rEQUEST-id-of-uS"));
    EXPECT_FALSE(iequals("x-request-id-of-us", "x-request-id-of-uz"));
    EXPECT_FALSE(iequals("12345678[", "12345678{"));
    EXPECT_FALSE(iequals("1234567[", "1234567{"));
    EXPECT_FALSE(iequals("abcdefg@", "abcdefg`"));
}

TEST(Lower, ChangesAsciiLettersOnly)
{
    EXPECT_EQ(lower("ABC-\xC3\x9C-1"), "abc-\xC3\x9C-1");
}

TEST(Trimmed, TakesBlanksOffBothEnds)
{
    EXPECT_EQ(trimmed(" \t a b \t"), "a b");
    EXPECT_EQ(trimmed(" \t "), "");
    EXPECT_EQ(trimmed("\na"), "\na");
}

TEST(Rfc3339, PrintsMicrosecondsInUtc)
{
    using std::chrono::microseconds;
    EXPECT_EQ(rfc3339(WallTime{microseconds{0}}), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(rfc3339(WallTime{microseconds{1'709'164'799'123'456}}),
              "2024-02-28T23:59:59.123456Z");
    EXPECT_EQ(rfc3339(WallTime{microseconds{1'709'164'800'000'001}}),
              "2024-02-29T00:00:00.000001Z");
}

TEST(PercentDecoded, DecodesEscapes)
{
    EXPECT_THAT(percent_decoded("a%2Fb%20c+%e2%82%ac"), Optional(std::string{"a/b c+\u20AC"}));
    EXPECT_THAT(percent_decoded(""), Optional(std::string{}));
}

TEST(PercentDecoded, RefusesMalformedEscapesAndNul)
{
    EXPECT_EQ(percent_decoded("%"), std::nullopt);
    EXPECT_EQ(percent_decoded("%2"), std::nullopt);
    EXPECT_EQ(percent_decoded("%zz"), std::nullopt);
    EXPECT_EQ(percent_decoded("a%00b"), std::nullopt);
}

}  // namespace
}  // namespace spillway
