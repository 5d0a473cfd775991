#include "spillway/score/weights.hpp"

#include <algorithm>
#include <cmath>

namespace spillway::score {

float Weights::quantile(float share) const noexcept
{
    if (quantiles.empty())
        return 0;
    const auto last = quantiles.size() - 1;
    const float at = std::clamp(share, 0.0F, 1.0F) * static_cast<float>(last);
    const auto below = std::min(static_cast<std::size_t>(at), last);
    const auto above = std::min(below + 1, last);
    const float part = at - static_cast<float>(below);
    return quantiles[below] + part * (quantiles[above] - quantiles[below]);
}

float Weights::rank(float gain) const noexcept
{
    const auto [low, high] = std::equal_range(quantiles.begin(), quantiles.end(), gain);
    if (high == quantiles.begin())
        return 0;
    if (low == quantiles.end())
        return 1;
    const auto last = static_cast<float>(quantiles.size() - 1);
    if (low != high)  // on a point, or on several equal ones: their middle
        return static_cast<float>((low - quantiles.begin()) + (high - quantiles.begin()) - 1) / 2 /
               last;
    const float below = *(low - 1);
    const float part = (gain - below) / (*low - below);
    return (static_cast<float>(low - quantiles.begin() - 1) + part) / last;
}

}  // namespace spillway::score
