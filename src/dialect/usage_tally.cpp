#include "usage_tally.hpp"

#include <algorithm>
#include <charconv>

#include "json_scalar.hpp"

namespace spillway::dialect {
namespace {

/// No answer has a billion tokens; what says so lies.
constexpr std::int64_t most_tokens = 1'000'000'000;

/// No request takes a day; what says so lies.
constexpr double most_milliseconds = 86'400'000;

/// Milliseconds with a fraction, as they come next; empty for what is none, or negative.
std::optional<std::chrono::nanoseconds> milliseconds_at(JsonWalker& json)
{
    const char first = json.peek();
    if (first != '-' && !is_digit(first)) {
        return std::nullopt;
    }
    const auto number = json.number();
    if (!number) {
        return std::nullopt;
    }
    double value = -1;
    const auto* const end = number->data() + number->size();
    const auto read = std::from_chars(number->data(), end, value);
    if (read.ec != std::errc{} || !(value >= 0 && value < most_milliseconds)) {
        return std::nullopt;
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(value * 1e6));
}

}  // namespace

void UsageTally::take(JsonWalker& json, Count& count)
{
    const char first = json.peek();
    if (first == 'n') {
        return;
    }
    count = {};
    auto value = json.plain_number();
    if (!value && (first == '-' || is_digit(first))) {
        const auto number = json.number();
        value = number ? whole_number(*number) : std::nullopt;
    }
    count.nonsense = !value || *value < 0 || *value > most_tokens;
    if (!count.nonsense) {
        count.value = value;
    }
}

void UsageTally::read_details(JsonWalker& json, Side side)
{
    if (json.peek() != '{') {
        return;
    }
    const bool of_prompt = side == Side::prompt;
    json.object([&](const JsonKey& key) {
        if (of_prompt && is(key.text, "cached_tokens")) {
            take(json, cached_);
        } else if (of_prompt && is(key.text, "cache_write_tokens")) {
            take(json, cache_write_);
        } else if (!of_prompt &&
                   (is(key.text, "reasoning_tokens") || is(key.text, "thinking_tokens"))) {
            take(json, reasoning_);
        }
    });
}

void UsageTally::read(JsonWalker& json)
{
    if (json.peek() != '{') {
        return;
    }
    reported_ = true;
    json.object([&](const JsonKey& key) {
        const auto name = key.text;
        if (is(name, "prompt_tokens") || is(name, "input_tokens")) {
            take(json, prompt_);
        } else if (is(name, "completion_tokens") || is(name, "output_tokens")) {
            take(json, completion_);
        } else if (is(name, "total_tokens")) {
            take(json, total_);
        } else if (is(name, "prompt_tokens_details") || is(name, "input_tokens_details")) {
            read_details(json, Side::prompt);
        } else if (is(name, "completion_tokens_details") || is(name, "output_tokens_details")) {
            read_details(json, Side::completion);
        } else if (is(name, "cache_read_input_tokens")) {
            cache_beside_prompt_ = true;
            take(json, cached_);
        } else if (is(name, "cache_creation_input_tokens")) {
            cache_beside_prompt_ = true;
            take(json, cache_write_);
        } else if (is(name, "prompt_cache_hit_tokens")) {
            take(json, cached_);
        }
    });
}

void UsageTally::read_timings(JsonWalker& json)
{
    if (json.peek() != '{') {
        return;
    }
    json.object([&](const JsonKey& key) {
        const auto name = key.text;
        if (is(name, "prompt_n")) {
            take(json, evaluated_);
        } else if (is(name, "cache_n") && !cached_.value) {
            take(json, cached_);
        } else if (is(name, "prompt_ms")) {
            prefill_ = milliseconds_at(json);
        } else if (is(name, "predicted_ms")) {
            decode_ = milliseconds_at(json);
        }
    });
}

chat::EngineFacts UsageTally::engine() const
{
    chat::EngineFacts facts;
    facts.prefill = prefill_;
    facts.decode = decode_;
    if (evaluated_.value) {
        facts.evaluated = Tokens{*evaluated_.value};
    }
    return facts;
}

chat::Usage UsageTally::settle(Tokens prompt_estimate, Tokens completion_estimate,
                               chat::Endpoint endpoint) const
{
    bool believed = reported_;
    auto prompt = prompt_.value.value_or(0);
    auto cached = cached_.value.value_or(0);
    auto cache_write = cache_write_.value.value_or(0);
    if (cache_beside_prompt_) {
        prompt += cached + cache_write;
    }
    if (!prompt_.value) {
        believed = false;
        prompt = count(prompt_estimate);
    }
    auto completion = completion_.value.value_or(0);
    if (!completion_.value && !completion_.nonsense && prompt_.value && total_.value &&
        *total_.value >= prompt) {
        completion = *total_.value - prompt;
    } else if (!completion_.value &&
               (completion_.nonsense || endpoint != chat::Endpoint::embeddings)) {
        believed = false;
        completion = count(completion_estimate);
    }
    const auto said_reasoning = reasoning_.value.value_or(0);
    if (said_reasoning > 0 && total_.value == prompt + completion + said_reasoning) {
        completion += said_reasoning;  // xAI counts it beside the completion.
    }
    // Parts cannot be more than the whole they are part of.
    const bool parts_fit =
        cached <= prompt && cache_write <= prompt - cached && said_reasoning <= completion;
    believed = believed && parts_fit && !cached_.nonsense && !cache_write_.nonsense &&
               !reasoning_.nonsense;
    cached = std::min(cached, prompt);
    cache_write = std::min(cache_write, prompt - cached);
    const auto reasoning = std::min(said_reasoning, completion);
    return {Tokens{prompt},    Tokens{completion},
            Tokens{cached},    Tokens{cache_write},
            Tokens{reasoning}, believed ? chat::UsageSource::exact : chat::UsageSource::estimated};
}

}  // namespace spillway::dialect
