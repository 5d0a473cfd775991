#include "spillway/config/conditions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct SpanCase {
    const char* text;
    const char* unit;
    double inside;
    double outside;
};
class ASpan : public testing::TestWithParam<SpanCase> {};

TEST_P(ASpan, HoldsWhatItSays)
{
    const auto span = parse_span(GetParam().text, GetParam().unit);
    ASSERT_TRUE(span) << GetParam().text;
    EXPECT_TRUE(span->holds(GetParam().inside)) << GetParam().text;
    EXPECT_FALSE(span->holds(GetParam().outside)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Written, ASpan,
    testing::Values(SpanCase{">8000", "", 8001, 8000}, SpanCase{">=8000", "", 8000, 7999},
                    SpanCase{"< 10", "", 9.5, 10}, SpanCase{"<= 0.5", "", 0.5, 0.51},
                    SpanCase{"2000..8000", "", 8000, 8001}, SpanCase{">8k", "", 8001, 8000},
                    SpanCase{"<1M", "", 999'999, 1'000'000}, SpanCase{">10%", "%", 10.1, 10},
                    SpanCase{">0.05 USD", "USD", 0.06, 0.05},
                    SpanCase{">$0.05", "USD", 0.06, 0.05}));

class NoSpan : public testing::TestWithParam<const char*> {};

TEST_P(NoSpan, IsRefused)
{
    EXPECT_FALSE(parse_span(GetParam(), "")) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Written, NoSpan,
                         testing::Values("8000", "", ">", ">x", "..", "1..", "..2", "=5", ">10%",
                                         ">1e999", ">nan", ">5 6"));

std::string minutes(std::string_view text)
{
    std::string all;
    const auto windows = parse_windows(text);
    if (!windows)
        return "none";
    for (const auto& window : *windows)
        all += std::to_string(window.from) + "-" + std::to_string(window.to) + " ";
    return all;
}

TEST(Windows, CoverWholeDaysWithoutHours)
{
    EXPECT_EQ(minutes("sat,sun"), "7200-8640 8640-10080 ");
}

TEST(Windows, CoverTheHoursOfEachDay)
{
    EXPECT_EQ(minutes("mon-tue 09:00-18:00"), "540-1080 1980-2520 ");
}

TEST(Windows, RunOverMidnightAndOverTheEndOfTheWeek)
{
    EXPECT_EQ(minutes("sun 22:00-06:00"), "9960-10080 0-360 ");
}

TEST(Windows, RunRoundTheWeek)
{
    EXPECT_EQ(minutes("sun-mon 10:00-11:00"), "600-660 9240-9300 ");
}

TEST(Windows, RefuseWhatIsNone)
{
    for (const auto* text :
         {"", "someday", "mon 25:00-26:00", "mon 10:00", "10:60-11:00", "10:00-10:00", "mon-"})
        EXPECT_EQ(minutes(text), "none") << text;
}

/// A route with one rule of that condition, in front of one good row.
Loaded with_when(const std::string& when)
{
    return load(
        "model_list:\n- {model_name: a, litellm_params: {model: ollama/m}}\n"
        "routes:\n  r:\n    rules:\n    - name: one\n      use: [a]\n      when: " +
        when + "\n    otherwise: [a]\n");
}

const Condition& only(const Loaded& loaded)
{
    return loaded.config->routes.at(0).rules.at(0).when;
}

TEST(Conditions, OfOneKeyStandAlone)
{
    const auto loaded = with_when("{prompt_tokens: \">8000\"}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& number = std::get<NumberIs>(only(loaded).test);
    EXPECT_EQ(number.measure, Measure::prompt_tokens);
    EXPECT_FALSE(number.span.holds(8000));
    EXPECT_EQ(only(loaded).at.line, 8U);
}

TEST(Conditions, OfSeveralKeysMustAllHold)
{
    const auto loaded = with_when("{has: code, complexity: \">=complex\"}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& parts = std::get<AllOf>(only(loaded).test).parts;
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_THAT(std::get<HasContent>(parts[0].test).any_of, ElementsAre(Content::code));
    EXPECT_EQ(std::get<TierIs>(parts[1].test).low, score::Tier::complex);
    EXPECT_EQ(std::get<TierIs>(parts[1].test).high, score::Tier::premium);
}

TEST(Conditions, CombineWithAnyAndNot)
{
    const auto loaded = with_when("{any: [{has: images}, {not: {task: embedding}}]}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& parts = std::get<AnyOf>(only(loaded).test).parts;
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<NotAny>(parts[1].test));
}

TEST(Conditions, KnowTheWordsForClients)
{
    const auto loaded = with_when("{client: [open_webui_title, coding_agent]}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_THAT(std::get<ClientIs>(only(loaded).test).any_of,
                ElementsAre(ClientKind::open_webui_title, ClientKind::coding_agent));
}

TEST(Conditions, SearchWhereTheyAreTold)
{
    const auto loaded = with_when("{words: {any_of: [contract, nda], in: all}}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_EQ(std::get<SaysWords>(only(loaded).test).where, Where::all);
}

TEST(Conditions, MeasureNamedBudgets)
{
    const auto loaded = with_when("{budget_left: {key: \">20%\"}}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& parts = std::get<AllOf>(only(loaded).test).parts;
    EXPECT_EQ(std::get<BudgetLeft>(parts.at(0).test).scope, "key");
}

TEST(Conditions, TakesWordsOfAnySensibleLength)
{
    EXPECT_TRUE(with_when("{words: [" + std::string(4'096, 'a') + "]}").config);
    const auto longer = with_when("{words: {any_of: [" + std::string(4'097, 'a') + "], in: all}}");
    EXPECT_FALSE(longer.config);
    EXPECT_THAT(errors(longer).front(), HasSubstr("longer than 4096 bytes"));
}

TEST(Conditions, TakeBlanksAroundTheSignOfATier)
{
    for (const auto* when : {"{complexity: \">= complex\"}", "{complexity: \" >=complex\"}"}) {
        const auto loaded = with_when(when);
        ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
        EXPECT_EQ(std::get<TierIs>(only(loaded).test).low, score::Tier::complex) << when;
        EXPECT_EQ(std::get<TierIs>(only(loaded).test).high, score::Tier::premium) << when;
    }
}

TEST(Conditions, MeasureBudgetsBetweenTwoShares)
{
    const auto loaded = with_when("{budget_left: \"10..20%\"}");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_TRUE(std::get<BudgetLeft>(only(loaded).test).percent.holds(20));
    EXPECT_FALSE(std::get<BudgetLeft>(only(loaded).test).percent.holds(21));
}

struct BadWhen {
    const char* when;
    const char* error;
};
class Refuses : public testing::TestWithParam<BadWhen> {};

TEST_P(Refuses, WithThePlaceAndTheReason)
{
    const auto loaded = with_when(GetParam().when);
    EXPECT_FALSE(loaded.config);
    ASSERT_FALSE(errors(loaded).empty()) << GetParam().when;
    EXPECT_THAT(errors(loaded).front(), HasSubstr(GetParam().error));
    EXPECT_THAT(errors(loaded).front(), HasSubstr("c.yaml:"));
}

INSTANTIATE_TEST_SUITE_P(
    Written, Refuses,
    testing::Values(
        BadWhen{"{prompt_token: \">5\"}", "did you mean \"prompt_tokens\"?"},
        BadWhen{"{prompt_tokens: 5}", "expected an interval"},
        BadWhen{"{prompt_tokens: \"9..2\"}", "never holds"},
        BadWhen{"{complexity: \">premium\"}", "never holds"},
        BadWhen{"{complexity: hard}", "expected trivial, moderate, complex or premium"},
        BadWhen{"{complexity: \">1.5\"}", "never holds"}, BadWhen{"{has: [code, video]}", "video"},
        BadWhen{"{complexity: \"=>complex\"}", "expected trivial, moderate, complex or premium"},
        BadWhen{"{complexity: \"> =complex\"}", "expected trivial, moderate, complex or premium"},
        BadWhen{"{complexity: \"<>complex\"}", "expected trivial, moderate, complex or premium"},
        BadWhen{"{complexity: \"<0\"}", "never holds"},
        BadWhen{"{budget_left: \">0.1\"}", "written in per cent, with its sign"},
        BadWhen{"{budget_left: {key: \"10..20\"}}", "written in per cent, with its sign"},
        BadWhen{"{words: \"  \"}", "no word"}, BadWhen{"{not: {words: [nda, \" \"]}}", "no word"},
        BadWhen{"{header: {\"x app\": billing}}", "no name of a header"},
        BadWhen{"{client: open_webu}", "did you mean \"open_webui\"?"},
        BadWhen{"{matches: \"(\"}", "no regular expression"},
        BadWhen{"{sensitive: creditcard}", "creditcard"}, BadWhen{"{time: never}", "names no days"},
        BadWhen{"{budget_left: {wallet: \">5%\"}}", "no scope of a budget"},
        BadWhen{"{group: {a: hot}}", "hot"}, BadWhen{"{}", "no condition is in it"},
        BadWhen{"{any: []}", "the list is empty"}, BadWhen{"{words: {of: [a]}}", "any_of"},
        BadWhen{"{all: [{turns: \">5\"}, {turns: \"<2\"}]}", "can never match"}));

}  // namespace
}  // namespace spillway::config
