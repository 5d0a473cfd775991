#include "spillway/app/weights_files.hpp"

#include <gtest/gtest.h>

#include <cstring>
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
    /// As a build that reads prompts otherwise leaves them.
    void write_of_other_features() const
    {
        auto bytes = score::serialise(named("old"));
        bytes[16] = static_cast<char>(bytes[16] ^ 1);
        const auto crc = score::crc32c(std::string_view(bytes).substr(0, bytes.size() - 4));
        std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
        std::ofstream(path_, std::ios::binary) << bytes;
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

TEST_F(WeightsFiles, ThatAreOfOtherFeaturesAreReplacedAsIfThereWereNone)
{
    write_of_other_features();
    EXPECT_EQ(in_use(), score::shipped_weights()->name);
    ASSERT_TRUE(activate_weights(named("first"), path_));
    EXPECT_EQ(in_use(), "first");
    ASSERT_TRUE(undo_weights(path_));
    EXPECT_EQ(in_use(), score::shipped_weights()->name);
}

TEST_F(WeightsFiles, AreLookedAtByTheCheckWhereARouteScores)
{
    config::Config config;
    auto& route = config.routes.emplace_back();
    route.name = "auto";
    route.complexity.weights = path_;
    route.rules.emplace_back().when.test = config::TierIs{};
    EXPECT_TRUE(weights_problems(config, "c.yaml").empty()) << "there is no file yet";
    write_of_other_features();
    auto problems = weights_problems(config, "c.yaml");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].level, config::Problem::Level::warning);
    std::ofstream(path_) << "no weights";
    problems = weights_problems(config, "c.yaml");
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].level, config::Problem::Level::error);
    config.routes.front().rules.clear();
    EXPECT_TRUE(weights_problems(config, "c.yaml").empty());
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
