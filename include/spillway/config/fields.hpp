#pragma once

#include <optional>
#include <string_view>

#include "spillway/config/config.hpp"

/// The vocabulary of the field lists (`fields_*.hpp`). A list calls its visitor once per key:
///
///     visit("port", server.port, Doc{"Port for clients."}, Range{0, 65535}, Reload::restart);
///     visit.known("redis_host", Support::ignored, "spillway needs no Redis");
///     visit.passed("temperature", Support::supported, "");
///
/// `known` is a key that is accepted and not read into a member; `passed` is one that stays in the
/// row and goes to the deployment as a parameter default. Loading, the manual, the report of
/// `spillway check` and the comparison of two configurations are visitors of the same lists.
namespace spillway::config {

/// What a setting does, in one or two sentences.
struct Doc {
    std::string_view text;
};

/// Bounds of a number, both included; seconds for durations.
struct Range {
    double low = 0;
    double high = 0;
};

/// Whether a change takes effect when the file is read again.
enum class Reload : std::uint8_t { live, restart };

/// Honoured, but not exactly as LiteLLM does.
struct Different {
    std::string_view note;
};

/// How a number is written.
enum class Unit : std::uint8_t { plain, bytes, usd_per_token, usd_per_million };

/// The end of the keys in a policy: "Retries" in `TimeoutErrorRetries`.
struct KeySuffix {
    std::string_view text;
};

/// What a field list says about one key.
struct Traits {
    std::string_view doc;
    std::optional<Range> range;
    Reload reload = Reload::live;
    Support support = Support::supported;
    std::string_view note;
    Unit unit = Unit::plain;
    std::string_view suffix = "Retries";
};

constexpr void apply(Traits& traits, Doc doc)
{
    traits.doc = doc.text;
}
constexpr void apply(Traits& traits, Range range)
{
    traits.range = range;
}
constexpr void apply(Traits& traits, Reload reload)
{
    traits.reload = reload;
}
constexpr void apply(Traits& traits, Unit unit)
{
    traits.unit = unit;
}
constexpr void apply(Traits& traits, KeySuffix suffix)
{
    traits.suffix = suffix.text;
}
constexpr void apply(Traits& traits, Different different)
{
    traits.support = Support::different;
    traits.note = different.note;
}

template <class... Options>
[[nodiscard]] constexpr Traits traits_of(Options... options)
{
    Traits traits;
    (apply(traits, options), ...);
    return traits;
}

/// A cap as LiteLLM writes it, in two keys.
/// @param whose  "What the whole proxy may spend, in USD."
template <class Visitor>
void budget_fields(Visitor& visit, Budget& budget, Doc whose)
{
    visit("max_budget", budget.most, whose);
    visit("budget_duration", budget.period,
          Doc{"How long that lasts: 30s, 30m, 24h, 30d, 1w, 1mo; renewed by the calendar. Never, "
              "when unset."});
}

/// Several keys that are ignored for one reason.
template <class Visitor>
void ignored(Visitor& visit, std::string_view note, std::initializer_list<std::string_view> keys)
{
    for (const auto key : keys)
        visit.known(key, Support::ignored, note);
}

}  // namespace spillway::config
