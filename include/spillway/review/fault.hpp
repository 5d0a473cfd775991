#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spillway::review {

/// What is wrong with an answer whatever the question: found without a model.
enum class Fault : std::uint8_t {
    empty,          ///< Neither text nor a call.
    refused,        ///< The model, or a filter, declined.
    cut,            ///< Ended by its length limit.
    looping,        ///< Its end says one thing again and again.
    not_json,       ///< JSON was demanded.
    off_schema,     ///< JSON, but not of the demanded schema.
    no_call,        ///< A tool was to be called and none was.
    unknown_tool,   ///< A tool was called that nobody offered.
    bad_arguments,  ///< No JSON, or not of the tool's schema.
    unsure,         ///< Its tokens were too unlikely, in the model's own eyes.
};
inline constexpr std::size_t fault_count = 10;
[[nodiscard]] std::string_view name(Fault fault);
/// The fault of that name; empty when there is none.
[[nodiscard]] std::optional<Fault> parse_fault(std::string_view word);

/// A set of faults. A value of two bytes.
class FaultSet {
public:
    constexpr FaultSet() noexcept = default;
    /// All that an answer shows without its log-probabilities.
    [[nodiscard]] static constexpr FaultSet all() noexcept
    {
        FaultSet set;
        set.bits_ = static_cast<std::uint16_t>((1U << static_cast<unsigned>(Fault::unsure)) - 1U);
        return set;
    }
    constexpr void add(Fault fault) noexcept
    {
        bits_ = static_cast<std::uint16_t>(bits_ | (1U << static_cast<unsigned>(fault)));
    }
    [[nodiscard]] constexpr bool has(Fault fault) const noexcept
    {
        return (bits_ & (1U << static_cast<unsigned>(fault))) != 0;
    }
    [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
    friend constexpr bool operator==(const FaultSet&, const FaultSet&) = default;

private:
    std::uint16_t bits_ = 0;
};

}  // namespace spillway::review
