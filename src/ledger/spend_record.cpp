#include "spillway/ledger/spend_record.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "spillway/base/object_writer.hpp"
#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

std::string optional_millis(const std::optional<Millis>& duration)
{
    return duration ? std::to_string(duration->count()) : "null";
}

std::string optional_amount(const std::optional<NanoUsd>& amount)
{
    return amount ? std::to_string(count(*amount)) : "null";
}

std::string tags_json(const std::string& tags)
{
    if (tags.empty()) {
        return "[]";
    }
    // Only what parses may stand unquoted inside our own JSON.
    const bool sound = tags.front() == '[' && nlohmann::json::accept(tags);
    return sound ? tags : "[" + json_quoted(tags) + "]";
}

/// When the answer began, LiteLLM's way: the first token of a stream, the end of a whole answer.
std::string completion_start(const SpendRecord& record)
{
    if (record.first_token) {
        return json_quoted(rfc3339(record.started + *record.first_token));
    }
    if (record.outcome == Outcome::served) {
        return json_quoted(rfc3339(record.started + record.total));
    }
    return "null";
}

void add_routing(ObjectWriter& metadata, const RouteTaken* routing)
{
    const auto text = [&](std::string_view key, std::string_view value) {
        metadata.json(key, value.empty() ? "null" : json_quoted(value));
    };
    text("route", routing != nullptr ? routing->route : std::string_view());
    text("rule", routing != nullptr ? routing->rule : std::string_view());
    text("reason", routing != nullptr ? routing->reason : std::string_view());
    if (routing != nullptr)
        metadata.truth("kept_local", routing->kept_local);
    else
        metadata.json("kept_local", "null");
}

std::string metadata_json(const SpendRecord& record)
{
    std::string out;
    {
        ObjectWriter metadata{out};
        metadata.text("usage_source", name(record.usage.source));
        metadata.text("outcome", name(record.outcome));
        metadata.number("status", record.status);
        metadata.text("error", record.error);
        metadata.text("why", record.why);
        metadata.number("attempts", record.attempts);
        metadata.number("retries", record.retries);
        metadata.number("fallbacks", record.fallbacks);
        metadata.truth("stream", record.streamed);
        metadata.text("asked_model", record.asked_model);
        metadata.json("cost_nano_usd", optional_amount(record.cost));
        metadata.truth("cost_is_at_least", record.at_least);
        metadata.json("charged_nano_usd", optional_amount(record.charged));
        metadata.json("reference_nano_usd", optional_amount(record.reference_cost));
        metadata.number("cached_tokens", count(record.usage.cached));
        metadata.number("cache_write_tokens", count(record.usage.cache_write));
        metadata.number("reasoning_tokens", count(record.usage.reasoning));
        metadata.number("queue_ms", record.queue.count());
        metadata.json("first_token_ms", optional_millis(record.first_token));
        add_routing(metadata, record.routing.get());
        metadata.json("engine", record.engine.empty() ? "null" : record.engine);
    }
    return out;
}

}  // namespace

std::string_view name(Outcome outcome)
{
    switch (outcome) {
        case Outcome::served:
            return "served";
        case Outcome::refused:
            return "refused";
        case Outcome::broken:
            return "broken";
        case Outcome::abandoned:
            return "abandoned";
    }
    return "";
}

std::string_view name(chat::UsageSource source)
{
    switch (source) {
        case chat::UsageSource::unknown:
            return "unknown";
        case chat::UsageSource::estimated:
            return "estimated";
        case chat::UsageSource::exact:
            return "exact";
    }
    return "";
}

std::string decimal_usd(NanoUsd amount)
{
    constexpr std::uint64_t nanos_per_usd = 1'000'000'000;
    constexpr std::size_t places = 9;
    const bool below_zero = count(amount) < 0;
    auto nanos = static_cast<std::uint64_t>(count(amount));
    if (below_zero) {
        nanos = ~nanos + 1;
    }
    std::string out = (below_zero ? "-" : "") + std::to_string(nanos / nanos_per_usd);
    std::string fraction = std::to_string(nanos % nanos_per_usd);
    fraction.insert(0, places - fraction.size(), '0');
    const auto last = fraction.find_last_not_of('0');
    if (last != std::string::npos) {
        out += '.';
        out.append(fraction, 0, last + 1);
    }
    return out;
}

std::string engine_json(const chat::EngineFacts& facts)
{
    if (facts == chat::EngineFacts{})
        return {};
    std::string out;
    {
        ObjectWriter object{out};
        const auto add = [&object](std::string_view key, const auto& fact) {
            if (fact)
                object.number(key, static_cast<std::int64_t>(fact->count()));
        };
        add("load_ns", facts.load);
        add("prefill_ns", facts.prefill);
        add("decode_ns", facts.decode);
        if (facts.evaluated)
            object.number("evaluated_tokens", count(*facts.evaluated));
        if (facts.truncated)
            object.truth("truncated", true);
        add("queued_ms", facts.queued);
        if (facts.position)
            object.number("queue_position", *facts.position);
        add("predicted_first_token_ms", facts.predicted);
        if (!facts.cascade.empty())
            object.text("cascade", facts.cascade);
    }
    return out;
}

std::optional<RequestId> parse_request_id(std::string_view text)
{
    constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    constexpr std::size_t digits = 26;
    if (text.size() != digits || text[0] < '0' || text[0] > '7') {
        return std::nullopt;
    }
    RequestId id;
    for (const char c : text) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        const auto value = crockford.find(upper);
        if (value == std::string_view::npos) {
            return std::nullopt;
        }
        id.high = (id.high << 5U) | (id.low >> 59U);
        id.low = (id.low << 5U) | value;
    }
    return id;
}

std::string spend_log_json(const SpendRecord& record)
{
    const auto total = count(record.usage.prompt) + count(record.usage.completion);
    const auto& model = record.upstream_model.empty() ? record.asked_model : record.upstream_model;
    std::string out;
    out.reserve(1'280);
    {
        ObjectWriter row{out};
        row.text("request_id", record.id.text());
        row.text("call_type", record.call_type);
        row.text("api_key", record.key_hash);
        row.json("spend", record.cost ? decimal_usd(*record.cost) : "null");
        row.number("total_tokens", total);
        row.number("prompt_tokens", count(record.usage.prompt));
        row.number("completion_tokens", count(record.usage.completion));
        row.text("startTime", rfc3339(record.started));
        row.text("endTime", rfc3339(record.started + record.total));
        row.number("request_duration_ms", record.total.count());
        row.json("completionStartTime", completion_start(record));
        row.text("model", model);
        row.text("model_id", record.deployment_id);
        row.text("model_group", record.group);
        row.text("custom_llm_provider", record.provider);
        row.text("api_base", record.api_base);
        row.text("user", record.user_id);
        row.json("metadata", metadata_json(record));
        row.text("cache_hit", record.replayed ? "True" : "False");
        row.text("cache_key", "");
        row.json("request_tags", tags_json(record.tags));
        row.json("team_id", record.team_id.empty() ? "null" : json_quoted(record.team_id));
        row.json("organization_id", "null");
        row.text("end_user", record.end_user);
        row.json("requester_ip_address", "null");
        row.json("messages", "{}");
        row.json("response", "{}");
        row.json("session_id", "null");
        row.text("status", record.outcome == Outcome::served ? "success" : "failure");
    }
    return out;
}

}  // namespace spillway::ledger
