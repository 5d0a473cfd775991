#include "wishes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "field_values.hpp"
#include "spillway/base/text.hpp"

namespace spillway::gateway {
namespace {

constexpr std::array preferences{route::Preference::local, route::Preference::cloud,
                                 route::Preference::cheap, route::Preference::fast,
                                 route::Preference::best};

Error wrong_wish(std::string_view header, std::string_view expected)
{
    return Error(Errc::invalid_request,
                 "The header " + std::string(header) + " must be " + std::string(expected) + ".")
        .about(std::string(header));
}

Result<void> read_preference(const net::Fields& fields, route::Features& features)
{
    for (const auto word : values_of(fields, "x-spillway-prefer")) {
        const auto known =
            std::find_if(preferences.begin(), preferences.end(),
                         [&](const auto& each) { return iequals(route::name(each), word); });
        if (known == preferences.end())
            return fail(wrong_wish("x-spillway-prefer", "local, cloud, cheap, fast or best"));
        if (features.prefer != route::Preference::none && features.prefer != *known)
            return fail(wrong_wish("x-spillway-prefer", "one word, not several that differ"));
        features.prefer = *known;
    }
    return {};
}

/// Of several ceilings the lowest holds.
Result<void> read_ceiling(const net::Fields& fields, route::Features& features)
{
    for (const auto text : values_of(fields, "x-spillway-max-cost")) {
        double usd = -1;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), usd);
        if (error != std::errc() || end != text.data() + text.size() || !(usd >= 0 && usd < 1e6))
            return fail(wrong_wish("x-spillway-max-cost", "an amount of USD such as 0.05"));
        const NanoUsd most{std::llround(usd * 1e9)};
        features.max_cost = std::min(features.max_cost.value_or(most), most);
    }
    return {};
}

}  // namespace

void keep_within(privacy::Boundary boundary, route::BoundaryBy by, route::Features& features)
{
    if (boundary != privacy::Boundary::local || features.boundary == privacy::Boundary::local)
        return;
    features.boundary = boundary;
    features.boundary_by = by;
}

Result<void> read_wishes(const net::Fields& fields, route::Features& features)
{
    if (auto read = read_preference(fields, features); !read)
        return read;
    if (auto read = read_ceiling(fields, features); !read)
        return read;
    for (const auto word : values_of(fields, "x-spillway-boundary")) {
        const auto boundary = privacy::parse_boundary(lower(word));
        if (!boundary)
            return fail(wrong_wish("x-spillway-boundary", "local or any"));
        keep_within(*boundary, route::BoundaryBy::header, features);
    }
    return {};
}

}  // namespace spillway::gateway
