#include "usage_tally.hpp"

#include <algorithm>

namespace spillway::dialect {
namespace {

/// No answer has a billion tokens; what says so lies.
constexpr std::int64_t most_tokens = 1'000'000'000;

}  // namespace

void UsageTally::take(JsonWalker& json, Count& count)
{
    const char first = json.peek();
    if (first == 'n') {
        return;
    }
    count = {};
    const auto number =
        first == '-' || (first >= '0' && first <= '9') ? json.number() : std::nullopt;
    const auto value = number ? whole_number(*number) : std::nullopt;
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
        if (of_prompt && key.text == "cached_tokens") {
            take(json, cached_);
        } else if (of_prompt && key.text == "cache_write_tokens") {
            take(json, cache_write_);
        } else if (!of_prompt &&
                   (key.text == "reasoning_tokens" || key.text == "thinking_tokens")) {
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
        if (name == "prompt_tokens" || name == "input_tokens") {
            take(json, prompt_);
        } else if (name == "completion_tokens" || name == "output_tokens") {
            take(json, completion_);
        } else if (name == "total_tokens") {
            take(json, total_);
        } else if (name == "prompt_tokens_details" || name == "input_tokens_details") {
            read_details(json, Side::prompt);
        } else if (name == "completion_tokens_details" || name == "output_tokens_details") {
            read_details(json, Side::completion);
        } else if (name == "cache_read_input_tokens") {
            cache_beside_prompt_ = true;
            take(json, cached_);
        } else if (name == "cache_creation_input_tokens") {
            cache_beside_prompt_ = true;
            take(json, cache_write_);
        } else if (name == "prompt_cache_hit_tokens") {
            take(json, cached_);
        }
    });
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
