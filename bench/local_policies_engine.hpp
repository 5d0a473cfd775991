#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "local_policies_clock.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/model_facts.hpp"

namespace local_policies {

/// How one model behaves on the scripted engine.
struct ModelScript {
    std::string name;
    std::uint64_t memory = 0;  ///< Bytes.
    std::uint32_t slots = 1;
    double load = 0;     ///< Seconds.
    double prefill = 0;  ///< Tokens per second when nothing else runs.
    double decode = 0;   ///< The same, of one answer.
};

struct EngineScript {
    std::vector<ModelScript> models;
    std::uint64_t memory = 0;
    std::size_t queue_limit = 512;  ///< Ollama's default (OLLAMA_MAX_QUEUE).
    double noise = 0.2;             ///< Sigma of the logarithm of every duration.
    double prefill_crowd = 0.3;     ///< Each other running request makes prefill so much slower,
    double decode_crowd = 0.15;     ///< and writing.
    double cached = 0.8;  ///< Share of the prompt that the cache saves for a conversation.
};

/// One request as its client made it. What the gateway cannot know is marked.
struct Request {
    double arrives = 0;  ///< Seconds.
    std::size_t model = 0;
    std::int64_t prompt = 0;
    std::int64_t answer = 0;           ///< Tokens that it will write: nobody knows.
    std::optional<std::int64_t> most;  ///< `max_tokens`.
    std::uint64_t client = 0;
    std::uint64_t conversation = 0;
};

/// An engine like Ollama's: requests for a model that is loaded go to its slots or line up for
/// them; one that needs another model stops all behind it until enough models are idle and put
/// away, and then the load begins. 503 when too many wait. It has no notion of order but first
/// come.
class ScriptedEngine {
public:
    struct Ears {
        std::function<void()> first_token;
        std::function<void(const spillway::chat::EngineFacts&)> done;
    };

    ScriptedEngine(EngineScript script, Clock& clock, std::uint64_t seed);

    /// @return id of the call; empty: 503 "server busy, please try again. maximum pending requests
    ///         exceeded".
    [[nodiscard]] std::optional<std::uint64_t> submit(const Request& request, Ears ears);
    /// The client went away. No ear hears anything of it any more.
    void cancel(std::uint64_t call);

    /// What /api/ps would say.
    [[nodiscard]] spillway::chat::ModelFacts report(std::size_t model) const;
    [[nodiscard]] std::uint64_t loads() const { return loads_; }
    [[nodiscard]] const EngineScript& script() const { return script_; }
    /// Seconds that the request would hold a slot if all slots were taken and nothing had to load.
    [[nodiscard]] static double slot_seconds(const EngineScript& script, const Request& request);

private:
    struct Call {
        Request request;
        Ears ears;
        double sent = 0;
        bool runs = false;
        spillway::chat::EngineFacts facts{};
    };
    struct Runner {
        enum class State : std::uint8_t { away, loading, loaded } state = State::away;
        std::uint64_t epoch = 0;  ///< Counts loads, so that a stale event knows itself.
        std::uint32_t running = 0;
        double ready = 0;  ///< When the last load ended.
        double used = 0;
        std::deque<std::uint64_t> line;
        std::map<std::uint64_t, std::uint64_t> conversations;  ///< In the cache, with their age.
    };

    void advance();
    void hand_over(std::uint64_t call);
    [[nodiscard]] bool make_room(std::size_t model);
    void load(std::size_t model);
    void start(std::size_t model);
    void run(std::uint64_t id);
    void write(std::uint64_t id);
    void end(std::uint64_t id);
    [[nodiscard]] double noisy(double seconds);
    [[nodiscard]] bool cached(Runner& runner, std::uint64_t conversation, std::size_t slots);

    EngineScript script_;
    Clock& clock_;
    std::mt19937_64 random_;
    std::unordered_map<std::uint64_t, Call> calls_;
    std::deque<std::uint64_t> pending_;
    std::vector<Runner> runners_;
    std::uint64_t last_ = 0;
    std::uint64_t loads_ = 0;
};

}  // namespace local_policies
