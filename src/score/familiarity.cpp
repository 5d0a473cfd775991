#include "familiarity.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "head_sums.hpp"

namespace spillway::score {

namespace {

constexpr std::array<std::string_view, 5> sentences{
    "",
    "there are no words to judge",
    "training never saw its script",
    "too few of its words were seen in training",
    "its form is far from everything seen in training",
};

/// So many counters at their limits at once mean another kind of text altogether.
constexpr int most_extremes = 12;
/// What is left of the confidence when a fact of the request (tools, images, turns) differs from
/// what all training rows had, so that its effect is unknown.
constexpr float unlearned_fact = 0.6F;

int extremes(const Weights& weights, const Features& features)
{
    int count = 0;
    for (std::size_t i = 0; i < dense_count; ++i)
        count += std::abs(standardised(weights, features, i)) >= dense_limit ? 1 : 0;
    return count;
}

bool has_unlearned_fact(const Weights& weights, const Features& features)
{
    for (auto i = static_cast<std::size_t>(first_request_fact); i < dense_count; ++i) {
        if (weights.inverse_deviation[i] == 0 &&
            std::abs(features.dense[i] - weights.mean[i]) > 1e-3F)
            return true;
    }
    return false;
}

}  // namespace

std::string_view describe(Abstention reason) noexcept
{
    return sentences[static_cast<std::size_t>(reason)];
}

float known_share(const Weights& weights, const Features& features) noexcept
{
    if (features.words.empty())
        return 1;
    std::size_t known = 0;
    for (const auto word : features.words)
        known += weights.knows_word(word) ? 1U : 0U;
    return static_cast<float>(known) / static_cast<float>(features.words.size());
}

Familiarity familiarity(const Weights& weights, const Features& features) noexcept
{
    if (features.buckets.empty() || features.script == Script::none)
        return {0, Abstention::no_text};
    if (((weights.scripts >> static_cast<unsigned>(features.script)) & 1U) == 0)
        return {0, Abstention::unseen_script};
    const float known = known_share(weights, features);
    if (known < weights.known_floor)
        return {0, Abstention::unknown_words};
    const int far = extremes(weights, features);
    if (far >= most_extremes)
        return {0, Abstention::unusual_form};
    const float above = (known - weights.known_floor) / std::max(1 - weights.known_floor, 1e-3F);
    const float form = 1 - static_cast<float>(far) / most_extremes;
    const float facts = has_unlearned_fact(weights, features) ? unlearned_fact : 1.0F;
    return {std::clamp(above, 0.0F, 1.0F) * form * facts, Abstention::none};
}

}  // namespace spillway::score
