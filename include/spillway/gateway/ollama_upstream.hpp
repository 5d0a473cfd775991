#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/ollama_request.hpp"
#include "spillway/dialect/ollama_window.hpp"
#include "spillway/gateway/shown_model.hpp"

namespace spillway::gateway {

/// The windows (`num_ctx`) that the models of one Ollama are asked for. A window that was chosen
/// stays as long as the daemon runs and the file says the same of it: another one would make Ollama
/// load the model again. Handed on from snapshot to snapshot; safe from any thread.
class ChosenWindows {
public:
    /// The window for requests to `model`; empty: nothing is sent.
    [[nodiscard]] std::optional<Tokens> settle(std::string_view model,
                                               const dialect::WindowFacts& facts);

    /// Should the engine be asked how much the model can hold at most? Once, and again when a model
    /// that it did not know then is `loaded`.
    [[nodiscard]] bool wants_maximum(std::string_view model, std::optional<bool> loaded);
    /// It was. @param most  Empty: it could not tell.
    void learned_maximum(std::string_view model, std::optional<Tokens> most);

    /// What else the engine said of the model in that answer.
    void learned_card(std::string_view model, ShownModel card);
    /// Null while it was not asked.
    [[nodiscard]] std::shared_ptr<const ShownModel> card(std::string_view model) const;

private:
    struct Model {
        std::optional<Tokens> configured;  ///< When the window was chosen.
        std::optional<Tokens> window;
        std::optional<Tokens> most;
        bool asked = false;
        std::shared_ptr<const ShownModel> card;
    };
    [[nodiscard]] Model* find(std::string_view model);

    mutable std::mutex mutex_;
    std::map<std::string, Model, std::less<>> models_;
};

/// What a deployment needs that is spoken to in Ollama's own words (ADR 0039).
struct OllamaUpstream {
    std::string base_path;     ///< Of `/api`; mostly empty.
    dialect::WireRules rules;  ///< Of the body before it is translated: no defaults.
    dialect::OllamaDefaults defaults;
    std::optional<Tokens> window;  ///< As configured.
    std::shared_ptr<ChosenWindows> windows;
};

/// Empty for all providers but Ollama.
/// @param base_path  Of the OpenAI surface: "/v1".
/// @param rules      As for that.
[[nodiscard]] std::optional<OllamaUpstream> ollama_upstream(const config::Deployment& deployment,
                                                            std::string_view provider,
                                                            std::string_view base_path,
                                                            const dialect::WireRules& rules);

/// The engine's name of a model with its tag, which is `latest` where none is written.
[[nodiscard]] std::string tagged(std::string_view model);

}  // namespace spillway::gateway
