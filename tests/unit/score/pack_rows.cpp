// Turns labelled prompts (JSON lines on stdin) into rows of features for floor_test, without their
// text: zcat train.jsonl.gz | pack_rows mix14 train 400 > tests/golden/score/mix14.rows
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "spillway/score/feature_row.hpp"

int main(int argc, char** argv)
{
    if (argc != 4) {
        std::cerr << "usage: pack_rows DATASET SPLIT ROWS\n";
        return 2;
    }
    spillway::score::Extractor extractor;
    auto left = std::stoul(argv[3]);
    for (std::string line; left > 0 && std::getline(std::cin, line);) {
        const auto row = nlohmann::json::parse(line);
        if (row["dataset"] != argv[1] || row["split"] != argv[2])
            continue;
        --left;
        const auto prompt = row["prompt"].get<std::string>();
        spillway::score::PromptView view;
        view.last_user = prompt;
        const auto bytes = spillway::score::pack(extractor.extract(view));
        const auto size = static_cast<std::uint32_t>(bytes.size());
        const float labels[2] = {row["weak"].get<float>(), row["strong"].get<float>()};
        std::cout.write(reinterpret_cast<const char*>(&size), sizeof(size));
        std::cout.write(reinterpret_cast<const char*>(labels), sizeof(labels));
        std::cout.write(bytes.data(), size);
    }
    return 0;
}
