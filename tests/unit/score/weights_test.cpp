#include "spillway/score/weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "made_up.hpp"
#include "spillway/score/score.hpp"
#include "unit/test_folder.hpp"

namespace spillway::score {
namespace {

using testing::HasSubstr;

const Weights& learned()
{
    static const Weights weights = [] {
        TrainOptions options;
        options.name = "made up";
        options.created = WallTime(std::chrono::seconds(1'800'000'000));
        return train(made_up_rows(200, 0.6), options)->weights;
    }();
    return weights;
}

/// `bytes` with a right checksum again.
std::string sealed(std::string bytes)
{
    const auto crc = crc32c(std::string_view(bytes).substr(0, bytes.size() - 4));
    std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
    return bytes;
}

TEST(Crc32c, IsTheOneOfTheStandard)
{
    EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
}

TEST(WeightsFile, ComesBackAsItWas)
{
    const auto bytes = serialise(learned());
    EXPECT_LE(bytes.size(), largest_weights);
    const auto back = parse_weights(bytes);
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(serialise(*back), bytes);
    EXPECT_EQ(back->name, "made up");
    EXPECT_EQ(back->created, learned().created);
    EXPECT_EQ(back->rows, 200U);
    EXPECT_EQ(back->heads, learned().heads);
}

TEST(WeightsFile, RefusesEveryDamagedByte)
{
    const auto bytes = serialise(learned());
    for (std::size_t at = 0; at < bytes.size(); at += at < 200 ? 1 : 97) {
        auto damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        EXPECT_FALSE(parse_weights(damaged)) << at;
    }
}

TEST(WeightsFile, RefusesEveryCut)
{
    const auto bytes = serialise(learned());
    for (std::size_t length = 0; length < bytes.size(); length += length < 300 ? 1 : 509)
        EXPECT_FALSE(parse_weights(bytes.substr(0, length))) << length;
}

TEST(WeightsFile, SaysWhatIsWrong)
{
    auto other_version = serialise(learned());
    other_version[8] = 9;
    EXPECT_THAT(parse_weights(sealed(other_version)).error().message(), HasSubstr("version 9"));
    auto other_schema = serialise(learned());
    other_schema[16] = static_cast<char>(other_schema[16] ^ 1);
    EXPECT_THAT(parse_weights(sealed(other_schema)).error().message(), HasSubstr("train it again"));
    EXPECT_THAT(parse_weights("hello").error().message(), HasSubstr("not a weights file"));
}

TEST(WeightsFile, RefusesNumbersThatCannotBe)
{
    auto weights = learned();
    weights.heads[1].dense[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_FALSE(parse_weights(serialise(weights)));
    weights = learned();
    std::swap(weights.quantiles.front(), weights.quantiles.back());
    EXPECT_FALSE(parse_weights(serialise(weights)));
    weights = learned();
    weights.quantiles.clear();
    EXPECT_FALSE(parse_weights(serialise(weights)));
}

TEST(WeightsFile, IsReplacedInOneStep)
{
    const auto folder = std::filesystem::path(testing::TempDir()) / "spillway-weights-test";
    std::filesystem::create_directories(folder);
    const auto path = (folder / "a.weights").string();
    ASSERT_TRUE(save_weights(learned(), path));
    ASSERT_TRUE(save_weights(learned(), path));
    const auto loaded = load_weights(path);
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(serialise(**loaded), serialise(learned()));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    std::filesystem::remove_all(folder);
}

/// Which rights the page of `place` has, as "r--p".
std::string rights_of(const void* place)
{
    const auto wanted = reinterpret_cast<std::uintptr_t>(place);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
        char dash = 0;
        std::string rights;
        std::istringstream(line) >> std::hex >> begin >> dash >> end >> rights;
        if (begin <= wanted && wanted < end)
            return rights;
    }
    return "(none)";
}

class LoadedWeights : public testing::Test {
protected:
    LoadedWeights()
    {
        EXPECT_TRUE(save_weights(learned(), path_));
        auto loaded = load_weights(path_);
        EXPECT_TRUE(loaded) << loaded.error().message();
        weights_ = std::move(*loaded);
    }

    TestFolder folder_;
    std::string path_ = folder_.file("a.weights");
    std::shared_ptr<const Weights> weights_;
    std::string before_ = serialise(learned());
};

TEST_F(LoadedWeights, LieInPagesThatNobodyCanWriteTo)
{
    EXPECT_EQ(rights_of(weights_->table.all().data()), "r--p");
    EXPECT_EQ(rights_of(weights_->systems.all().data()), "r--p");
    EXPECT_EQ(rights_of(weights_->vocabulary.all().data()), "r--p");
}

TEST_F(LoadedWeights, StayWhenTheFileIsCutWhereItLies)
{
    std::filesystem::resize_file(path_, 0);
    EXPECT_EQ(serialise(*weights_), before_);
    EXPECT_FALSE(load_weights(path_));
}

TEST_F(LoadedWeights, StayWhenTheFileIsWrittenOverWhereItLies)
{
    std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary)
        << std::string(before_.size(), 'x');
    EXPECT_EQ(serialise(*weights_), before_);
    EXPECT_FALSE(load_weights(path_));
}

TEST_F(LoadedWeights, StayWhenTheFileIsReplacedAndGo)
{
    auto other = learned();
    other.name = "the next ones";
    ASSERT_TRUE(save_weights(other, path_));
    EXPECT_EQ(serialise(*weights_), before_);
    EXPECT_EQ((*load_weights(path_))->name, "the next ones");
    std::filesystem::remove(path_);
    EXPECT_EQ(serialise(*weights_), before_);
}

TEST_F(LoadedWeights, StayAsLongAsACopyOfThem)
{
    const Weights copy = *weights_;
    weights_.reset();
    EXPECT_EQ(rights_of(copy.table.all().data()), "r--p");
    EXPECT_EQ(serialise(copy), before_);
}

TEST_F(LoadedWeights, AreRefusedWhenTheFileIsLongerThanAnyMayBe)
{
    std::ofstream(path_, std::ios::binary | std::ios::app) << std::string(largest_weights, '\0');
    EXPECT_THAT(load_weights(path_).error().message(), HasSubstr("too long"));
}

TEST_F(LoadedWeights, AreTheBuiltInOnesWhereTheFileIsOfOtherFeatures)
{
    EXPECT_EQ(usable_weights(path_)->source, WeightsSource::file);
    auto bytes = before_;
    bytes[16] = static_cast<char>(bytes[16] ^ 1);
    std::ofstream(path_, std::ios::binary) << sealed(bytes);
    const auto stale = usable_weights(path_);
    ASSERT_TRUE(stale) << stale.error().message();
    EXPECT_EQ(stale->source, WeightsSource::other_features);
    EXPECT_EQ(stale->weights, shipped_weights());
    // Without a right checksum nobody knows what it was.
    std::ofstream(path_, std::ios::binary) << bytes;
    EXPECT_FALSE(usable_weights(path_));
    std::filesystem::remove(path_);
    EXPECT_EQ(usable_weights(path_)->source, WeightsSource::none_yet);
}

TEST(WeightsFile, NamesTheFileItCannotRead)
{
    const auto missing = load_weights("no/such.weights");
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message(), HasSubstr("no/such.weights"));
    EXPECT_FALSE(load_weights(testing::TempDir())) << "a folder";
    EXPECT_FALSE(save_weights(learned(), "no/such/folder/a.weights"));
}

TEST(Weights, RankAndQuantileUndoEachOther)
{
    Weights weights;
    for (int i = 0; i <= 100; ++i)
        weights.quantiles.push_back(static_cast<float>(i * i) / 1e4F);
    for (const float share : {0.0F, 0.013F, 0.5F, 0.77F, 1.0F})
        EXPECT_NEAR(weights.rank(weights.quantile(share)), share, 1e-3F);
    EXPECT_EQ(weights.rank(-5), 0);
    EXPECT_EQ(weights.rank(5), 1);
}

TEST(Weights, RankIsInTheMiddleOfEqualGains)
{
    Weights weights;
    weights.quantiles = {0, 1, 1, 1, 2};
    EXPECT_FLOAT_EQ(weights.rank(1), 0.5F);
    weights.quantiles = {1, 1};
    EXPECT_FLOAT_EQ(weights.rank(1), 0.5F);
}

TEST(ShippedWeights, AreWholeAndOfThisSchema)
{
    const auto& shipped = *shipped_weights();
    ASSERT_GT(shipped.rows, 20'000U) << "config/complexity.weights was trained with other features "
                                        "than this build extracts, or is damaged";
    // Where the program's own file is mapped to.
    EXPECT_EQ(rights_of(shipped.table.all().data())[1], '-');
    EXPECT_GT(shipped.apgr.low, 0.6);
    EXPECT_LE(serialise(shipped).size(), largest_weights);
}

}  // namespace
}  // namespace spillway::score
