#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/model_facts.hpp"
#include "spillway/engine/model_report.hpp"
#include "spillway/engine/shape.hpp"
#include "spillway/engine/speed.hpp"

namespace spillway::engine {

/// What the operator says of an engine; what it does not say is learned.
struct EngineSettings {
    Kind kind = Kind::ollama;
    std::optional<std::uint64_t> memory{};  ///< Bytes for models; wins over what was seen.
    std::optional<std::uint32_t> slots{};   ///< Per model; wins over what the engine tells.
    std::uint32_t most_models = 64;         ///< Models that are kept in mind; never more.
};

/// One model in a report of the engine.
struct ModelReport {
    std::string_view model;
    chat::ModelFacts facts;
};

/// Whether a prompt continues one that the same engine has read lately (same conversation).
enum class Turn : std::uint8_t { first, follow_up };

/// One answer of the engine, as it passed by. What is not known is empty.
struct Served {
    TimePoint sent{};  ///< The time that `sent` was told: after the wait in front of the engine.
    std::optional<Millis> first_token;  ///< Since `sent`; of streams.
    Millis took{};                      ///< Since `sent`, until the last token.
    Tokens prompt{};                    ///< All of it, cached or not.
    Tokens generated{};
    Turn turn = Turn::first;
    chat::EngineFacts engine{};  ///< Its own durations win over what was measured outside.
};

/// What is known of one model at one moment. A copy: for /health, metrics and decisions.
struct ModelPicture {
    std::string model;
    Warmth warmth = Warmth::cold;
    TimePoint warmth_since{};             ///< When that was learned; 0: nobody told yet.
    std::uint32_t slots = 1;              ///< As configured, told, or the engine kind's default.
    std::optional<std::uint64_t> memory;  ///< Bytes.
    std::optional<std::uint64_t> memory_fast;
    Millis load{};                  ///< Of a cold one; learned, else a guess (see `loads`).
    double prefill_per_second = 0;  ///< Tokens of a prompt; a guess while `prefills` is 0.
    double decode_per_second = 0;   ///< Tokens of one answer; a guess while `decodes` is 0.
    Millis lag{};                   ///< First token beyond load and prefill: way and overhead.
    double cached_share = 0;        ///< Of the prompt of a `follow_up`, from 0 to 1.
    Tokens answer{};                ///< Typical length.
    std::uint32_t loads = 0;        ///< Samples behind each figure.
    std::uint32_t prefills = 0;
    std::uint32_t decodes = 0;
    std::uint32_t answers = 0;
};

/// All that is known of one engine: fed by its reports and by the requests that pass. Pure: time is
/// passed in. Not thread-safe: its owner locks, together with the `AdmissionQueue` of the engine.
/// Bounded by `EngineSettings::most_models`; models come from the configuration, not from clients.
class EnginePicture {
public:
    explicit EnginePicture(EngineSettings settings = {});

    /// The model under the engine's own name for it, made known if it was not.
    /// @return empty when that would be one too many.
    [[nodiscard]] std::optional<ModelIndex> model(std::string_view name);
    [[nodiscard]] std::optional<ModelIndex> find(std::string_view name) const;
    [[nodiscard]] std::size_t models() const { return models_.size(); }

    /// One report of the engine, about all models of ours there (`read_report` of each). What is
    /// loaded at once fits at once. A model that a request of ours is just loading stays `loading`
    /// while the engine does not list it, until twice the time that this should take. Models that
    /// it has at once fit side by side; one that went when another was loaded does not fit beside
    /// it, until both are seen.
    /// @param ours  Requests of ours that the engine has: what it tells beyond them is of others.
    void reported(std::span<const ModelReport> report, TimePoint now, std::uint32_t ours = 0);
    /// The engine said that it is still loading (llama.cpp and vLLM: 503 on /health).
    void loading(ModelIndex model, TimePoint now);
    /// A request for the model was sent. A cold one is `loading` from here on.
    void sent(ModelIndex model, TimePoint now);
    /// The first token, or a whole answer: the model is loaded.
    void first_token(ModelIndex model, TimePoint now);
    /// A load that was asked for beside all requests is over.
    void loaded(ModelIndex model, TimePoint now);
    /// An answer is complete: learns load time, speeds, lag, length and what the cache saved.
    void served(ModelIndex model, const Served& served, TimePoint now);
    /// A request failed before its first token: a load that it began is off.
    void failed(ModelIndex model, TimePoint now);
    /// The engine does not answer any more, or was started again: all models are cold.
    void vanished(TimePoint now);

    [[nodiscard]] Warmth warmth(ModelIndex model) const;
    /// Tokens of a prompt that the engine will have to read, once its prefix cache did its part.
    [[nodiscard]] Tokens to_read(ModelIndex model, Tokens prompt, Turn turn) const;
    /// From the moment when the model is ready until the first token.
    [[nodiscard]] Millis prefill(ModelIndex model, Tokens to_read) const;
    /// Still to write for an answer that has been written for `written_for`: on average, or for the
    /// one of which so large a share (0 to 1) of those answers is shorter.
    [[nodiscard]] Millis decode_left(ModelIndex model, Millis written_for,
                                     std::optional<Tokens> most,
                                     std::optional<double> share = std::nullopt) const;
    /// How long a request will hold a slot of a loaded model: prefill and answer.
    [[nodiscard]] Millis work(ModelIndex model, Tokens to_read, std::optional<Tokens> most) const;
    /// Until the requests of others that the engine told of leave a slot to the next of ours. They
    /// are taken to end as answers of this model do since they were told.
    /// @param ours  Requests of ours that the model works on.
    [[nodiscard]] Millis others_before(ModelIndex model, std::uint32_t ours, TimePoint now) const;
    /// Loads that requests of ours began: those that were known to be needed, and those that the
    /// engine told of afterwards.
    [[nodiscard]] std::uint64_t loads() const { return loads_; }

    /// For the queue; cheap, but a copy.
    [[nodiscard]] EngineShape shape() const;
    [[nodiscard]] ModelPicture snapshot(ModelIndex model) const;
    [[nodiscard]] std::vector<ModelPicture> snapshot() const;
    /// Bytes that models may take side by side, as far as it is known.
    [[nodiscard]] std::optional<std::uint64_t> memory() const;
    [[nodiscard]] const EngineSettings& settings() const { return settings_; }
    /// A newer configuration says so; what was learned stays.
    void settle(const EngineSettings& settings) { settings_ = settings; }

private:
    struct Model {
        std::string name;
        Warmth warmth = Warmth::cold;
        TimePoint warmth_since{};
        TimePoint used_at{};
        TimePoint load_asked{};  ///< `sent` of the request that began the last load.
        /// Whether it was known to be cold when `load_asked` was: else it may have been loaded.
        enum class Load : std::uint8_t { doubtful, sure } needs_load = Load::sure;
        std::uint64_t fits = 0;  ///< As in `ModelShape`, as is `clashes`.
        std::uint64_t clashes = 0;
        /// For whose load it was taken for cold; until the engine has said whether that is so.
        std::optional<ModelIndex> doubted_by{};
        chat::ModelFacts told;
        Learned load;     ///< Milliseconds.
        Learned prefill;  ///< Tokens per second, as is `decode`.
        Learned decode;
        Learned lag;  ///< Milliseconds.
        double cached_share = 0;
        AnswerLengths lengths;
    };
    static void set(Model& model, Warmth warmth, TimePoint now);
    static void learn_speeds(Model& model, const Served& served);
    static Millis prefill_of(const Model& model, double to_read);
    void hear(ModelIndex model, const chat::ModelFacts& facts, TimePoint now);
    void note_others(std::span<const ModelReport> report, std::uint32_t ours, TimePoint now);
    void learn_neighbours(std::uint64_t told, std::uint64_t there, TimePoint now);
    void learn_load(std::size_t index, const Served& served);
    void learn_hidden_load(std::size_t index, const Served& served);
    [[nodiscard]] std::uint32_t slots_of(const Model& model) const;

    EngineSettings settings_;
    std::vector<Model> models_;
    std::uint64_t seen_together_ = 0;  ///< Most bytes that one report had loaded.
    std::uint64_t loads_ = 0;
    std::uint32_t seen_at_work_ = 0;  ///< Most requests that it told to work on; see `slots_of`.
    std::uint32_t others_ = 0;        ///< Requests of others, running and waiting, as last told.
    TimePoint others_told_{};
};

}  // namespace spillway::engine
