#include "spillway/score/score.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "familiarity.hpp"
#include "head_sums.hpp"

namespace spillway::score {

namespace {

constexpr std::array<std::string_view, 4> tier_names{"trivial", "moderate", "complex", "premium"};

float probability(const HeadWeights& head, float log_odds)
{
    return 1 / (1 + std::exp(-(head.slope * log_odds + head.offset)));
}

/// The effect on the difference of the heads, in calibrated log odds.
float on_gain(const Weights& weights, const std::array<float, head_count>& sums)
{
    return weights.heads[0].slope * sums[0] - weights.heads[1].slope * sums[1];
}

std::string numbered(const char* what, std::uint16_t hash)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%s #%04x", what, static_cast<unsigned>(hash));
    return text.data();
}

}  // namespace

std::string_view name(Tier tier) noexcept
{
    return tier_names[static_cast<std::size_t>(tier)];
}

Tier tier_of(float rank, const TierCuts& cuts) noexcept
{
    if (rank >= cuts.premium)
        return Tier::premium;
    if (rank >= cuts.complex)
        return Tier::complex;
    return rank >= cuts.moderate ? Tier::moderate : Tier::trivial;
}

Tier cautious(Tier tier, float confidence) noexcept
{
    return confidence < least_confidence_of_trivial ? std::max(tier, Tier::moderate) : tier;
}

Score score(const Weights& weights, const Features& features, const TierCuts& cuts) noexcept
{
    const auto sums = head_sums(weights, features);
    Score result;
    result.weak_fails = probability(weights.heads[0], sums.total(weights, Head::weak_fails));
    result.strong_fails = probability(weights.heads[1], sums.total(weights, Head::strong_fails));
    const auto known = familiarity(weights, features);
    result.confidence = known.confidence;
    result.abstention = known.abstention;
    if (known.abstention != Abstention::none) {
        result.gain = weights.quantile(0.5F);
        result.rank = 0.5F;
        result.tier = Tier::moderate;
        return result;
    }
    result.gain = result.weak_fails - result.strong_fails;
    result.rank = weights.rank(result.gain);
    result.tier = cautious(tier_of(result.rank, cuts), result.confidence);
    return result;
}

std::vector<Reason> reasons(const Weights& weights, const Features& features, std::size_t most)
{
    const auto sums = head_sums(weights, features);
    std::vector<Reason> found;
    found.push_back({"wording", on_gain(weights, sums.wording)});
    if (features.system_hash != 0)
        found.push_back(
            {numbered("system prompt", features.system_hash), on_gain(weights, sums.system)});
    for (std::size_t i = 0; i < dense_count; ++i) {
        const float off = standardised(weights, features, i);
        const auto& words = describe(static_cast<Dense>(i));
        const float effect =
            on_gain(weights, {off * weights.heads[0].dense[i], off * weights.heads[1].dense[i]});
        found.push_back({std::string(off >= 0 ? words.high : words.low), effect});
    }
    std::erase_if(found, [](const Reason& reason) { return std::abs(reason.effect) < 1e-4F; });
    std::stable_sort(found.begin(), found.end(), [](const Reason& a, const Reason& b) {
        return std::abs(a.effect) > std::abs(b.effect);
    });
    found.resize(std::min(found.size(), most));
    return found;
}

}  // namespace spillway::score
