#include "spillway/tokens/vocabulary.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <thread>

#include "known_counts.hpp"
#include "source_dir.hpp"
#include "toy_vocabulary.hpp"

namespace spillway::tokens {
namespace {

std::string letters(std::mt19937& random, std::string_view alphabet, std::size_t length)
{
    std::string text;
    for (std::size_t i = 0; i < length; ++i)
        text += alphabet[random() % alphabet.size()];
    return text;
}

Counter counter_of(const ToyVocabulary& toy, Family family = Family::o200k)
{
    auto vocabulary = Vocabulary::parse(family, toy.rank_file());
    EXPECT_TRUE(vocabulary) << vocabulary.error().message();
    return Counter(*vocabulary);
}

/// With bytes as the only tokens.
std::int64_t count_bytes(Family family, std::string_view text)
{
    Counter counter = counter_of(ToyVocabulary("", 0), family);
    return count(counter.count(text));
}

TEST(Vocabulary, MergesLikeTheDefinitionDoes)
{
    std::mt19937 random(7);
    for (const std::string_view alphabet : {"ab", "abc", "abcdefgh"}) {
        const ToyVocabulary toy(letters(random, alphabet, 1'500), 100);
        Counter counter = counter_of(toy);
        for (int i = 0; i < 120; ++i) {
            const std::string text = letters(random, alphabet, 1 + random() % 120);
            EXPECT_EQ(count(counter.count(text)), toy.count(text)) << text;
        }
    }
}

TEST(Vocabulary, MergesRunsOfOneLetterFromTheLeft)
{
    const ToyVocabulary toy(std::string(500, 'a'), 6);
    Counter counter = counter_of(toy);
    for (std::size_t length = 1; length < 200; ++length)
        EXPECT_EQ(count(counter.count(std::string(length, 'a'))),
                  toy.count(std::string(length, 'a')));
}

TEST(Vocabulary, CountsTheSameWhenAskedAgain)
{
    std::mt19937 random(8);
    const ToyVocabulary toy(letters(random, "abc", 1'000), 100);
    Counter counter = counter_of(toy);
    const std::string text = letters(random, "abc ", 5'000);
    const Tokens first = counter.count(text);
    EXPECT_EQ(counter.count(text), first);
    EXPECT_EQ(counter_of(toy).count(text), first);
}

TEST(Vocabulary, CountsNothingInNothing)
{
    EXPECT_EQ(count_bytes(Family::o200k, ""), 0);
}

TEST(Vocabulary, TakesBytesThatAreNotUtf8)
{
    EXPECT_EQ(count_bytes(Family::o200k, "\xff\xc3\xe2\x82 a\xf0\x9f"), 8);
    EXPECT_EQ(count_bytes(Family::cl100k, "\xff\xc3\xe2\x82 a\xf0\x9f"), 8);
}

TEST(Vocabulary, TakesAMegabyteWithoutABlank)
{
    std::mt19937 random(9);
    const ToyVocabulary toy(letters(random, "abc", 1'000), 100);
    Counter counter = counter_of(toy);
    const std::string text = letters(random, "abc", 1'000'000);
    const std::int64_t tokens = count(counter.count(text));
    EXPECT_GT(tokens, 100'000);
    EXPECT_LT(tokens, 500'000);
}

TEST(Vocabulary, RefusesWhatIsNoRankFile)
{
    const std::string good = ToyVocabulary("", 0).rank_file();
    const std::string second = good.substr(good.find('\n') + 1);
    for (const std::string& text :
         {std::string(), std::string("hello"), std::string("AA== 0\n"), second, good + "AAE= 257\n",
          good + "AA== 256\n", good + "AAE=256\n", good + "AAE= 256 x\n", good + "!!!! 256\n",
          good + " 256\n", good + "AAE= \n", good + "AAE= 99999999999999999999\n", good + "\n"})
        EXPECT_FALSE(Vocabulary::parse(Family::o200k, text)) << text.substr(0, 60);
}

TEST(Vocabulary, ReadsLineEndsOfBothSorts)
{
    std::string file = ToyVocabulary("", 0).rank_file();
    for (std::size_t at = 0; (at = file.find('\n', at)) != std::string::npos; at += 2)
        file.replace(at, 1, "\r\n");
    EXPECT_TRUE(Vocabulary::parse(Family::o200k, file));
    file.resize(file.size() - 2);
    EXPECT_TRUE(Vocabulary::parse(Family::cl100k, file));
}

TEST(Vocabulary, IsOnlyForFamiliesWhosePatternWeHave)
{
    EXPECT_FALSE(Vocabulary::parse(Family::llama3, ToyVocabulary("", 0).rank_file()));
}

TEST(Vocabulary, ServesManyThreads)
{
    std::mt19937 random(10);
    const ToyVocabulary toy(letters(random, "abc", 1'000), 100);
    const auto vocabulary = Vocabulary::parse(Family::o200k, toy.rank_file());
    ASSERT_TRUE(vocabulary);
    const std::string text = letters(random, "abc ", 20'000);
    std::vector<Tokens> counts(4);
    std::vector<std::thread> threads;
    for (Tokens& each : counts)
        threads.emplace_back([&] { each = Counter(*vocabulary).count(text); });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(counts, std::vector<Tokens>(4, counts[0]));
}

/// What a piece is shows in what merges across: with "xy" as the only merge, "xy" is one token
/// exactly when no border lies between.
bool together(Family family, const std::string& left, const std::string& right,
              const std::string& after = "")
{
    const ToyVocabulary toy((left.substr(left.size() - 1) + right.substr(0, 1)) +
                                (left.substr(left.size() - 1) + right.substr(0, 1)),
                            1);
    Counter counter = counter_of(toy, family);
    const std::string text = left + right + after;
    return count(counter.count(text)) < static_cast<std::int64_t>(text.size());
}

TEST(Split, KeepsABlankWithTheWordBehindIt)
{
    for (const Family family : {Family::o200k, Family::cl100k}) {
        EXPECT_TRUE(together(family, " ", "word"));
        EXPECT_FALSE(together(family, "word", " x"));
        EXPECT_FALSE(together(family, " ", "7"));
        EXPECT_TRUE(together(family, " ", "!?"));
        EXPECT_TRUE(together(family, "(", "word"));
    }
}

TEST(Split, TakesDigitsByThree)
{
    EXPECT_TRUE(together(Family::o200k, "12", "3"));
    EXPECT_FALSE(together(Family::o200k, "123", "4"));
}

TEST(Split, EndsAWordOfO200kBeforeACapital)
{
    EXPECT_FALSE(together(Family::o200k, "camel", "Case"));
    EXPECT_TRUE(together(Family::cl100k, "camel", "Case"));
    EXPECT_TRUE(together(Family::o200k, "HTTP", "server"));
}

TEST(Split, KeepsAContractionWithTheWordInO200kOnly)
{
    EXPECT_TRUE(together(Family::o200k, "we", "'ll"));
    EXPECT_TRUE(together(Family::o200k, "WE", "'LL"));
    EXPECT_FALSE(together(Family::cl100k, "we", "'ll"));
    EXPECT_FALSE(together(Family::cl100k, "'s", "uper"));
    EXPECT_FALSE(together(Family::o200k, "it's", "s"));
}

TEST(Split, LeavesTheLastBlankToTheWord)
{
    EXPECT_FALSE(together(Family::o200k, "\t", " word"));
    EXPECT_TRUE(together(Family::o200k, "\t", " "));
}

TEST(Split, EndsBlanksAfterTheLastLineEnd)
{
    EXPECT_TRUE(together(Family::o200k, " ", "\n", "  x"));
    EXPECT_FALSE(together(Family::o200k, "\n", "  ", "x"));
    EXPECT_FALSE(together(Family::o200k, "\n", "  "));
    EXPECT_TRUE(together(Family::cl100k, "\n", "  "));
}

TEST(Split, LetsPunctuationTakeLineEnds)
{
    EXPECT_TRUE(together(Family::o200k, ";", "\n", "x"));
    EXPECT_TRUE(together(Family::o200k, "*\n", "/", "x"));
    EXPECT_FALSE(together(Family::cl100k, "*\n", "/", "x"));
}

/// The real vocabularies, where scripts/test put them.
TEST(Vocabulary, CountsKnownTextsExactly)
{
    const std::filesystem::path folder = in_source_tree("build/vocabularies");
    if (!std::filesystem::exists(folder))
        GTEST_SKIP() << "no vocabularies: run scripts/vocabularies build/vocabularies";
    Library library(folder);
    Counter o200k(library.find(Family::o200k));
    Counter cl100k(library.find(Family::cl100k));
    for (const Known& text : known) {
        EXPECT_EQ(count(o200k.count(text.text)), text.o200k) << text.text;
        EXPECT_EQ(count(cl100k.count(text.text)), text.cl100k) << text.text;
    }
}

}  // namespace
}  // namespace spillway::tokens
