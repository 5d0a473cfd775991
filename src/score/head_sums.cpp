#include "head_sums.hpp"

#include <algorithm>

namespace spillway::score {

float HeadSums::total(const Weights& weights, Head head) const noexcept
{
    const auto h = static_cast<std::size_t>(head);
    return wording[h] + system[h] + dense[h] + weights.heads[h].bias;
}

float standardised(const Weights& weights, const Features& features, std::size_t counter) noexcept
{
    const float off = features.dense[counter] - weights.mean[counter];
    return std::clamp(off * weights.inverse_deviation[counter], -dense_limit, dense_limit);
}

HeadSums head_sums(const Weights& weights, const Features& features) noexcept
{
    std::int32_t weak = 0;
    std::int32_t strong = 0;
    for (const auto bucket : features.buckets) {
        const auto* pair = &weights.table[head_count * bucket];
        weak += pair[0];
        strong += pair[1];
    }
    const float norm = wording_norm(features);
    HeadSums sums;
    sums.wording = {static_cast<float>(weak) * norm, static_cast<float>(strong) * norm};
    if (features.system_hash != 0) {
        const auto* pair = &weights.systems[head_count * (features.system_hash % system_count)];
        sums.system = {system_scale * pair[0], system_scale * pair[1]};
    }
    for (std::size_t h = 0; h < head_count; ++h) {
        sums.wording[h] *= weights.heads[h].table_scale;
        sums.system[h] *= weights.heads[h].table_scale;
    }
    for (std::size_t i = 0; i < dense_count; ++i) {
        const float off = standardised(weights, features, i);
        sums.dense[0] += off * weights.heads[0].dense[i];
        sums.dense[1] += off * weights.heads[1].dense[i];
    }
    return sums;
}

}  // namespace spillway::score
