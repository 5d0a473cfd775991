#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/score/features.hpp"
#include "spillway/score/weights.hpp"

namespace spillway::score {

/// How much a strong model is expected to help, in four steps.
enum class Tier : std::uint8_t { trivial, moderate, complex, premium };
[[nodiscard]] std::string_view name(Tier tier) noexcept;

/// Ranks (0..1) where the tiers begin.
struct TierCuts {
    float moderate = 0.35F;
    float complex = 0.70F;
    float premium = 0.92F;
};

/// Why a score says nothing of the request.
enum class Abstention : std::uint8_t {
    none,
    no_text,        ///< No words at all, or only harness text.
    unseen_script,  ///< Written in a script that training never saw.
    unknown_words,  ///< Too few of its words were seen in training.
    unusual_form,   ///< Counters far outside of everything seen.
};
/// For an explanation: "few of its words were seen in training".
[[nodiscard]] std::string_view describe(Abstention reason) noexcept;

/// What is expected of one request.
///
/// Where the score abstains, `gain` and `rank` are the median of the training prompts and the tier
/// is moderate: a request of which nothing is known is neither trivial nor worth the most.
/// Where it does not abstain but knows few of the words, the tier is moderate at least
/// (`cautious`): a short prompt in another language shares some words with English ("Himmel, was
/// ist") and would be trivial by its length alone.
struct Score {
    float gain = 0;     ///< P(weak fails) - P(strong fails), -1..1.
    float rank = 0.5F;  ///< Where the gain lies among the training prompts, 0..1.
    float weak_fails = 0.5F;
    float strong_fails = 0.5F;
    float confidence = 0;  ///< 0..1, how familiar the request is; not a chance of being right.
    Tier tier = Tier::moderate;
    Abstention abstention = Abstention::none;
};

[[nodiscard]] Score score(const Weights& weights, const Features& features,
                          const TierCuts& cuts = {}) noexcept;

[[nodiscard]] Tier tier_of(float rank, const TierCuts& cuts) noexcept;

/// Under this confidence nothing is called trivial.
inline constexpr float least_confidence_of_trivial = 0.35F;
/// The tier that may be said with this confidence.
[[nodiscard]] Tier cautious(Tier tier, float confidence) noexcept;

/// One cause of a score, in words of a fixed vocabulary; never text of the prompt.
struct Reason {
    std::string words;  ///< "long prompt", "wording", "system prompt #3f2a"
    float effect = 0;   ///< On the gain's log odds: above zero speaks for the strong model.
};

/// The strongest causes first. All wording counts as one, since hashes cannot be named.
[[nodiscard]] std::vector<Reason> reasons(const Weights& weights, const Features& features,
                                          std::size_t most = 5);

}  // namespace spillway::score
