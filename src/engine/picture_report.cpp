// What an engine's own reports teach its picture.

#include <algorithm>
#include <chrono>
#include <utility>

#include "spillway/engine/picture.hpp"

namespace spillway::engine {

namespace {

/// A report says nothing of a load for longer than this many times what it should take.
constexpr int patience_with_loads = 2;

using FloatMillis = std::chrono::duration<double, std::milli>;

}  // namespace

void EnginePicture::hear(ModelIndex index, const chat::ModelFacts& facts, TimePoint now)
{
    auto& model = models_[at(index)];
    if (facts.window)
        model.told.window = facts.window;
    if (facts.slots)
        model.told.slots = facts.slots;
    if (facts.memory)
        model.told.memory = facts.memory;
    if (facts.memory_fast)
        model.told.memory_fast = facts.memory_fast;
    if (facts.loading.value_or(false))
        loading(index, now);
    if (!facts.loaded || facts.loading.value_or(false))
        return;
    // Where an engine says itself that it does not load, nobody has to guess.
    const auto loads_still =
        !facts.loading && model.warmth == Warmth::loading &&
        now - model.load_asked < patience_with_loads * FloatMillis(model.load.value());
    // Ollama lists a model from the moment when it begins to load it, without its memory.
    // One that may have to go for another is not there yet because it is not gone yet.
    const bool doubted = model.doubted_by && *facts.loaded;
    if (!loads_still && !doubted)
        set(model, *facts.loaded ? Warmth::loaded : Warmth::cold, now);
}

void EnginePicture::reported(std::span<const ModelReport> report, TimePoint now, std::uint32_t ours)
{
    std::uint64_t bytes = 0;
    std::uint64_t told = 0;
    std::uint64_t there = 0;
    for (const auto& row : report) {
        const auto index = model(row.model);
        if (!index)
            continue;
        hear(*index, row.facts, now);
        const auto bit = std::uint64_t{1} << at(*index) % 64;
        told |= row.facts.loaded ? bit : 0;
        if (!row.facts.loaded.value_or(false) || row.facts.loading.value_or(false))
            continue;
        there |= bit;
        bytes += row.facts.memory.value_or(0);
    }
    seen_together_ = std::max(seen_together_, bytes);
    learn_neighbours(told, there, now);
    note_others(report, ours, now);
}

/// Each row has the load of the whole engine.
void EnginePicture::note_others(std::span<const ModelReport> report, std::uint32_t ours,
                                TimePoint now)
{
    std::optional<std::uint32_t> busy;
    for (const auto& row : report) {
        if (!row.facts.running)
            continue;
        const auto waiting = row.facts.waiting.value_or(0);
        busy = std::max(busy.value_or(0), *row.facts.running + waiting);
        // Where nobody waits there is room for one more.
        const bool has_room = settings_.kind == Kind::vllm && row.facts.waiting == 0U;
        seen_at_work_ = std::max(seen_at_work_, *row.facts.running + (has_room ? 1U : 0U));
    }
    if (!busy)
        return;
    others_ = *busy - std::min(*busy, ours);
    others_told_ = now;
}

/// Who is told of in one report is there together; and who was there until another was loaded, and
/// is not beside it now, had to go for it.
void EnginePicture::learn_neighbours(std::uint64_t told, std::uint64_t there, TimePoint now)
{
    for (std::size_t index = 0; index < models_.size(); ++index) {
        auto& model = models_[index];
        const auto self = std::uint64_t{1} << index % 64;
        if ((there & self) != 0) {
            model.fits |= there & ~self;
            model.clashes &= ~there;
        }
        if (!model.doubted_by || (told & self) == 0)
            continue;
        auto& other = models_[at(*model.doubted_by)];
        const auto others = std::uint64_t{1} << at(*model.doubted_by) % 64;
        const bool stayed = (there & self) != 0;
        const bool came = (there & others) != 0 || other.warmth == Warmth::loaded;
        // It may just not be gone yet; and not every engine lists what it is loading.
        if (stayed && !came && other.warmth == Warmth::loading)
            continue;
        model.doubted_by.reset();
        if (stayed) {
            set(model, Warmth::loaded, now);
            model.fits |= came ? others : 0;
            other.fits |= came ? self : 0;
            continue;
        }
        if (other.warmth == Warmth::cold)
            continue;
        model.clashes |= others;
        other.clashes |= self;
        model.fits &= ~others;
        other.fits &= ~self;
    }
}

}  // namespace spillway::engine
