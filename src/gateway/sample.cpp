#include "spillway/gateway/sample.hpp"

#include <algorithm>
#include <optional>

#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/score/feature_row.hpp"

namespace spillway::gateway {
namespace {

/// What a token costs there; empty when nobody knows.
std::optional<std::int64_t> price_of(const route::Deployment& deployment)
{
    if (deployment.dearest_input && deployment.dearest_output)
        return count(*deployment.dearest_input) + count(*deployment.dearest_output);
    return deployment.local ? std::optional<std::int64_t>(0) : std::nullopt;
}

/// The client's headers but its idempotency key: this is another request, perhaps to the same
/// provider, which would take it for the first one with a changed body.
std::string without_key(std::string_view lines)
{
    std::string kept;
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size() - 1) + 1;
        const auto line = lines.substr(0, end);
        lines.remove_prefix(end);
        if (!line.starts_with("idempotency-key:"))
            kept.append(line);
    }
    return kept;
}

/// May a second model be shown what the client sent here? It is more than the client asked for, so
/// whatever its key or its headers hold back holds here, too.
bool may_be_shown(const InferenceRequest& request, const Described& described,
                  const route::Plan& plan)
{
    using config::Content;
    const auto& features = described.features;
    // The scanner reads text; nobody looked into these.
    for (const auto unread : {Content::images, Content::audio, Content::files})
        if (features.content.has(unread))
            return false;
    if (features.prefer == route::Preference::local || features.max_cost == NanoUsd{0})
        return false;
    const auto& access = plan.limits.access;
    if (!access.grant)
        return true;
    const auto& table = request.arrival.snapshot->table;
    const auto& wish = *described.route->source().shadow;
    const auto open = [&](const std::string& name) {
        const auto place = table.resolve(name);
        return place && route::may_be_led(access, name, table[place->group].name);
    };
    return open(wish.group) && (wish.judge.empty() || open(wish.judge));
}

}  // namespace

void Sample::keep(std::string_view bytes)
{
    if (hold == Hold::too_large)
        return;
    if (answer.size() + bytes.size() <= largest_compared) {
        answer.append(bytes);
        return;
    }
    hold = Hold::too_large;
    std::string{}.swap(answer);
}

bool is_drawn(double share, std::uint64_t draw) noexcept
{
    // 53 bits are what a double holds exactly.
    constexpr double steps = static_cast<double>(std::uint64_t{1} << 53U);
    return static_cast<double>(draw >> 11U) / steps < share;
}

std::unique_ptr<Sample> draw_sample(const InferenceRequest& request, const Described& described,
                                    const route::Plan& plan, std::uint64_t draw)
{
    if (described.route == nullptr || !described.route->source().shadow ||
        request.endpoint() != chat::Endpoint::chat || request.form != BodyForm::json ||
        request.body.size() > largest_compared ||
        !is_drawn(described.route->source().shadow->share.part, draw) ||
        !may_be_shown(request, described, plan))
        return nullptr;
    const auto& features = described.features;
    const auto clearance = privacy::Clearance::of(
        privacy::narrower(features.boundary, plan.limits.boundary),
        described.scanned ? privacy::Scanned::yes : privacy::Scanned::no, features.sensitive);
    if (!clearance)
        return nullptr;
    auto sample = std::make_unique<Sample>(*clearance);
    sample->route = described.route;
    sample->body_size = request.body.size();
    sample->body.reserve(request.body.size() + dialect::body_padding);
    sample->body.append(request.body).append(dialect::body_padding, ' ');
    sample->suffix = request.suffix;
    sample->forwarded = without_key(request.forwarded);
    sample->parameters = plan.parameters;
    sample->features = score::pack(described.scored);
    sample->prompt = features.prompt_upper;
    sample->content = features.content;
    return sample;
}

Stronger stronger_of(config::ShadowRole role, const route::Deployment& shadow,
                     const route::Deployment& other)
{
    if (role != config::ShadowRole::by_price)
        return role == config::ShadowRole::strong ? Stronger::shadow : Stronger::other;
    const auto shadow_price = price_of(shadow);
    const auto other_price = price_of(other);
    if (shadow_price && other_price && *shadow_price != *other_price)
        return *shadow_price > *other_price ? Stronger::shadow : Stronger::other;
    if (shadow.local != other.local)
        return other.local ? Stronger::shadow : Stronger::other;
    return Stronger::shadow;
}

}  // namespace spillway::gateway
