#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace spillway::chat {

/// How many answers a request asks for: `n` that are handed out, and `best_of` that are written to
/// pick them from. Empty: nobody said.
struct Choices {
    std::optional<std::uint32_t> n = {};
    std::optional<std::uint32_t> best_of = {};

    /// More than any provider makes of one request.
    static constexpr std::uint32_t most = 128;

    /// Answers that are paid for: `otherwise` says what nobody else does.
    [[nodiscard]] std::uint32_t paid(const Choices& otherwise) const
    {
        const auto handed_out = n ? n : otherwise.n;
        const auto written = best_of ? best_of : otherwise.best_of;
        return std::clamp(std::max(handed_out.value_or(1), written.value_or(1)), 1U, most);
    }
    friend bool operator==(const Choices&, const Choices&) = default;
};

/// What the JSON text of one of them asks for. What is no plain number counts as the most: an
/// upstream may be more lenient than we are, and who reads `"n": "100"` is paid for a hundred.
[[nodiscard]] inline std::optional<std::uint32_t> read_choices(std::string_view json)
{
    if (json == "null")
        return std::nullopt;
    std::uint32_t value = 0;
    const auto* const end = json.data() + json.size();
    const auto read = std::from_chars(json.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end ? std::min(value, Choices::most)
                                                     : Choices::most;
}

}  // namespace spillway::chat
