#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spillway/chat/prompt.hpp"
#include "spillway/tokens/calibration.hpp"
#include "spillway/tokens/vocabulary.hpp"

namespace spillway::gateway {

/// Counts the tokens of prompts: exactly where the model's vocabulary is at hand, else by estimate,
/// corrected by what upstreams reported for the same model. One per shard; not thread-safe.
class PromptCounter {
public:
    /// @param model    The upstream's name of the model that will most likely serve.
    /// @param library  Null: no vocabularies. What it has was loaded with the configuration.
    [[nodiscard]] tokens::Count count(const chat::Prompt& prompt, const std::string& model,
                                      tokens::Library* library);

    /// An upstream said how many tokens the prompt had that we put at `counted`.
    void reported(const std::string& model, Tokens counted, Tokens reported);

private:
    /// Models come from the file and from wildcards, which clients fill in.
    static constexpr std::size_t most_models = 256;

    [[nodiscard]] tokens::Count count_text(const chat::Prompt& prompt, tokens::Family family,
                                           tokens::Library* library);

    std::map<tokens::Family, tokens::Counter> exact_;
    std::unordered_map<std::string, tokens::Calibration> learned_;
};

}  // namespace spillway::gateway
