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
    const auto& wanted = shape.models[at(model)].memory;
    if (!shape.memory || !wanted || *wanted > *shape.memory)
        return stays;
    auto left = *shape.memory - *wanted;
    for (const auto index : others) {
        const auto& memory = shape.models[index].memory;
        if (!memory || *memory > left)
            continue;
        left -= *memory;
        stays[index] = true;
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
