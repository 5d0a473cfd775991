// What a client may say about its own request, in LiteLLM's words (litellm-surface, client
// controls in the body). Read here, stripped by `plan_edits`.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "request_scan.hpp"

namespace spillway::dialect {
namespace {

using Models = std::optional<std::vector<std::string>>;

constexpr std::int64_t most_retries = 100;
constexpr double longest_timeout_s = 30.0 * 24 * 3600;

/// One entry of a fallback list: "model", {"model": "..."} or {"group": ["model", ...]}.
void read_fallback(RequestScan& scan, Models& target, std::string_view param)
{
    auto& json = scan.json;
    if (json.peek() == '"') {
        if (const auto name = json.string()) {
            target->push_back(name->text());
        }
        return;
    }
    if (json.peek() != '{') {
        scan.refuse_type(param, "an array of strings or objects");
        return;
    }
    json.object([&](const JsonKey& key) {
        if (key.text == "model" && json.peek() == '"') {
            if (const auto name = json.string()) {
                target->push_back(name->text());
            }
            return;
        }
        if (json.peek() != '[') {
            return;  // `messages` and such of a fallback with its own parameters: not supported.
        }
        const std::string group(key.text);
        json.array([&] {
            if (json.peek() == '"') {
                if (const auto name = json.string()) {
                    scan.group_fallbacks.push_back({&target, group, name->text()});
                }
            }
        });
    });
}

void read_fallbacks(RequestScan& scan, Models& target, std::string_view param)
{
    if (scan.json.peek() == 'n') {
        return;
    }
    if (scan.json.peek() != '[') {
        scan.refuse_type(param, "an array");
        return;
    }
    target.emplace();
    scan.json.array([&] { read_fallback(scan, target, param); });
}

void read_retries(RequestScan& scan)
{
    const auto value = read_whole(scan, "num_retries");
    if (!value) {
        return;
    }
    if (*value < 0) {
        scan.refuse(
            Error{Errc::invalid_request, "Invalid 'num_retries': expected a value >= 0."}.about(
                "num_retries"));
        return;
    }
    scan.facts.controls.num_retries = static_cast<int>(std::min(*value, most_retries));
}

void read_timeout(RequestScan& scan)
{
    if (scan.json.peek() == 'n') {
        return;
    }
    const auto begin = scan.json.offset();
    check_number(scan, "timeout");
    if (!scan.json.ok()) {
        return;
    }
    const auto number = scan.json.since(begin);
    double seconds = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), seconds);
    if (parsed.ec != std::errc{} || !(seconds > 0)) {
        scan.refuse(Error{Errc::invalid_request,
                          "Invalid 'timeout': expected a number of seconds greater than 0."}
                        .about("timeout"));
        return;
    }
    const double milliseconds = std::ceil(std::min(seconds, longest_timeout_s) * 1000);
    scan.facts.controls.timeout = Millis{static_cast<std::int64_t>(milliseconds)};
}

/// The flag that `key` sets; null when it is none.
bool* flag_of(chat::RequestControls& controls, std::string_view key)
{
    if (key == "disable_fallbacks") {
        return &controls.disable_fallbacks;
    }
    if (key == "mock_testing_fallbacks") {
        return &controls.mock_fallbacks;
    }
    if (key == "mock_testing_context_window_fallbacks") {
        return &controls.mock_context_window_fallbacks;
    }
    if (key == "mock_testing_content_policy_fallbacks") {
        return &controls.mock_content_policy_fallbacks;
    }
    return key == "mock_testing_rate_limit_error" ? &controls.mock_rate_limit_error : nullptr;
}

/// The list that `key` sets; null when it is none.
Models* list_of(chat::RequestControls& controls, std::string_view key)
{
    if (key == "fallbacks") {
        return &controls.fallbacks;
    }
    if (key == "context_window_fallbacks") {
        return &controls.context_window_fallbacks;
    }
    return key == "content_policy_fallbacks" ? &controls.content_policy_fallbacks : nullptr;
}

}  // namespace

bool read_control(RequestScan& scan, std::string_view key)
{
    auto& controls = scan.facts.controls;
    if (key == "metadata" || key == "litellm_metadata") {
        read_metadata(scan, key);
    } else if (key == "tags") {
        read_tags(scan);
    } else if (key == "timeout") {
        read_timeout(scan);
    } else if (key == "num_retries") {
        read_retries(scan);
    } else if (auto* list = list_of(controls, key)) {
        read_fallbacks(scan, *list, key);
    } else if (bool* flag = flag_of(controls, key)) {
        *flag = read_flag(scan, key).value_or(false);
    } else {
        return false;
    }
    return true;
}

void settle_controls(RequestScan& scan)
{
    for (auto& fallback : scan.group_fallbacks) {
        if (fallback.group == scan.facts.model || fallback.group == "*") {
            (*fallback.target)->push_back(std::move(fallback.model));
        }
    }
}

}  // namespace spillway::dialect
