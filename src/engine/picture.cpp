#include "spillway/engine/picture.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace spillway::engine {

namespace {

/// What is assumed of a model that nobody has seen work: a small one on a middling card. Moderate,
/// so that the first forecasts do not send everybody away before anything is learned.
constexpr double guessed_load_ms = 10'000;
constexpr double guessed_prefill = 1'000;
constexpr double guessed_decode = 40;
constexpr double guessed_lag_ms = 50;
/// Tokens behind a speed before it counts as half a sample: short texts measure the overhead.
constexpr double half_prefill = 100;
constexpr double half_decode = 10;
/// Weight of a speed that was measured from outside, against one that the engine tells.
constexpr double from_outside = 0.5;
/// Below this an engine's word for a load is what it takes to find a model that is there.
constexpr double least_load_ms = 300;

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
        const bool told = asked.warmth_since != TimePoint{};
        asked.needs_load = told ? Model::Load::sure : Model::Load::doubtful;
        loads_ += told ? 1 : 0;
        auto after = shape();
        begin_load(after, model, {}, now);
        for (std::size_t index = 0; index < models_.size(); ++index) {
            if (models_[index].warmth == after.models[index].warmth)
                continue;
            if (index != at(model))
                models_[index].doubted_by = model;
            set(models_[index], after.models[index].warmth, now);
        }
        asked.doubted_by.reset();
        asked.load_asked = now;
    }
    asked.used_at = now;
}

void EnginePicture::first_token(ModelIndex model, TimePoint now)
{
    auto& works = models_[at(model)];
    works.doubted_by.reset();
    set(works, Warmth::loaded, now);
    works.used_at = now;
}

void EnginePicture::loaded(ModelIndex model, TimePoint now)
{
    auto& loads = models_[at(model)];
    const bool sure = loads.needs_load == Model::Load::sure;
    if (const auto asked = std::exchange(loads.load_asked, TimePoint{});
        sure && asked != TimePoint{})
        loads.load.sample(ms(now - asked), from_outside);
    first_token(model, now);
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

/// Of the request that began a load, as far as there was one: of a model of which nobody had told
/// anything, only the engine can say.
void EnginePicture::learn_load(std::size_t index, const Served& served)
{
    auto& model = models_[index];
    const auto& told = served.engine.load;
    const bool sure = model.needs_load == Model::Load::sure;
    model.load_asked = {};
    if (!sure && (!told || ms(*told) < least_load_ms))
        return;
    loads_ += sure ? 0 : 1;
    if (told)
        model.load.sample(ms(*told));
    else if (served.first_token) {
        const auto read = static_cast<double>(count(served.prompt));
        model.load.sample(ms(*served.first_token) - ms(prefill_of(model, read)), from_outside);
    }
}

/// The engine tells of a load where none was expected. How long it took is not known: such a
/// request may have waited for others first.
void EnginePicture::learn_hidden_load(std::size_t index, const Served& served)
{
    auto& model = models_[index];
    const auto& told = served.engine.load;
    if (!told || model.warmth != Warmth::loaded || served.sent < model.warmth_since ||
        ms(*told) < std::max(least_load_ms, model.load.value() / 3))
        return;
    ++loads_;
    // Others that waited for the same load tell of it as well.
    model.warmth_since = served.sent + served.took;
}

void EnginePicture::served(ModelIndex model, const Served& served, TimePoint now)
{
    auto& works = models_[at(model)];
    const auto read = static_cast<double>(count(served.engine.evaluated.value_or(served.prompt)));
    if (works.load_asked != TimePoint{} && served.sent == works.load_asked)
        learn_load(at(model), served);
    else
        learn_hidden_load(at(model), served);
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

Millis EnginePicture::others_before(ModelIndex model, std::uint32_t ours, TimePoint now) const
{
    if (others_ == 0)
        return Millis{};
    const auto slots = static_cast<double>(slots_of(models_[at(model)]));
    const auto each = std::max(ms(decode_left(model, Millis{}, std::nullopt)), 1.0);
    const auto ended = std::max(ms(now - others_told_), 0.0) * slots / each;
    const auto left = static_cast<double>(others_) - ended;
    const auto before = std::min(left, left + static_cast<double>(ours) - slots + 1);
    return whole_ms(before * each / slots);
}

std::uint32_t EnginePicture::slots_of(const Model& model) const
{
    const auto slots = settings_.slots ? settings_.slots : model.told.slots;
    // One that was seen to work on more has more.
    return std::max(slots.value_or(std::max(usual_slots(settings_.kind), seen_at_work_)), 1U);
}

EngineShape EnginePicture::shape() const
{
    EngineShape shape;
    shape.memory = memory();
    shape.limit = settings_.memory;
    shape.models.reserve(models_.size());
    for (const auto& model : models_) {
        const auto load = whole_ms(model.load.value());
        shape.models.push_back({.warmth = model.warmth,
                                .slots = slots_of(model),
                                .memory = model.told.memory,
                                .load = load,
                                .ready_at = model.load_asked + load,
                                .used_at = model.used_at,
                                .loaded_at = model.warmth_since,
                                .fits = model.fits,
                                .clashes = model.clashes});
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
