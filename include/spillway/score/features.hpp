#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "spillway/score/dense.hpp"
#include "spillway/score/prompt_view.hpp"

namespace spillway::score {

/// Words and pairs of neighbouring words are hashed into this many buckets.
inline constexpr int bucket_bits = 14;
inline constexpr std::size_t bucket_count = std::size_t{1} << bucket_bits;
/// System prompts are hashed into this many.
inline constexpr std::size_t system_count = 256;

/// The writing that most letters of a text belong to.
enum class Script : std::uint8_t {
    none,  ///< No letters at all.
    latin,
    greek,
    cyrillic,
    hebrew,
    arabic,
    indic,
    thai,  ///< And its neighbours that write without spaces: Lao, Khmer, Burmese.
    han,
    kana,
    hangul,
    other,
};
inline constexpr std::size_t script_count = 12;
[[nodiscard]] std::string_view name(Script script) noexcept;

/// What the score knows of a request: numbers and hashes, never text.
struct Features {
    std::vector<std::uint16_t> buckets;  ///< Distinct n-grams present, each < `bucket_count`.
    std::vector<std::uint16_t> words;    ///< Short hashes of the distinct words, for familiarity.
    std::array<float, dense_count> dense{};
    std::uint16_t system_hash = 0;  ///< 0: no system prompt.
    Script script = Script::none;

    [[nodiscard]] float operator[](Dense which) const noexcept
    {
        return dense[static_cast<std::size_t>(which)];
    }
    friend bool operator==(const Features&, const Features&) = default;
};

/// Changes whenever the same prompt would give other features: weights of another schema are
/// useless and are refused.
[[nodiscard]] std::uint64_t schema_hash() noexcept;

/// Turns prompts into features. Holds its scratch memory: no allocation once the longest window has
/// been seen. One per thread.
class Extractor {
public:
    Extractor();

    /// @return Valid until the next call.
    [[nodiscard]] const Features& extract(const PromptView& prompt);

private:
    std::vector<char> window_;
    std::vector<std::uint64_t> seen_;  ///< One bit per bucket, cleared after each prompt.
    std::vector<std::uint16_t> buckets_;
    std::vector<std::uint16_t> words_;
    Features features_;
};

/// The 16 bits that stand for a system prompt: its first letters without digits, so that a date or
/// a counter in it changes nothing. Never 0 for a prompt with a letter in it.
[[nodiscard]] std::uint16_t system_prompt_hash(std::string_view system) noexcept;

}  // namespace spillway::score
