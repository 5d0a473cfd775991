// Turns labelled prompts (JSON lines on stdin) into rows of features for floor_test, without their
// text: evenly spaced rows of the splits `train` and `dev` of a data set.
//   zcat train.jsonl.gz | pack_rows mix14 500 818 | gzip -9n > tests/golden/score/mix14.rows.gz
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spillway/score/feature_row.hpp"

namespace {

void put(const nlohmann::json& row, bool apart, spillway::score::Extractor& extractor)
{
    const auto prompt = row["prompt"].get<std::string>();
    spillway::score::PromptView view;
    view.last_user = prompt;
    const auto bytes = spillway::score::pack(extractor.extract(view));
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const float labels[3] = {row["weak"].get<float>(), row["strong"].get<float>(),
                             apart ? 1.0F : 0.0F};
    std::cout.write(reinterpret_cast<const char*>(&size), sizeof(size));
    std::cout.write(reinterpret_cast<const char*>(labels), sizeof(labels));
    std::cout.write(bytes.data(), size);
}

}  // namespace

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::cerr << "usage: pack_rows DATASET TRAIN_ROWS DEV_ROWS\n";
        return 2;
    }
    std::vector<nlohmann::json> splits[2];
    for (std::string line; std::getline(std::cin, line);) {
        auto row = nlohmann::json::parse(line);
        if (row["dataset"] == argv[1])
            splits[row["split"] == "dev" ? 1 : 0].push_back(std::move(row));
    }
    spillway::score::Extractor extractor;
    for (int split = 0; split < 2; ++split) {
        const auto& rows = splits[split];
        const auto wanted = std::min<std::size_t>(std::stoul(argv[2 + split]), rows.size());
        for (std::size_t i = 0; i < wanted; ++i)
            put(rows[i * rows.size() / wanted], split == 1, extractor);
    }
    return 0;
}
