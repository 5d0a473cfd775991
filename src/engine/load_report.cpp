#include "spillway/engine/load_report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "spillway/base/text.hpp"

namespace spillway::engine {

namespace {

using Json = nlohmann::json;

constexpr std::string_view metrics_path = "/metrics";
constexpr std::string_view slots_path = "/slots";
constexpr std::array llama_cpp_paths{metrics_path, slots_path};
constexpr std::array vllm_paths{metrics_path};

/// Gauges of one engine: what it works on, what waits in its own queue.
struct GaugeRow {
    std::string_view running;
    std::string_view waiting;
};
constexpr std::array gauge_rows{
    GaugeRow{"llamacpp:requests_processing", "llamacpp:requests_deferred"},
    GaugeRow{"vllm:num_requests_running", "vllm:num_requests_waiting"},
};

/// More than any engine has; a figure beyond it is none.
constexpr double most_requests = 1'000'000;

std::optional<std::uint32_t> requests(std::optional<double> value)
{
    if (!value || !(*value >= 0) || *value > most_requests)
        return std::nullopt;
    return static_cast<std::uint32_t>(std::lround(*value));
}

/// `line` behind its labels; empty when they have no end. Their values may hold blanks and braces.
std::string_view behind_labels(std::string_view line)
{
    if (!line.starts_with('{'))
        return line;
    bool quoted = false;
    for (std::size_t i = 1; i < line.size(); ++i) {
        if (quoted && line[i] == '\\')
            ++i;
        else if (line[i] == '"')
            quoted = !quoted;
        else if (line[i] == '}' && !quoted)
            return line.substr(i + 1);
    }
    return {};
}

/// The value of one line that begins with the gauge's name.
std::optional<double> value_of(std::string_view line, std::string_view name)
{
    const auto rest = line.substr(name.size());
    if (rest.empty() || (rest.front() != '{' && rest.front() != ' '))
        return std::nullopt;  // Another gauge, whose name only begins alike.
    const auto text = trimmed(behind_labels(rest));
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    return read.ec == std::errc{} && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

Result<void> read_metrics(std::string_view body, chat::ModelFacts& facts)
{
    for (const auto& row : gauge_rows) {
        const auto running = requests(gauge_in(body, row.running));
        if (!running)
            continue;
        facts.running = running;
        facts.waiting = requests(gauge_in(body, row.waiting));
        return {};
    }
    return fail(Error(Errc::upstream_bad_reply, "the answer has no gauge of an engine"));
}

/// Older servers wrote a number of state instead.
bool is_busy(const Json& slot)
{
    const auto busy = slot.find("is_processing");
    if (busy != slot.end())
        return busy->is_boolean() && busy->get<bool>();
    const auto state = slot.find("state");
    return state != slot.end() && state->is_number_integer() && state->get<std::int64_t>() != 0;
}

Result<void> read_slots(std::string_view body, chat::ModelFacts& facts)
{
    const auto answer = Json::parse(body, nullptr, false);
    const bool listed =
        answer.is_array() && !answer.empty() &&
        std::all_of(answer.begin(), answer.end(), [](const Json& row) { return row.is_object(); });
    if (!listed)
        return fail(Error(Errc::upstream_bad_reply, "the answer is no list of slots"));
    facts.slots = static_cast<std::uint32_t>(answer.size());
    facts.running =
        static_cast<std::uint32_t>(std::count_if(answer.begin(), answer.end(), is_busy));
    return {};
}

}  // namespace

std::span<const std::string_view> load_paths(Kind kind)
{
    switch (kind) {
        case Kind::llama_cpp:
            return llama_cpp_paths;
        case Kind::vllm:
            return vllm_paths;
        case Kind::ollama:
            break;
    }
    return {};
}

Result<void> read_load(std::string_view path, std::string_view body, chat::ModelFacts& facts)
{
    return path == slots_path ? read_slots(body, facts) : read_metrics(body, facts);
}

bool says_loading(int status, std::string_view body)
{
    if (status != 503)
        return false;
    const auto answer = Json::parse(body, nullptr, false);
    if (!answer.is_object())
        return false;
    const auto error = answer.find("error");
    if (error == answer.end() || !error->is_object())
        return false;
    const auto message = error->find("message");
    return message != error->end() && message->is_string() &&
           lower(message->get<std::string>()).find("loading model") != std::string::npos;
}

std::optional<double> gauge_in(std::string_view text, std::string_view name)
{
    std::optional<double> sum;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(text.size(), end + 1));
        if (!line.starts_with(name))
            continue;
        if (const auto value = value_of(line, name))
            sum = sum.value_or(0) + *value;
    }
    return sum;
}

}  // namespace spillway::engine
