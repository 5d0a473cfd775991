#include "spillway/ledger/export.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

constexpr std::array<std::string_view, 47> columns{"request_id",
                                                   "started_at",
                                                   "ended_at",
                                                   "first_token_at",
                                                   "call_type",
                                                   "key_hash",
                                                   "team_id",
                                                   "user_id",
                                                   "end_user",
                                                   "tags",
                                                   "asked_model",
                                                   "model_group",
                                                   "deployment_id",
                                                   "provider",
                                                   "upstream_model",
                                                   "api_base",
                                                   "outcome",
                                                   "status",
                                                   "error",
                                                   "why",
                                                   "attempts",
                                                   "retries",
                                                   "fallbacks",
                                                   "streamed",
                                                   "prompt_tokens",
                                                   "completion_tokens",
                                                   "cached_tokens",
                                                   "cache_write_tokens",
                                                   "reasoning_tokens",
                                                   "usage_source",
                                                   "cost_usd",
                                                   "cost_is_at_least",
                                                   "charged_usd",
                                                   "charged_at",
                                                   "reference_usd",
                                                   "replayed",
                                                   "queue_ms",
                                                   "first_token_ms",
                                                   "total_ms",
                                                   "route",
                                                   "rule",
                                                   "reason",
                                                   "features",
                                                   "kept_local",
                                                   "scanned",
                                                   "code_known",
                                                   "engine"};

/// One value of a line. JSON and numbers stand as they are, texts are quoted where they must be.
struct Value {
    enum class Kind : std::uint8_t { unknown, text, bare, json } kind = Kind::unknown;
    std::string text;
};
using Kind = Value::Kind;

class Line {
public:
    void text(std::string_view value) { values_.push_back({Kind::text, std::string(value)}); }
    void number(std::int64_t value) { bare(std::to_string(value)); }
    void truth(bool value) { bare(value ? "true" : "false"); }
    void bare(std::string value) { values_.push_back({Kind::bare, std::move(value)}); }
    void unknown() { values_.push_back({}); }
    void time(const std::optional<WallTime>& value) { value ? text(rfc3339(*value)) : unknown(); }
    void amount(const std::optional<NanoUsd>& value)
    {
        value ? bare(decimal_usd(*value)) : unknown();
    }
    void duration(const std::optional<Millis>& value)
    {
        value ? number(value->count()) : unknown();
    }
    /// @param otherwise  What stands for an empty text or one that is no JSON.
    void json(const std::string& value, std::string_view otherwise)
    {
        const bool sound = !value.empty() && nlohmann::json::accept(value);
        if (sound || !otherwise.empty())
            values_.push_back({Kind::json, sound ? value : std::string(otherwise)});
        else
            unknown();
    }
    [[nodiscard]] const std::vector<Value>& values() const { return values_; }

private:
    std::vector<Value> values_;
};

void add_who_and_what(Line& line, const SpendRecord& record)
{
    line.text(record.id.text());
    line.time(record.started);
    line.time(record.started + record.total);
    line.time(record.first_token ? std::optional<WallTime>(record.started + *record.first_token)
                                 : std::nullopt);
    line.text(record.call_type);
    line.text(record.key_hash);
    line.text(record.team_id);
    line.text(record.user_id);
    line.text(record.end_user);
    line.json(record.tags, "[]");
    line.text(record.asked_model);
    line.text(record.group);
    line.text(record.deployment_id);
    line.text(record.provider);
    line.text(record.upstream_model);
    line.text(record.api_base);
    line.text(name(record.outcome));
    line.number(record.status);
    line.text(record.error);
    line.text(record.why);
    line.number(record.attempts);
    line.number(record.retries);
    line.number(record.fallbacks);
    line.truth(record.streamed);
}

void add_tokens_and_money(Line& line, const SpendRecord& record)
{
    line.number(count(record.usage.prompt));
    line.number(count(record.usage.completion));
    line.number(count(record.usage.cached));
    line.number(count(record.usage.cache_write));
    line.number(count(record.usage.reasoning));
    line.text(name(record.usage.source));
    line.amount(record.cost);
    line.truth(record.at_least);
    line.amount(record.charged);
    line.time(record.charged_at);
    line.amount(record.reference_cost);
    line.truth(record.replayed);
    line.duration(record.queue);
    line.duration(record.first_token);
    line.duration(record.total);
}

void add_routing(Line& line, const RouteTaken* taken)
{
    if (taken == nullptr) {
        for (int missing = 7; missing > 0; --missing)
            line.unknown();
        return;
    }
    line.text(taken->route);
    line.text(taken->rule);
    line.text(taken->reason);
    line.json(taken->features, "");
    line.truth(taken->kept_local);
    line.truth(taken->scanned);
    line.truth(taken->code_known);
}

Line line_of(const SpendRecord& record)
{
    Line line;
    add_who_and_what(line, record);
    add_tokens_and_money(line, record);
    add_routing(line, record.routing.get());
    line.json(record.engine, "");
    return line;
}

/// Quoted when it holds what would end a field or a line.
std::string csv_field(const std::string& text)
{
    if (text.find_first_of(",\"\r\n") == std::string::npos)
        return text;
    std::string out = "\"";
    for (const char c : text)
        out.append(c == '"' ? 2 : 1, c);
    return out + '"';
}

}  // namespace

std::span<const std::string_view> export_columns()
{
    return columns;
}

std::string csv_header()
{
    std::string out;
    for (const auto column : columns)
        out.append(out.empty() ? "" : ",").append(column);
    return out + '\n';
}

std::string csv_line(const SpendRecord& record)
{
    const auto line = line_of(record);
    std::string out;
    for (const auto& value : line.values())
        out.append(&value == line.values().data() ? "" : ",").append(csv_field(value.text));
    return out + '\n';
}

std::string json_line(const SpendRecord& record)
{
    const auto line = line_of(record);
    std::string out = "{";
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& value = line.values()[i];
        out.append(i == 0 ? "\"" : ",\"").append(columns.at(i)).append("\":");
        if (value.kind == Kind::unknown)
            out += "null";
        else
            out += value.kind == Kind::text ? json_quoted(value.text) : value.text;
    }
    return out + "}\n";
}

}  // namespace spillway::ledger
