#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spillway/chat/prompt.hpp"
#include "spillway/tokens/calibration.hpp"
#include "spillway/tokens/vocabulary.hpp"

namespace spillway::gateway {

/// The tokens of a prompt.
struct PromptCount {
    tokens::Count best;    ///< In the light of what upstreams reported.
    Tokens uncorrected{};  ///< Before that: what further reports are compared with.
};

/// Counts the tokens of prompts: exactly where the model's vocabulary is at hand, else by estimate,
/// corrected by what upstreams reported for the same model. One per shard; not thread-safe.
class PromptCounter {
public:
    /// @param model    The upstream's name of the model that will most likely serve.
    /// @param library  Null: no vocabularies. What it has was loaded with the configuration.
    [[nodiscard]] PromptCount count(const chat::Prompt& prompt, const std::string& model,
                                    tokens::Library* library);

    /// An upstream said how many tokens the prompt had that we put at `uncorrected`.
    void reported(const std::string& model, Tokens uncorrected, Tokens reported);

    /// What was learned by others and before; adds to what is known here.
    void adopt(const std::map<std::string, tokens::Calibration>& learned);
    /// What was reported since the last call.
    [[nodiscard]] std::map<std::string, tokens::Calibration> take_fresh();

private:
    /// Models come from the file and from wildcards, which clients fill in.
    static constexpr std::size_t most_models = 256;

    [[nodiscard]] tokens::Count count_text(const chat::Prompt& prompt, tokens::Family family,
                                           tokens::Library* library);

    std::map<tokens::Family, tokens::Counter> exact_;
    std::unordered_map<std::string, tokens::Calibration> learned_;
    std::map<std::string, tokens::Calibration> fresh_;
};

}  // namespace spillway::gateway
