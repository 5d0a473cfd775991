#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "spillway/chat/prompt.hpp"
#include "spillway/route/family_tokens.hpp"
#include "spillway/tokens/calibration.hpp"
#include "spillway/tokens/family.hpp"
#include "spillway/tokens/vocabulary.hpp"

namespace spillway::gateway {

/// A model whose tokens are counted.
struct CountedModel {
    std::string name;  ///< Its upstream's word for it.
    /// What the name says of the tokenizer: found once, since names are compared word by word.
    tokens::Family family = tokens::Family::generic;

    CountedModel() = default;
    explicit CountedModel(std::string named)
        : name(std::move(named)), family(tokens::family_of(name))
    {}
    friend bool operator==(const CountedModel&, const CountedModel&) = default;
};

/// The tokens of a prompt.
struct PromptCount {
    tokens::Count best;          ///< Of the first model, in the light of what upstreams reported.
    route::FamilyTokens uppers;  ///< The same, upper ends, of every model's family.
    /// What the estimator makes of the prompt for every family, before anything corrects it:
    /// further reports are compared with it. Nothing where nobody had to estimate.
    route::FamilyTokens uncorrected;
};

/// Upper end of the pictures, sounds and files of `prompt`, by the rule of whichever of `models`
/// counts the most; zero when there are none.
[[nodiscard]] Tokens most_beside_text(const chat::Prompt& prompt,
                                      std::span<const CountedModel> models);

/// Counts the tokens of prompts: exactly where the first model's vocabulary is at hand, else by
/// estimate, corrected by what upstreams reported for the same model. The bytes are sorted once for
/// all families. One per shard; not thread-safe.
class PromptCounter {
public:
    /// @param models   First the one that will most likely serve, then one of each other family.
    ///                 Not empty.
    /// @param library  Null: no vocabularies. What it has was loaded with the configuration.
    [[nodiscard]] PromptCount count(const chat::Prompt& prompt,
                                    std::span<const CountedModel> models, tokens::Library* library);

    /// An upstream said how many tokens the prompt had that the estimator put at `uncorrected` for
    /// its family; nothing is learned from 0.
    void reported(const std::string& model, Tokens uncorrected, Tokens reported);

    /// What was learned by others and before; adds to what is known here.
    void adopt(const std::map<std::string, tokens::Calibration>& learned);
    /// What was reported since the last call.
    [[nodiscard]] std::map<std::string, tokens::Calibration> take_fresh();

private:
    /// Models come from the file and from wildcards, which clients fill in.
    static constexpr std::size_t most_models = 256;

    [[nodiscard]] std::optional<Tokens> count_exactly(const chat::Prompt& prompt,
                                                      tokens::Family family,
                                                      tokens::Library* library);
    [[nodiscard]] tokens::Count corrected(const std::string& model,
                                          const tokens::Count& count) const;

    std::map<tokens::Family, tokens::Counter> exact_;
    std::unordered_map<std::string, tokens::Calibration> learned_;
    std::map<std::string, tokens::Calibration> fresh_;
};

}  // namespace spillway::gateway
