#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"

/// Local engines: where each is usually found, and how it lists its models. Pure.
namespace spillway::app {

enum class Engine : std::uint8_t { ollama, llama_cpp, vllm, lm_studio };

/// "Ollama", as people write it.
[[nodiscard]] std::string_view title(Engine engine) noexcept;

/// Where an engine is looked for.
struct EnginePlace {
    Engine engine = Engine::ollama;
    std::string host;  ///< Without brackets.
    std::uint16_t port = 0;

    /// "http://127.0.0.1:11434"
    [[nodiscard]] std::string base() const;
    friend bool operator==(const EnginePlace&, const EnginePlace&) = default;
};

/// The usual places, moved by OLLAMA_HOST and SPILLWAY_DISCOVER. What cannot be read there is said
/// in `complaints` and ignored.
struct EnginePlaces {
    std::vector<EnginePlace> places;
    std::vector<std::string> complaints;
};
[[nodiscard]] EnginePlaces engine_places(const config::Environment& environment);

/// The path whose answer lists an engine's models.
[[nodiscard]] std::string_view list_path(Engine engine) noexcept;

/// One model of an engine.
struct FoundModel {
    std::string name;      ///< What clients call it.
    std::string upstream;  ///< What the engine calls it.
    config::Mode mode = config::Mode::chat;
    friend bool operator==(const FoundModel&, const FoundModel&) = default;
};

/// What a model of this name is for: OpenAI and LM Studio name their embedding models alike.
[[nodiscard]] config::Mode mode_of(std::string_view name);

/// The models in a 200 answer; empty when the answer is not that engine's.
[[nodiscard]] std::optional<std::vector<FoundModel>> read_models(Engine engine,
                                                                 std::string_view body);

}  // namespace spillway::app
