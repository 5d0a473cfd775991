#include "spillway/tokens/byte_classes.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace spillway::tokens {
namespace {

std::uint64_t counted(const ByteClasses& classes)
{
    return std::accumulate(classes.counts().begin(), classes.counts().end(), std::uint64_t{0});
}

TEST(ByteClasses, TellPlacesInAWordApart)
{
    const ByteClasses classes = classify("international");
    EXPECT_EQ(classes[ByteClass::lower_first], 1U);
    EXPECT_EQ(classes[ByteClass::lower_early], 3U);
    EXPECT_EQ(classes[ByteClass::lower_middle], 4U);
    EXPECT_EQ(classes[ByteClass::lower_late], 5U);
}

TEST(ByteClasses, StartANewPartInsideCamelCase)
{
    const ByteClasses classes = classify("parseURLFast");
    EXPECT_EQ(classes[ByteClass::lower_first], 1U);
    EXPECT_EQ(classes[ByteClass::upper_first], 1U);
    EXPECT_EQ(classes[ByteClass::upper_run], 3U);
}

TEST(ByteClasses, SeeThatARunOfManyChangesIsNoWord)
{
    const ByteClasses classes = classify("aGVsbG8gd29ybGQhIFRoaXMgaXM+dGV4dA");
    EXPECT_GT(classes[ByteClass::opaque], 25U);
}

TEST(ByteClasses, CountACharacterOnce)
{
    for (const std::string_view text : {"é", "д", "字", "ひ", "한", "😀", "ก", "—", "ế"})
        EXPECT_EQ(counted(classify(text)), 1U) << text;
}

TEST(ByteClasses, KnowScripts)
{
    EXPECT_EQ(classify("漢字")[ByteClass::han_high], 1U);
    EXPECT_EQ(classify("漢字")[ByteClass::han_low], 1U);
    EXPECT_EQ(classify("ひら")[ByteClass::kana_next], 1U);
    EXPECT_EQ(classify("добро")[ByteClass::cyrillic_late], 1U);
    EXPECT_EQ(classify("żółw")[ByteClass::latin_east], 2U);
    EXPECT_EQ(classify("🚀")[ByteClass::emoji], 1U);
    EXPECT_EQ(classify("สวัสดี")[ByteClass::thai], 6U);
    EXPECT_EQ(classify("नमस्ते")[ByteClass::indic], 6U);
}

TEST(ByteClasses, TellIndentationFromASpaceBetweenWords)
{
    EXPECT_EQ(classify("a b")[ByteClass::space], 1U);
    const ByteClasses indented = classify("a\n    b");
    EXPECT_EQ(indented[ByteClass::space], 0U);
    EXPECT_EQ(indented[ByteClass::space_indent], 1U);
}

TEST(ByteClasses, CountInvalidBytesAsRare)
{
    EXPECT_EQ(classify("a\x80z")[ByteClass::rare], 1U);
    EXPECT_EQ(classify("\xff\xfe\xc0").counts().size(), byte_class_count);
}

TEST(ByteClasses, AddUpOverTexts)
{
    ByteClasses sum = classify("two words");
    sum += classify("42, and more");
    EXPECT_EQ(sum[ByteClass::digit_first], 1U);
    EXPECT_EQ(counted(sum), 9U + 12U);
}

TEST(ByteClasses, StayAtTheirGreatestValueRatherThanWrap)
{
    ByteClasses classes;
    classes.add(ByteClass::tab, std::numeric_limits<std::uint64_t>::max());
    classes.add(ByteClass::tab, 5);
    EXPECT_EQ(classes[ByteClass::tab], std::numeric_limits<std::uint32_t>::max());
}

TEST(ByteClasses, OfALongTextAreNearlyThoseOfItsHalves)
{
    std::string text;
    for (int i = 0; i < 200; ++i)
        text += "Some words, 17 of them; and\n    more. ";
    ByteClasses halves = classify(std::string_view(text).substr(0, text.size() / 2));
    halves += classify(std::string_view(text).substr(text.size() / 2));
    EXPECT_EQ(classify(text), halves);
}

TEST(ByteClassesRow, BringsTheSameCountsBack)
{
    const ByteClasses classes = classify("Grüße, 漢字 and 1234!\n");
    const auto read = classes_from_row(to_row(classes));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, classes);
}

TEST(ByteClassesRow, OfNothingIsJustItsVersion)
{
    EXPECT_EQ(to_row(ByteClasses{}), "1;");
    EXPECT_EQ(*classes_from_row("1;"), ByteClasses{});
}

TEST(ByteClassesRow, RefusesWhatItDidNotWrite)
{
    for (const std::string_view row : {"", "2;1", "1;x", "1;-1", "1;1 ", "1;99999999999"})
        EXPECT_FALSE(classes_from_row(row)) << row;
    EXPECT_FALSE(classes_from_row("1;" + std::string(byte_class_count, ',') + "1"));
}

}  // namespace
}  // namespace spillway::tokens
