#include "spillway/score/score.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace spillway::score {
namespace {

Score shipped(std::string_view text)
{
    static Extractor extractor;
    PromptView view;
    view.last_user = text;
    return score(*shipped_weights(), extractor.extract(view));
}

constexpr const char* known =
    "Which of the following statements about the velocity of an object is true?\nA. It is a "
    "vector\nB. It is always positive\nC. It has no direction\nD. It is a mass\nAnswer:";

TEST(Score, JudgesWhatItKnows)
{
    const auto found = shipped(known);
    EXPECT_EQ(found.abstention, Abstention::none);
    EXPECT_FLOAT_EQ(found.gain, found.weak_fails - found.strong_fails);
    EXPECT_GT(found.confidence, 0.3F);
    EXPECT_EQ(found.tier, cautious(tier_of(found.rank, {}), found.confidence));
}

TEST(Score, AbstainsWithoutWords)
{
    for (const char* text : {"", "42 + 17 =", "<system-reminder>be brief</system-reminder>"})
        EXPECT_EQ(shipped(text).abstention, Abstention::no_text) << text;
}

TEST(Score, AbstainsInScriptsItNeverSaw)
{
    for (const char* text :
         {"\u8bf7\u89e3\u91ca\u4e00\u4e0b\u91cf\u5b50\u7ea0\u7f20",
          "\u041e\u0431\u044a\u044f\u0441\u043d\u0438 \u0442\u0435\u043e\u0440\u0435\u043c\u0443",
          "\u91cf\u5b50\u3082\u3064\u308c\u3092\u8aac\u660e\u3057\u3066\u304f\u3060\u3055\u3044"})
        EXPECT_EQ(shipped(text).abstention, Abstention::unseen_script) << text;
}

TEST(Score, AbstainsInLanguagesItNeverLearned)
{
    for (const char* text :
         {"Wie kann ich in einem Verein die Haftung des Vorstands begrenzen, ohne die Satzung zu "
          "\u00e4ndern? Bitte erkl\u00e4re die M\u00f6glichkeiten.",
          "Quels sont les avantages et les inconv\u00e9nients de la m\u00e9thode choisie pour ce "
          "travail ?",
          "Jak mog\u0119 ograniczy\u0107 odpowiedzialno\u015b\u0107 zarz\u0105du stowarzyszenia "
          "bez zmiany statutu?"})
        EXPECT_EQ(shipped(text).abstention, Abstention::unknown_words) << text;
}

TEST(Score, CallsNoPromptOfAnotherLanguageTrivial)
{
    for (const char* text :
         {"Warum ist der Himmel blau?", "Was ist die Hauptstadt von Italien?",
          "Wie alt ist der Papst?", "Pourquoi le ciel est-il bleu ?",
          "Quelle est la capitale de l'Italie ?", "\u00bfPor qu\u00e9 el cielo es azul?",
          "\u00bfCu\u00e1l es la capital de Italia?", "Perch\u00e9 il cielo \u00e8 blu?",
          "Qual \u00e9 a capital da It\u00e1lia?", "Waarom is de lucht blauw?",
          "Varf\u00f6r \u00e4r himlen bl\u00e5?", "Dlaczego niebo jest niebieskie?",
          "Proč je nebe modré?", "G\u00f6ky\u00fcz\u00fc neden mavi?",
          "\u041f\u043e\u0447\u0435\u043c\u0443 \u043d\u0435\u0431\u043e "
          "\u0433\u043e\u043b\u0443\u0431\u043e\u0435?"}) {
        const auto found = shipped(text);
        EXPECT_GE(found.tier, Tier::moderate) << text << ' ' << found.confidence;
    }
}

TEST(Tier, IsNotTrivialWithoutConfidence)
{
    EXPECT_EQ(cautious(Tier::trivial, least_confidence_of_trivial), Tier::trivial);
    EXPECT_EQ(cautious(Tier::trivial, least_confidence_of_trivial - 0.01F), Tier::moderate);
    EXPECT_EQ(cautious(Tier::premium, 0), Tier::premium);
    EXPECT_EQ(cautious(Tier::complex, 0.1F), Tier::complex);
}

TEST(Score, AbstainsBeforeNoise)
{
    std::string noise;
    for (unsigned i = 0; i < 400; ++i)
        noise += static_cast<char>('A' + i * i * 31 % 57);
    EXPECT_NE(shipped(noise).abstention, Abstention::none);
}

TEST(Score, IsModerateWhereItAbstains)
{
    const auto found = shipped("\u8bf7\u89e3\u91ca\u4e00\u4e0b\u91cf\u5b50\u7ea0\u7f20");
    EXPECT_EQ(found.tier, Tier::moderate);
    EXPECT_FLOAT_EQ(found.rank, 0.5F);
    EXPECT_FLOAT_EQ(found.gain, shipped_weights()->quantile(0.5F));
    EXPECT_EQ(found.confidence, 0);
}

TEST(Score, IsLessCertainAboutFactsItNeverLearnedFrom)
{
    Extractor extractor;
    PromptView view;
    view.last_user = known;
    const auto plain = score(*shipped_weights(), extractor.extract(view));
    view.tools = 8;
    const auto with_tools = score(*shipped_weights(), extractor.extract(view));
    EXPECT_LT(with_tools.confidence, plain.confidence);
}

TEST(Tier, IsCutByRank)
{
    const TierCuts cuts{.moderate = 0.2F, .complex = 0.5F, .premium = 0.8F};
    EXPECT_EQ(tier_of(0.1F, cuts), Tier::trivial);
    EXPECT_EQ(tier_of(0.2F, cuts), Tier::moderate);
    EXPECT_EQ(tier_of(0.5F, cuts), Tier::complex);
    EXPECT_EQ(tier_of(0.9F, cuts), Tier::premium);
}

TEST(Reasons, AreSortedAndOfTheFixedVocabulary)
{
    Extractor extractor;
    PromptView view;
    view.last_user = known;
    view.system = "Answer with one letter.";
    const auto found = reasons(*shipped_weights(), extractor.extract(view), 200);
    ASSERT_GT(found.size(), 5U);
    for (std::size_t i = 1; i < found.size(); ++i)
        EXPECT_GE(std::abs(found[i - 1].effect), std::abs(found[i].effect));
    std::vector<std::string> words{"wording"};
    for (std::size_t i = 0; i < dense_count; ++i) {
        words.emplace_back(describe(static_cast<Dense>(i)).high);
        words.emplace_back(describe(static_cast<Dense>(i)).low);
    }
    for (const auto& reason : found) {
        const bool listed = std::find(words.begin(), words.end(), reason.words) != words.end();
        EXPECT_TRUE(listed || reason.words.starts_with("system prompt #")) << reason.words;
    }
}

TEST(Reasons, NameTheSystemPromptByItsHash)
{
    auto weights = *shipped_weights();
    Extractor extractor;
    PromptView view;
    view.last_user = "go on";
    view.system = "You are a lawyer.";
    const auto& features = extractor.extract(view);
    auto systems = weights.systems.copy();
    systems[head_count * (features.system_hash % system_count)] = 127;
    weights.systems = std::move(systems);
    std::vector<std::string> words;
    for (const auto& reason : reasons(weights, features, 100))
        words.push_back(reason.words);
    EXPECT_THAT(words, testing::Contains(testing::MatchesRegex("system prompt #[0-9a-f]{4}")));
}

}  // namespace
}  // namespace spillway::score
