#include "spillway/dialect/go_duration.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace spillway::dialect {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct Read {
    std::string name;
    std::string text;
    std::optional<nanoseconds> length;

    friend void PrintTo(const Read& tested, std::ostream* out) { *out << tested.text; }
};
class GoDuration : public testing::TestWithParam<Read> {};

TEST_P(GoDuration, IsReadAsGoDoes)
{
    EXPECT_EQ(read_go_duration(GetParam().text, DurationSign::allowed), GetParam().length);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, GoDuration,
    testing::Values(Read{"Zero", "0", 0ns}, Read{"Seconds", "5s", 5s}, Read{"Hours", "1h", 1h},
                    Read{"MinutesAndSeconds", "6m0s", 6min},
                    Read{"AllUnits", "1h2m3s4ms5us6ns", 1h + 2min + 3s + 4ms + 5us + 6ns},
                    Read{"AnyOrder", "3s1h", 1h + 3s}, Read{"AUnitTwice", "1s1s", 2s},
                    Read{"Fraction", "2m59.56s", 2min + 59'560ms},
                    Read{"LeadingPoint", ".5s", 500ms}, Read{"TrailingPoint", "5.s", 5s},
                    Read{"MicroSign", "12\u00B5s", 12us}, Read{"GreekMu", "12\u03BCs", 12us},
                    Read{"FractionOfAnHour", "1.5h", 90min}, Read{"BelowANanosecond", "0.9ns", 0ns},
                    Read{"ManyDigits", "0.25000000000000000000000001h", 15min},
                    Read{"Negative", "-1.5h", -90min}, Read{"Positive", "+5s", 5s},
                    Read{"NegativeZero", "-0", 0ns}, Read{"LeadingZeros", "007s", 7s},
                    Read{"TheLongest", "9223372036854775807ns", nanoseconds::max()}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Refused, GoDuration,
    testing::Values(
        Read{"Nothing", "", {}}, Read{"ANumber", "3", {}}, Read{"AUnit", "s", {}},
        Read{"APoint", ".s", {}}, Read{"ASign", "-", {}}, Read{"TwoSigns", "--5s", {}},
        Read{"ASignInside", "1h-5m", {}}, Read{"Days", "1d", {}}, Read{"AnExponent", "1e3s", {}},
        Read{"TwoUnits", "5sm", {}}, Read{"ALastNumber", "5s3", {}}, Read{"Capitals", "5S", {}},
        Read{"Blanks", "5 s", {}}, Read{"BlanksBehind", "5s ", {}}, Read{"Infinity", "infs", {}},
        Read{"NotANumber", "nanh", {}}, Read{"TwoPoints", "1.2.3s", {}}, Read{"AWord", "soon", {}},
        Read{"TooManyNanoseconds", "9223372036854775808ns", {}},
        Read{"TooManyHours", "2562048h", {}}, Read{"TooMuchInSum", "9223372036854775807ns1ns", {}}),
    [](const auto& tested) { return tested.param.name; });

TEST(GoDurations, HaveNoSignWhereNoneMayStand)
{
    EXPECT_EQ(read_go_duration("5s", DurationSign::refused), 5s);
    EXPECT_EQ(read_go_duration("0", DurationSign::refused), 0s);
    EXPECT_EQ(read_go_duration("-5s", DurationSign::refused), std::nullopt);
    EXPECT_EQ(read_go_duration("+5s", DurationSign::refused), std::nullopt);
}

}  // namespace
}  // namespace spillway::dialect
