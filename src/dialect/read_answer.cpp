#include <utility>

#include "chunk.hpp"
#include "error_words.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "usage_tally.hpp"

namespace spillway::dialect {
namespace {

/// Goes through the answer `text`, which `index` scanned. Nothing when it is not one JSON value.
std::optional<AnswerFacts> go_through(std::string_view text, const JsonIndex& index, Output output,
                                      chat::Endpoint endpoint, Tokens prompt_estimate)
{
    UsageTally tally;
    JsonWalker json(text, index.tokens());
    auto chunk = read_chunk(json, tally, output);
    if (!json.finish()) {
        return std::nullopt;
    }
    std::optional<AnswerFacts> facts(std::in_place);
    if (chunk.error || chunk.finish_reason == "error") {
        facts->failure = failure_of(chunk.error.value_or(ErrorWords{}), 0, std::nullopt);
        facts->failure->answered = true;
    }
    facts->engine = tally.engine();
    facts->finish_reason = std::move(chunk.finish_reason);
    // Answers of other APIs need not have tokens at all.
    if (tally.reported() || (endpoint != chat::Endpoint::other && !facts->failure)) {
        facts->usage = tally.settle(prompt_estimate, estimate_tokens(chunk.output_bytes), endpoint);
    }
    return facts;
}

}  // namespace

AnswerFacts read_answer(std::string_view body, chat::Endpoint endpoint, Tokens prompt_estimate)
{
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(body);
    std::optional<AnswerFacts> facts;
    if (index.scan(text) == JsonFault::none && text[index.tokens().front()] == '{') {
        facts = go_through(text, index, Output::passed_over, endpoint, prompt_estimate);
        // Only when the answer itself does not say how long it is, its text has to be counted.
        if (facts && facts->usage.source == chat::UsageSource::estimated) {
            facts = go_through(text, index, Output::counted, endpoint, prompt_estimate);
        }
    }
    index.shrink();
    return facts ? *std::move(facts) : AnswerFacts{};
}

}  // namespace spillway::dialect
