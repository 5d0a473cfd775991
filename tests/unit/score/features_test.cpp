#include "spillway/score/features.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

namespace spillway::score {
namespace {

Features of(std::string_view text)
{
    static Extractor extractor;
    PromptView view;
    view.last_user = text;
    return extractor.extract(view);
}

std::size_t shared_buckets(const Features& a, const Features& b)
{
    const std::set<std::uint16_t> set(a.buckets.begin(), a.buckets.end());
    return static_cast<std::size_t>(std::count_if(
        b.buckets.begin(), b.buckets.end(), [&](std::uint16_t n) { return set.contains(n); }));
}

float logged(int n)
{
    return std::log1p(static_cast<float>(n));
}

// The golden values: weights are only worth something while these stay. Whoever has to change them
// raises `feature_version` and trains the shipped weights again.
TEST(Features, AreTheSameAsWhenTheShippedWeightsWereTrained)
{
    const auto features = of("What is 2+2? Don't guess.");
    EXPECT_THAT(features.buckets,
                testing::ElementsAreArray(std::vector<std::uint16_t>{
                    5385,  7970, 9438, 5213,  5622,  8393,  8612, 10114, 29,   350,
                    11880, 8395, 5123, 12474, 11711, 10694, 412,  14387, 7269, 2825}));
    EXPECT_THAT(features.words, testing::ElementsAreArray(
                                    std::vector<std::uint16_t>{41952, 30831, 26652, 9348, 63704}));
    EXPECT_EQ(schema_hash(), 13885845509464738126U);
    EXPECT_EQ(system_prompt_hash("You are a helpful assistant."), 39885);
}

TEST(Features, CountWhatIsThere)
{
    const auto f = of("Compute 12.5% of $840.\nWhich is right?\nA. 105\nB. 84\n");
    EXPECT_EQ(f[Dense::options], logged(2));
    EXPECT_EQ(f[Dense::numeric_options], 1.0F);
    EXPECT_EQ(f[Dense::decimals], logged(1));
    EXPECT_EQ(f[Dense::money], logged(1));
    EXPECT_EQ(f[Dense::percent], logged(1));
    EXPECT_EQ(f[Dense::question_marks], logged(1));
    EXPECT_EQ(f[Dense::lines], logged(5));
    EXPECT_EQ(f[Dense::starts_making], 1.0F);
    EXPECT_EQ(f.script, Script::latin);
}

TEST(Features, CountTheStepsOfAProblemInWords)
{
    const auto f =
        of("Ann, who is 3 years older, first buys twice as many pens each day. Then she gives half "
           "away, but 5 are left after a week, and 2 pounds remain. If each costs $1, what is the "
           "total?");
    EXPECT_EQ(f[Dense::ages], logged(1));
    EXPECT_EQ(f[Dense::beginnings], logged(1));
    EXPECT_EQ(f[Dense::multiples], logged(1));
    EXPECT_EQ(f[Dense::each_one], logged(2));
    EXPECT_EQ(f[Dense::parts], logged(1));
    EXPECT_EQ(f[Dense::contrast], logged(1));
    EXPECT_EQ(f[Dense::leftovers], logged(2));
    EXPECT_EQ(f[Dense::sequence], logged(1));
    EXPECT_EQ(f[Dense::joining], logged(1));
    EXPECT_EQ(f[Dense::units], logged(1));
    EXPECT_EQ(f[Dense::durations], logged(3));
    EXPECT_EQ(f[Dense::money_words], logged(2));
    EXPECT_EQ(f[Dense::supposed], logged(2));
    EXPECT_EQ(f[Dense::totals], logged(1));
    EXPECT_EQ(f[Dense::more_or_less], 0.0F);
    EXPECT_EQ(f[Dense::averages], 0.0F);
}

TEST(Features, FinerClassesOfWordsArePartOfTheWiderOnes)
{
    EXPECT_EQ(of("twice per half left average")[Dense::rates], 1.0F);
    EXPECT_EQ(of("more than older equal")[Dense::comparison], 1.0F);
    EXPECT_EQ(of("monday cost day")[Dense::time_and_money], 2.0F / 3.0F);
    EXPECT_EQ(of("total all many")[Dense::amounts], 1.0F);
    EXPECT_EQ(of("and but of the")[Dense::function_words], 1.0F);
}

TEST(Features, TellHowMuchTheAnswersToChooseFromShare)
{
    const auto alone = of("Which?\nA. red\n");
    EXPECT_EQ(alone[Dense::options_alike], 0.0F);
    EXPECT_EQ(alone[Dense::two_options_alike], 0.0F);
    // Of the tokens "a . red b blue" the mark and nothing else stands in both.
    const auto apart = of("Which?\nA. red\nB. blue\n");
    EXPECT_EQ(apart[Dense::options_alike], 1.0F / 5.0F);
    EXPECT_EQ(apart[Dense::two_options_alike], 1.0F / 5.0F);
    const auto mixed = of("Which?\nA. right, right\nB. right, right\nC. left.");
    EXPECT_EQ(mixed[Dense::two_options_alike], 3.0F / 5.0F);
    EXPECT_FLOAT_EQ(mixed[Dense::options_alike], (3.0F / 5.0F + 1.0F / 6.0F + 1.0F / 6.0F) / 3);
    // Only what begins like an answer to choose from counts.
    EXPECT_EQ(of("red wine\nred wine")[Dense::options_alike], 0.0F);
}

TEST(Features, CompareTenAnswersAtMost)
{
    std::string text = "Which?";
    for (int i = 0; i < 40; ++i)
        text += "\nA. the same";
    EXPECT_EQ(of(text)[Dense::options_alike], 1.0F);
    EXPECT_EQ(of(text + "\nB. another")[Dense::options_alike], 1.0F);
}

TEST(Features, TellWithWhichArticleAPromptBegins)
{
    EXPECT_EQ(of("The man runs.")[Dense::starts_definite], 1.0F);
    EXPECT_EQ(of("The man runs.")[Dense::starts_indefinite], 0.0F);
    EXPECT_EQ(of("An apple falls.")[Dense::starts_indefinite], 1.0F);
    EXPECT_EQ(of("Apples fall on the man and a tree.")[Dense::starts_definite], 0.0F);
}

TEST(Features, SeeCode)
{
    EXPECT_EQ(of("please explain this to me")[Dense::code_lines], 0.0F);
    EXPECT_GT(of("fix\n```\nint x = 1;\nreturn x;\n```")[Dense::code_lines], 1.0F);
    EXPECT_GT(of("def f(x):\n    return x")[Dense::code_lines], 0.0F);
}

TEST(Features, DoNotDependOnCase)
{
    const auto lower = of("\u00e4pfel und \u0444\u0443\u043d\u043a\u0446\u0438\u044f and nuts");
    const auto upper = of("\u00c4PFEL UND \u0424\u0423\u041d\u041a\u0426\u0418\u042f AND NUTS");
    EXPECT_EQ(lower.buckets, upper.buckets);
    EXPECT_GT(upper[Dense::upper_case], lower[Dense::upper_case]);
}

TEST(Features, AreThoseOfTheTextWithoutHarness)
{
    EXPECT_EQ(of("<system-reminder>Use the todo list.</system-reminder>rename it").buckets,
              of("rename it").buckets);
}

TEST(Features, ReadChineseCharacterByCharacter)
{
    const auto a = of("\u8bf7\u89e3\u91ca\u91cf\u5b50\u529b\u5b66");
    const auto b = of("\u91cf\u5b50\u529b\u5b66\u662f\u4ec0\u4e48");
    EXPECT_EQ(a.script, Script::han);
    EXPECT_EQ(a[Dense::words], logged(7));
    EXPECT_GE(shared_buckets(a, b), 7U) << "four characters and the three pairs of them";
}

TEST(Features, TellScriptsApart)
{
    EXPECT_EQ(of("\u0421\u043a\u043e\u043b\u044c\u043a\u043e \u044d\u0442\u043e GPU").script,
              Script::cyrillic);
    EXPECT_EQ(of("\u03c0\u03cc\u03c3\u03bf").script, Script::greek);
    EXPECT_EQ(of("\u05db\u05de\u05d4").script, Script::hebrew);
    EXPECT_EQ(of("\u0643\u0645 \u0647\u0648").script, Script::arabic);
    EXPECT_EQ(of("\u0915\u093f\u0924\u0928\u093e").script, Script::indic);
    EXPECT_EQ(of("\u0e40\u0e17\u0e48\u0e32\u0e44\u0e23").script, Script::thai);
    EXPECT_EQ(of("\u3044\u304f\u3089\u3067\u3059\u304b").script, Script::kana);
    EXPECT_EQ(of("\uc5bc\ub9c8\uc608\uc694").script, Script::hangul);
    EXPECT_EQ(of("12 + 30").script, Script::none);
    EXPECT_EQ(of("").script, Script::none);
}

TEST(Features, TakeAnyBytes)
{
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(i);
    for (const auto& text :
         {all, std::string("\xE4\xB8"), std::string("\xF0\x9F\x98"), std::string(9000, '\xC3')}) {
        const auto f = of(text);
        for (const float value : f.dense)
            EXPECT_TRUE(std::isfinite(value));
    }
}

TEST(Features, OfOnePromptLeaveNothingBehindForTheNext)
{
    Extractor fresh;
    PromptView view;
    view.last_user = "a short one";
    const auto expected = fresh.extract(view);
    Extractor used;
    const std::string noise(20'000, 'q');
    PromptView other;
    other.last_user = noise;
    (void)used.extract(other);
    EXPECT_EQ(used.extract(view), expected);
}

TEST(Features, HoldTheWorstWindow)
{
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += {static_cast<char>('a' + i * 7 % 26), static_cast<char>(33 + i * 11 % 15)};
    const auto f = of(text);
    EXPECT_LE(f.buckets.size(), bucket_count);
    EXPECT_EQ(std::set(f.buckets.begin(), f.buckets.end()).size(), f.buckets.size());
}

TEST(Features, CarryFactsOfTheRequest)
{
    Extractor extractor;
    PromptView view;
    view.last_user = "go on";
    view.system = "You are terse.";
    view.turns = 9;
    view.tool_result_turns = 3;
    view.tools = 12;
    view.images = 1;
    view.has_schema = true;
    view.max_tokens = 400;
    view.total_bytes = 50'000;
    const auto& f = extractor.extract(view);
    EXPECT_EQ(f[Dense::turns], logged(9));
    EXPECT_EQ(f[Dense::tool_results], logged(3));
    EXPECT_EQ(f[Dense::tools], logged(12));
    EXPECT_EQ(f[Dense::images], logged(1));
    EXPECT_EQ(f[Dense::schema], 1.0F);
    EXPECT_EQ(f[Dense::answer_limit], logged(400));
    EXPECT_EQ(f[Dense::history_bytes], logged(50'000 - 5 - 14));
    EXPECT_NE(f.system_hash, 0);
}

TEST(SystemPromptHash, DoesNotChangeWithTheDate)
{
    EXPECT_EQ(system_prompt_hash("You are Bot. Today is 2026-11-21."),
              system_prompt_hash("You are Bot. Today is 2027-01-02."));
    EXPECT_NE(system_prompt_hash("You are Bot."), system_prompt_hash("You are a lawyer."));
    EXPECT_EQ(system_prompt_hash(""), 0);
}

TEST(Dense, EveryCounterHasWords)
{
    std::set<std::string_view> keys;
    for (std::size_t i = 0; i < dense_count; ++i) {
        const auto& words = describe(static_cast<Dense>(i));
        EXPECT_FALSE(words.key.empty() || words.high.empty() || words.low.empty()) << i;
        keys.insert(words.key);
    }
    EXPECT_EQ(keys.size(), dense_count);
}

}  // namespace
}  // namespace spillway::score
