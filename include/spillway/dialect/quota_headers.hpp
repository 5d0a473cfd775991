#pragma once

#include <optional>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/chat/quota.hpp"

namespace spillway::dialect {

/// Time until a limit is filled up: "1s", "6m0s", "20ms", "1h2m3.5s", bare seconds, seconds or
/// milliseconds since 1970, or an RFC 3339 time. Empty when it is none of these.
[[nodiscard]] std::optional<Millis> parse_reset(std::string_view text, WallTime now);

/// Gathers what an answer's head says of the provider's limits, one field after the other:
/// `x-ratelimit-remaining-requests` and `-tokens` with `x-ratelimit-reset-...` (OpenAI and most
/// others), the same with the window behind it (`...-requests-day`, `-tokens-minute` of Cerebras
/// and SambaNova, `-req-minute` of Mistral), the bare `x-ratelimit-remaining` and `-reset` of
/// OpenRouter and `ratelimit-remaining` and `-reset` of the IETF's draft, which are requests, and
/// `anthropic-ratelimit-...` with its input and output tokens. Other fields are passed over at the
/// cost of a look at their first byte.
class QuotaReader {
public:
    explicit QuotaReader(WallTime now) : now_(now) {}

    void see(std::string_view name, std::string_view value);
    /// A limit without a reset is taken to last a minute, the usual window. Of several limits on
    /// requests or tokens the tightest counts; of two that leave as much, the one that lasts.
    [[nodiscard]] chat::Quota quota() const;

private:
    struct Limit {
        std::optional<std::int64_t> left;
        std::optional<Millis> reset;
    };
    enum class What : std::uint8_t { requests, tokens, input_tokens, output_tokens };
    static constexpr std::size_t what_count = 4;
    /// `bare`: nothing is named but the limit.
    enum class Window : std::uint8_t { unsaid, minute, hour, day, month, bare };
    static constexpr std::size_t window_count = 6;

    static Window take_window(std::string_view& what);
    [[nodiscard]] std::optional<chat::Allowance> tightest(What what) const;
    void note(std::string_view field, std::string_view what, std::string_view value);

    WallTime now_;
    Limit limits_[what_count][window_count];
};

/// The same over all fields of a head. @tparam Fields  A range of things with `name` and `value`.
template <class Fields>
[[nodiscard]] chat::Quota read_quota(const Fields& fields, WallTime now)
{
    QuotaReader reader(now);
    for (const auto& field : fields)
        reader.see(field.name, field.value);
    return reader.quota();
}

}  // namespace spillway::dialect
