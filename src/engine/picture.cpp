#include "spillway/engine/picture.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace spillway::engine {

namespace {

/// What is assumed of a model that nobody has seen work: a small one on a middling card.
constexpr double guessed_load_ms = 10'000;
constexpr double guessed_prefill = 500;
constexpr double guessed_decode = 25;
constexpr double guessed_lag_ms = 50;
/// Tokens behind a speed before it counts as half a sample: short texts measure the overhead.
constexpr double half_prefill = 100;
constexpr double half_decode = 10;
/// Weight of a speed that was measured from outside, against one that the engine tells.
constexpr double from_outside = 0.5;
/// A report says nothing of a load for longer than this many times what it should take.
constexpr int patience_with_loads = 2;

using FloatMillis = std::chrono::duration<double, std::milli>;

double ms(std::chrono::nanoseconds duration)
{
    return FloatMillis(duration).count();
}

Millis whole_ms(double value)
{
    return Millis{std::llround(std::clamp(value, 0.0, 1e12))};
}

/// vLLM batches as many as its memory holds; the others do one at a time unless told otherwise
/// (wire.md 2: OLLAMA_NUM_PARALLEL, --parallel).
std::uint32_t usual_slots(Kind kind)
{
    switch (kind) {
        case Kind::ollama:
        case Kind::llama_cpp:
            return 1;
        case Kind::vllm:
            break;
    }
    return 64;
}

double share_of(double tokens, double half)
{
    return tokens / (tokens + half);
}

}  // namespace

EnginePicture::EnginePicture(EngineSettings settings) : settings_(settings) {}

std::optional<ModelIndex> EnginePicture::find(std::string_view name) const
{
    for (std::size_t index = 0; index < models_.size(); ++index) {
        if (models_[index].name == name)
            return ModelIndex{static_cast<std::uint32_t>(index)};
    }
    return std::nullopt;
}

std::optional<ModelIndex> EnginePicture::model(std::string_view name)
{
    if (const auto known = find(name))
        return known;
    if (models_.size() >= settings_.most_models)
        return std::nullopt;
    models_.push_back({.name = std::string(name),
                       .told = {},
                       .load = Learned(guessed_load_ms),
                       .prefill = Learned(guessed_prefill),
                       .decode = Learned(guessed_decode),
                       .lag = Learned(guessed_lag_ms),
                       .lengths = {}});
    return ModelIndex{static_cast<std::uint32_t>(models_.size() - 1)};
}

void EnginePicture::set(Model& model, Warmth warmth, TimePoint now)
{
    // Cold is also what nobody told yet.
    if (model.warmth != warmth || model.warmth_since == TimePoint{})
        model.warmth_since = now;
    model.warmth = warmth;
}

void EnginePicture::reported(std::span<const ModelReport> report, TimePoint now)
{
    std::uint64_t together = 0;
    for (const auto& row : report) {
        const auto index = model(row.model);
        if (!index)
            continue;
        auto& model = models_[at(*index)];
        if (row.facts.window)
            model.told.window = row.facts.window;
        if (row.facts.slots)
            model.told.slots = row.facts.slots;
        if (row.facts.memory)
            model.told.memory = row.facts.memory;
        if (row.facts.memory_fast)
            model.told.memory_fast = row.facts.memory_fast;
        if (row.facts.loading.value_or(false))
            loading(*index, now);
        if (!row.facts.loaded || row.facts.loading.value_or(false))
            continue;
        // Where an engine says itself that it does not load, nobody has to guess.
        const auto loads_still =
            !row.facts.loading && model.warmth == Warmth::loading &&
            now - model.load_asked < patience_with_loads * FloatMillis(model.load.value());
        // Ollama lists a model from the moment when it begins to load it, without its memory.
        if (*row.facts.loaded && !loads_still)
            set(model, Warmth::loaded, now);
        else if (!*row.facts.loaded && !loads_still)
            set(model, Warmth::cold, now);
        if (*row.facts.loaded)
            together += row.facts.memory.value_or(0);
    }
    seen_together_ = std::max(seen_together_, together);
}

void EnginePicture::loading(ModelIndex model, TimePoint now)
{
    auto& loads = models_[at(model)];
    if (loads.warmth != Warmth::loading)
        loads.load_asked = now;
    set(loads, Warmth::loading, now);
}

void EnginePicture::sent(ModelIndex model, TimePoint now)
{
    auto& asked = models_[at(model)];
    if (asked.warmth == Warmth::cold) {
        auto after = shape();
        begin_load(after, model, {}, now);
        for (std::size_t index = 0; index < models_.size(); ++index) {
            if (models_[index].warmth != after.models[index].warmth)
                set(models_[index], after.models[index].warmth, now);
        }
        asked.load_asked = now;
    }
    asked.used_at = now;
}

void EnginePicture::first_token(ModelIndex model, TimePoint now)
{
    auto& works = models_[at(model)];
    set(works, Warmth::loaded, now);
    works.used_at = now;
}

void EnginePicture::failed(ModelIndex model, TimePoint now)
{
    auto& failed = models_[at(model)];
    if (failed.warmth == Warmth::loading)
        set(failed, Warmth::cold, now);
}

void EnginePicture::vanished(TimePoint now)
{
    for (auto& model : models_)
        set(model, Warmth::cold, now);
}

/// Speeds and lag. Who was sent into a load that another began measures the rest of that load, so
/// from outside it tells nothing of prefill.
void EnginePicture::learn_speeds(Model& model, const Served& served)
{
    const auto& told = served.engine;
    const auto generated = static_cast<double>(count(served.generated));
    const auto read = static_cast<double>(count(told.evaluated.value_or(served.prompt)));
    const auto lag = model.lag.value();
    if (told.prefill && told.evaluated && ms(*told.prefill) > 0)
        model.prefill.sample(read / ms(*told.prefill) * 1000, share_of(read, half_prefill));
    else if (served.first_token && served.sent >= model.warmth_since &&
             served.turn == Turn::first && ms(*served.first_token) > lag)
        model.prefill.sample(read / (ms(*served.first_token) - lag) * 1000,
                             from_outside * share_of(read, half_prefill));

    const auto written_ms = told.decode          ? ms(*told.decode)
                            : served.first_token ? ms(served.took - *served.first_token)
                                                 : ms(served.took) - ms(prefill_of(model, read));
    if (written_ms > 0 && generated > 0)
        model.decode.sample(generated / written_ms * 1000,
                            (told.decode ? 1.0 : from_outside) * share_of(generated, half_decode));
    if (served.first_token && told.prefill && told.load)
        model.lag.sample(
            std::max(ms(*served.first_token) - ms(*told.prefill) - ms(*told.load), 1.0),
            from_outside);
}

void EnginePicture::served(ModelIndex model, const Served& served, TimePoint now)
{
    auto& works = models_[at(model)];
    const auto read = static_cast<double>(count(served.engine.evaluated.value_or(served.prompt)));
    if (works.load_asked != TimePoint{} && served.sent == works.load_asked) {
        if (served.engine.load)
            works.load.sample(ms(*served.engine.load));
        else if (served.first_token)
            works.load.sample(ms(*served.first_token) - ms(prefill_of(works, read)), from_outside);
        works.load_asked = {};
    }
    learn_speeds(works, served);
    if (served.turn == Turn::follow_up && served.engine.evaluated && count(served.prompt) > 0) {
        const auto cached = 1 - read / static_cast<double>(count(served.prompt));
        works.cached_share += (std::clamp(cached, 0.0, 1.0) - works.cached_share) / 8;
    }
    if (count(served.generated) > 0)
        works.lengths.sample(served.generated);
    first_token(model, now);
}

Warmth EnginePicture::warmth(ModelIndex model) const
{
    return models_[at(model)].warmth;
}

Tokens EnginePicture::to_read(ModelIndex model, Tokens prompt, Turn turn) const
{
    if (turn == Turn::first)
        return prompt;
    const auto left = 1 - models_[at(model)].cached_share;
    return Tokens{std::llround(static_cast<double>(count(prompt)) * left)};
}

Millis EnginePicture::prefill_of(const Model& model, double to_read)
{
    return whole_ms(to_read / model.prefill.value() * 1000 + model.lag.value());
}

Millis EnginePicture::prefill(ModelIndex model, Tokens to_read) const
{
    return prefill_of(models_[at(model)], static_cast<double>(count(to_read)));
}

Millis EnginePicture::decode_left(ModelIndex model, Millis written_for, std::optional<Tokens> most,
                                  std::optional<double> share) const
{
    const auto& writes = models_[at(model)];
    const auto speed = writes.decode.value();
    const Tokens written{std::llround(std::max(ms(written_for), 0.0) * speed / 1000)};
    const auto tokens =
        share ? writes.lengths.beyond(written, most, *share) : writes.lengths.beyond(written, most);
    const auto left = static_cast<double>(count(tokens));
    return whole_ms(left / speed * 1000);
}

Millis EnginePicture::work(ModelIndex model, Tokens to_read, std::optional<Tokens> most) const
{
    return prefill(model, to_read) + decode_left(model, Millis{}, most);
}

std::optional<std::uint64_t> EnginePicture::memory() const
{
    if (settings_.memory)
        return settings_.memory;
    return seen_together_ > 0 ? std::optional(seen_together_) : std::nullopt;
}

std::uint32_t EnginePicture::slots_of(const Model& model) const
{
    const auto slots = settings_.slots ? settings_.slots : model.told.slots;
    return std::max(slots.value_or(usual_slots(settings_.kind)), 1U);
}

EngineShape EnginePicture::shape() const
{
    EngineShape shape;
    shape.memory = memory();
    shape.models.reserve(models_.size());
    for (const auto& model : models_) {
        const auto load = whole_ms(model.load.value());
        shape.models.push_back({.warmth = model.warmth,
                                .slots = slots_of(model),
                                .memory = model.told.memory,
                                .load = load,
                                .ready_at = model.load_asked + load,
                                .used_at = model.used_at});
    }
    return shape;
}

ModelPicture EnginePicture::snapshot(ModelIndex index) const
{
    const auto& model = models_[at(index)];
    return {.model = model.name,
            .warmth = model.warmth,
            .warmth_since = model.warmth_since,
            .slots = slots_of(model),
            .memory = model.told.memory,
            .memory_fast = model.told.memory_fast,
            .load = whole_ms(model.load.value()),
            .prefill_per_second = model.prefill.value(),
            .decode_per_second = model.decode.value(),
            .lag = whole_ms(model.lag.value()),
            .cached_share = model.cached_share,
            .answer = model.lengths.typical(std::nullopt),
            .loads = model.load.samples(),
            .prefills = model.prefill.samples(),
            .decodes = model.decode.samples(),
            .answers = model.lengths.samples()};
}

std::vector<ModelPicture> EnginePicture::snapshot() const
{
    std::vector<ModelPicture> all;
    all.reserve(models_.size());
    for (std::size_t index = 0; index < models_.size(); ++index)
        all.push_back(snapshot(ModelIndex{static_cast<std::uint32_t>(index)}));
    return all;
}

}  // namespace spillway::engine
