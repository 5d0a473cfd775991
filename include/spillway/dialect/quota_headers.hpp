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
/// others), `anthropic-ratelimit-...` with its input and output tokens. Other fields are passed
/// over at the cost of a look at their first byte.
class QuotaReader {
public:
    explicit QuotaReader(WallTime now) : now_(now) {}

    void see(std::string_view name, std::string_view value);
    /// A limit without a reset is taken to last a minute, the usual window. Of several limits on
    /// tokens the tightest counts.
    [[nodiscard]] chat::Quota quota() const;

private:
    struct Limit {
        std::optional<std::int64_t> left;
        std::optional<Millis> reset;
    };
    enum class What : std::uint8_t { requests, tokens, input_tokens, output_tokens };
    static constexpr std::size_t limit_count = 4;

    void note(std::string_view field, std::string_view what, std::string_view value);

    WallTime now_;
    Limit limits_[limit_count];
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
