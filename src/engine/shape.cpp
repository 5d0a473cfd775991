#include "spillway/engine/shape.hpp"

#include <algorithm>

namespace spillway::engine {

std::string_view name(Warmth warmth)
{
    switch (warmth) {
        case Warmth::cold:
            return "cold";
        case Warmth::loading:
            return "loading";
        case Warmth::loaded:
            break;
    }
    return "loaded";
}

std::vector<bool> who_stays(const EngineShape& shape, ModelIndex model,
                            const std::vector<std::uint32_t>& in_use)
{
    const auto works = [&](std::size_t index) {
        return index < in_use.size() && in_use[index] > 0;
    };
    std::vector<std::size_t> others;
    for (std::size_t index = 0; index < shape.models.size(); ++index) {
        if (index != at(model) && (works(index) || shape.models[index].warmth != Warmth::cold))
            others.push_back(index);
    }
    std::sort(others.begin(), others.end(), [&](std::size_t left, std::size_t right) {
        if (works(left) != works(right))
            return works(left);
        return shape.models[left].used_at > shape.models[right].used_at;
    });
    std::vector<bool> stays(shape.models.size(), false);
    const auto& wanted = shape.models[at(model)];
    const bool bounded = shape.limit && wanted.memory;
    auto left =
        shape.memory.value_or(0) - std::min(shape.memory.value_or(0), wanted.memory.value_or(0));
    const bool measured = shape.memory && wanted.memory && *wanted.memory <= *shape.memory;
    std::uint64_t together = std::uint64_t{1} << at(model) % 64;
    for (const auto index : others) {
        const auto& other = shape.models[index];
        const bool fits = measured && other.memory && *other.memory <= left;
        const bool seen = (together & ~other.fits) == 0 && !(bounded && other.memory);
        if (!fits && !seen)
            continue;
        left -= fits ? *other.memory : 0;
        together |= std::uint64_t{1} << index % 64;
        stays[index] = true;
    }
    return stays;
}

std::vector<bool> who_may_stay(const EngineShape& shape, ModelIndex model,
                               const std::vector<std::uint32_t>& in_use)
{
    auto stays = who_stays(shape, model, in_use);
    const auto& wanted = shape.models[at(model)];
    for (std::size_t index = 0; index < shape.models.size(); ++index) {
        const auto& other = shape.models[index];
        const bool works = index < in_use.size() && in_use[index] > 0;
        if (index == at(model) || stays[index] || (!works && other.warmth == Warmth::cold))
            continue;
        const bool clashes = (wanted.clashes >> index % 64 & 1U) != 0;
        const bool too_much = shape.limit && wanted.memory && other.memory;
        stays[index] = !clashes && !too_much;
    }
    return stays;
}

void begin_load(EngineShape& shape, ModelIndex model, const std::vector<std::uint32_t>& in_use,
                TimePoint now)
{
    const auto stays = who_stays(shape, model, in_use);
    for (std::size_t index = 0; index < shape.models.size(); ++index) {
        if (!stays[index] && (index >= in_use.size() || in_use[index] == 0))
            shape.models[index].warmth = Warmth::cold;
    }
    auto& loading = shape.models[at(model)];
    loading.warmth = Warmth::loading;
    loading.ready_at = now + loading.load;
    loading.used_at = now;
}

}  // namespace spillway::engine
