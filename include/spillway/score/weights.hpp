#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/score/apgr.hpp"
#include "spillway/score/features.hpp"
#include "spillway/score/numbers.hpp"

namespace spillway::score {

/// The two questions that are learned. Their difference is the gain of the strong model.
enum class Head : std::uint8_t { weak_fails, strong_fails };
inline constexpr std::size_t head_count = 2;

/// A weights file is never larger.
inline constexpr std::size_t largest_weights = 64 * 1024;
/// Points of the calibration curve, at most.
inline constexpr std::size_t most_quantiles = 1001;
/// Bits of the set of known words.
inline constexpr std::size_t vocabulary_bits = std::size_t{1} << 16U;

/// One head beside its table: what multiplies the table, the counters, and how the sum becomes a
/// probability (Platt: 1 / (1 + exp(-(slope * z + offset)))).
struct HeadWeights {
    float table_scale = 0;
    float bias = 0;
    float slope = 1;
    float offset = 0;
    std::array<float, dense_count> dense{};  ///< Per standard deviation of the counter.
    friend bool operator==(const HeadWeights&, const HeadWeights&) = default;
};

/// Everything that was learned. A value; readers share it as `shared_ptr<const Weights>` and swap
/// the whole. Its long tables lie where the file was read to (docs/adr/0046).
struct Weights {
    std::string name;  ///< What it was trained on; at most 63 bytes.
    WallTime created{};
    std::uint64_t training_hash = 0;  ///< Of the rows it was trained on.
    std::uint32_t rows = 0;
    Interval apgr{0.5, 0, 1};  ///< Out of fold, on the kind of prompts it was trained on.
    std::array<float, dense_count> mean{};
    std::array<float, dense_count> inverse_deviation{};  ///< 0: never varied in training.
    std::array<HeadWeights, head_count> heads{};
    /// Two signed bytes per bucket, one per head: [2 * bucket + head].
    Numbers<std::int8_t> table = std::vector<std::int8_t>(head_count * bucket_count);
    /// The same per bucket of system prompts.
    Numbers<std::int8_t> systems = std::vector<std::int8_t>(head_count * system_count);
    std::vector<float> quantiles;  ///< Of the gain over the training prompts, ascending; >= 2.
    /// A bit per word that was seen.
    Numbers<std::uint8_t> vocabulary = std::vector<std::uint8_t>(vocabulary_bits / 8);
    std::uint32_t scripts = 0;  ///< One bit per `Script` that was learned from.
    float known_floor = 0;      ///< Share of known words under which the score abstains.

    /// The gain that this share (0..1) of the training prompts stays below.
    [[nodiscard]] float quantile(float share) const noexcept;
    /// The share of the training prompts whose gain is below this one.
    [[nodiscard]] float rank(float gain) const noexcept;
    [[nodiscard]] bool knows_word(std::uint16_t word) const noexcept
    {
        return ((vocabulary[word >> 3U] >> (word & 7U)) & 1U) != 0;
    }
};

/// Weights as bytes: little-endian, magic, version, schema, CRC32C at the end.
[[nodiscard]] std::string serialise(const Weights& weights);

/// Reads what `serialise` wrote. Refuses other versions and schemas, truncated and damaged files,
/// and numbers that cannot be (infinities, falling quantiles).
[[nodiscard]] Result<Weights> parse_weights(std::string_view bytes);

/// The same without a copy: the long tables are looked up where they lie.
/// @param keeper  Keeps `bytes`, unchanged; null when they are always there.
[[nodiscard]] Result<Weights> weights_within(std::string_view bytes,
                                             const std::shared_ptr<const void>& keeper);

/// Reads the file at `path` into pages that nobody can write to and looks the tables up there, as
/// long as somebody holds the weights or a copy of them. Whatever becomes of the file then changes
/// nothing.
/// @return `io_error` or `bad_config`, with the file's name.
[[nodiscard]] Result<std::shared_ptr<const Weights>> load_weights(const std::string& path);

/// Where weights that score came from.
enum class WeightsSource : std::uint8_t {
    file,
    none_yet,        ///< There is no file; the built-in ones stand in.
    other_features,  ///< It is of another build, which reads prompts otherwise; the same.
};

struct UsableWeights {
    std::shared_ptr<const Weights> weights;  ///< Never null.
    WeightsSource source = WeightsSource::file;
};

/// The weights at `path`, or the built-in ones where there are none or none that this build can
/// use. A build with other features must not keep those who learned with the one before from
/// starting.
/// @return What `load_weights` says of a file that is damaged or cannot be read.
[[nodiscard]] Result<UsableWeights> usable_weights(const std::string& path);

/// Writes beside `path` and renames, so that a reader sees the old file or the new one.
[[nodiscard]] Result<void> save_weights(const Weights& weights, const std::string& path);

/// The weights inside the binary, trained on public data (docs/complexity.md). Never null.
[[nodiscard]] const std::shared_ptr<const Weights>& shipped_weights();

/// CRC32C (Castagnoli) of `bytes`.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace spillway::score
