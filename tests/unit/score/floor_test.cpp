#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "source_dir.hpp"
#include "spillway/score/feature_row.hpp"
#include "spillway/score/train.hpp"

namespace spillway::score {
namespace {

std::string unzipped(const std::string& path)
{
    std::string bytes;
    const auto file = gzopen(path.c_str(), "rb");
    EXPECT_NE(file, nullptr) << path;
    std::array<char, 65'536> piece{};
    for (int got = 1; file != nullptr && got > 0;) {
        got = gzread(file, piece.data(), static_cast<unsigned>(piece.size()));
        EXPECT_GE(got, 0) << path;
        bytes.append(piece.data(), static_cast<std::size_t>(std::max(got, 0)));
    }
    gzclose(file);
    return bytes;
}

/// Rows of features and labels of real prompts (pack_rows.cpp), without their text.
struct Labelled {
    std::vector<LabelledRow> train;
    std::vector<LabelledRow> apart;  ///< Of the split that nothing was trained or chosen on.
};

Labelled rows_of(const std::string& name)
{
    const auto bytes = unzipped(in_source_tree("tests/golden/score/" + name));
    Labelled rows;
    for (std::size_t at = 0; at + 16 <= bytes.size();) {
        std::uint32_t size = 0;
        float labels[3] = {};
        std::memcpy(&size, bytes.data() + at, sizeof(size));
        std::memcpy(labels, bytes.data() + at + sizeof(size), sizeof(labels));
        at += sizeof(size) + sizeof(labels);
        auto features = unpack(std::string_view(bytes).substr(at, size));
        EXPECT_TRUE(features) << "make the file anew: see pack_rows.cpp";
        if (!features)
            break;
        at += size;
        LabelledRow row;
        row.features = *std::move(features);
        row.weak = labels[0];
        row.strong = labels[1];
        row.group = at;
        (labels[2] > 0 ? rows.apart : rows.train).push_back(std::move(row));
    }
    return rows;
}

struct Floor {
    const char* data_set;
    std::size_t train;
    std::size_t apart;
    double apgr;
};

class Floors : public testing::TestWithParam<Floor> {};

/// The figures of docs/complexity.md are of thousands of prompts and take minutes
/// (`scripts/score_floors.py`). This is the part of them that fits into the tree: trained on evenly
/// spaced rows of a set's own split `train`, judged on its split `dev`.
TEST_P(Floors, RealPromptsAreSortedAsWellAsEver)
{
    const auto& floor = GetParam();
    const auto rows = rows_of(floor.data_set + std::string(".rows.gz"));
    ASSERT_EQ(rows.train.size(), floor.train);
    ASSERT_EQ(rows.apart.size(), floor.apart);
    const auto trained = train(rows.train, {});
    ASSERT_TRUE(trained) << trained.error().message();
    EXPECT_GE(apgr_interval(judge(trained->weights, rows.apart)).value, floor.apgr);
}

INSTANTIATE_TEST_SUITE_P(OfTheIssue, Floors,
                         testing::Values(Floor{"mix14", 500, 818, 0.69},
                                         Floor{"mmlu_pro", 500, 600, 0.58}),
                         [](const auto& each) { return std::string(each.param.data_set); });

}  // namespace
}  // namespace spillway::score
