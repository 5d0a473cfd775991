#include "spillway/app/weights_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "spillway/base/ids.hpp"

namespace spillway::app {
namespace {

class WeightsFiles : public ::testing::Test {
protected:
    WeightsFiles() { std::filesystem::create_directories(folder_); }
    ~WeightsFiles() override
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    [[nodiscard]] static score::Weights named(const std::string& name)
    {
        auto weights = *score::shipped_weights();
        weights.name = name;
        return weights;
    }
    [[nodiscard]] std::string in_use() const { return (*weights_in_use(path_))->name; }

    std::filesystem::path folder_ = std::filesystem::path(::testing::TempDir()) /
                                    ("spillway-weights-" + std::to_string(random_seed()));
    std::string path_ = (folder_ / "auto.weights").string();
};

TEST_F(WeightsFiles, AreTheBuiltInOnesWhereThereIsNoFile)
{
    EXPECT_EQ(in_use(), score::shipped_weights()->name);
}

TEST_F(WeightsFiles, UndoGoesBackToTheBuiltInOnesAndForwardAgain)
{
    ASSERT_TRUE(activate_weights(named("first"), path_));
    EXPECT_EQ(in_use(), "first");
    ASSERT_TRUE(undo_weights(path_));
    EXPECT_EQ(in_use(), score::shipped_weights()->name);
    ASSERT_TRUE(undo_weights(path_));
    EXPECT_EQ(in_use(), "first");
}

TEST_F(WeightsFiles, UndoGoesBackOneStep)
{
    ASSERT_TRUE(activate_weights(named("first"), path_));
    ASSERT_TRUE(activate_weights(named("second"), path_));
    ASSERT_TRUE(undo_weights(path_));
    EXPECT_EQ(in_use(), "first");
}

TEST_F(WeightsFiles, ThereIsNothingToUndoBeforeTheFirst)
{
    EXPECT_FALSE(undo_weights(path_));
}

TEST_F(WeightsFiles, DamagedOnesAreNotGoneBackTo)
{
    ASSERT_TRUE(activate_weights(named("first"), path_));
    std::ofstream(previous_weights(path_)) << "no weights";
    EXPECT_FALSE(undo_weights(path_));
    EXPECT_EQ(in_use(), "first");
}

}  // namespace
}  // namespace spillway::app
