#pragma once

#include <random>
#include <string>
#include <vector>

#include "spillway/score/train.hpp"

namespace spillway::score {

/// Made-up prompts of two subjects: on the first the strong model helps, on the second it does not.
/// Everything else of them is noise.
[[nodiscard]] inline std::vector<LabelledRow> made_up_rows(std::size_t count, double signal,
                                                           std::uint64_t seed = 1)
{
    static const std::vector<std::string> noise{
        "river", "table", "green", "seven", "house",  "walks", "under", "paper",
        "stone", "light", "music", "clock", "window", "sugar", "tower", "field"};
    std::mt19937_64 engine(seed);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(engine() % n); };
    const auto chance = [&](double p) { return static_cast<double>(below(1'000'000)) < p * 1e6; };
    Extractor extractor;
    std::vector<LabelledRow> rows;
    for (std::size_t i = 0; i < count; ++i) {
        const bool hard = below(2) == 0;
        std::string text = hard ? "prove the theorem about" : "translate a word like";
        for (int word = 0; word < 8; ++word)
            text += " " + noise[below(noise.size())];
        LabelledRow row;
        PromptView view;
        view.last_user = text;
        row.features = extractor.extract(view);
        row.weak = chance(hard ? 0.5 - signal / 2 : 0.5 + signal / 2) ? 1.0F : 0.0F;
        row.strong = chance(0.8) ? 1.0F : 0.0F;
        row.group = i;
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace spillway::score
