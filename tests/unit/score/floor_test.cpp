#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>

#include "source_dir.hpp"
#include "spillway/score/feature_row.hpp"
#include "spillway/score/train.hpp"

namespace spillway::score {
namespace {

/// Rows of features and labels of real prompts (pack_rows.cpp), without their text.
std::vector<LabelledRow> rows_of(const std::string& name)
{
    std::ifstream file(in_source_tree("tests/golden/score/" + name), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    std::vector<LabelledRow> rows;
    for (std::size_t at = 0; at + 12 <= bytes.size();) {
        std::uint32_t size = 0;
        float labels[2] = {};
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
        row.group = rows.size();
        rows.push_back(std::move(row));
    }
    return rows;
}

/// The figures of docs/complexity.md are of thousands of prompts and take minutes; this is the part
/// of them that a change of the trainer must not lose, in seconds.
TEST(Floor, RealPromptsAreSortedAsWellAsEver)
{
    const auto rows = rows_of("mix14.rows");
    ASSERT_EQ(rows.size(), 400U);
    // Every fourth is kept apart: the file is sorted by task, and the tasks at its end have no gap
    // between the models, so that nothing could be measured on them.
    std::vector<LabelledRow> inside;
    std::vector<LabelledRow> apart;
    double gap = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        (i % 4 == 0 ? apart : inside).push_back(rows[i]);
        gap += i % 4 == 0 ? static_cast<double>(rows[i].strong - rows[i].weak) : 0;
    }
    ASSERT_GT(gap / static_cast<double>(apart.size()), 0.2);
    const auto trained = train(inside, {});
    ASSERT_TRUE(trained);
    EXPECT_GE(trained->report.cross_validated.value, 0.69);
    EXPECT_GE(apgr_interval(judge(trained->weights, apart)).value, 0.70);
}

}  // namespace
}  // namespace spillway::score
