#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "spillway/tokens/vocabulary.hpp"
#include "toy_vocabulary.hpp"

namespace spillway::tokens {
namespace {

class LibraryTest : public testing::Test {
protected:
    LibraryTest() { std::filesystem::create_directories(folder_); }
    ~LibraryTest() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& text)
    {
        std::ofstream(folder_ / name, std::ios::binary) << text;
    }

    std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) /
                                    (std::string("spillway-library-") +
                                     testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(LibraryTest, FindsAVocabularyByItsFamily)
{
    write("o200k_base.tiktoken", ToyVocabulary("abab", 1).rank_file());
    Library library(folder_);
    const auto found = library.find(Family::o200k);
    ASSERT_TRUE(found) << library.problem(Family::o200k);
    EXPECT_EQ(found->size(), 257U);
    EXPECT_EQ(library.find(Family::o200k), found);
    EXPECT_GT(found->footprint(), 257U);
}

TEST_F(LibraryTest, GoesOnWithoutAMissingFileAndSaysWhich)
{
    Library library(folder_);
    EXPECT_FALSE(library.find(Family::cl100k));
    EXPECT_NE(library.problem(Family::cl100k).find("cl100k_base.tiktoken"), std::string::npos);
}

TEST_F(LibraryTest, GoesOnWithoutABrokenFile)
{
    write("cl100k_base.tiktoken", "not a vocabulary");
    Library library(folder_);
    EXPECT_FALSE(library.find(Family::cl100k));
    EXPECT_NE(library.problem(Family::cl100k).find("line 1"), std::string::npos);
}

TEST_F(LibraryTest, HasNothingForFamiliesThatAreEstimated)
{
    Library library(folder_);
    EXPECT_FALSE(library.find(Family::claude));
    EXPECT_FALSE(library.problem(Family::claude).empty());
    EXPECT_TRUE(library.problem(Family::o200k).empty());
}

}  // namespace
}  // namespace spillway::tokens
