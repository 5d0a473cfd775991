#include "chunk.hpp"
#include "error_words.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "usage_tally.hpp"

namespace spillway::dialect {

AnswerFacts read_answer(std::string_view body, chat::Endpoint endpoint, Tokens prompt_estimate)
{
    AnswerFacts facts;
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(body);
    if (index.scan(text) != JsonFault::none || text[index.tokens().front()] != '{') {
        index.shrink();
        return facts;
    }
    UsageTally tally;
    JsonWalker json(text, index.tokens());
    const auto chunk = read_chunk(json, tally);
    const bool whole = json.finish();
    index.shrink();
    if (!whole) {
        return facts;
    }
    facts.finish_reason = chunk.finish_reason;
    if (chunk.error || chunk.finish_reason == "error") {
        facts.failure = failure_of(chunk.error.value_or(ErrorWords{}), 0, std::nullopt);
    }
    // Answers of other APIs need not have tokens at all.
    if (tally.reported() || (endpoint != chat::Endpoint::other && !facts.failure)) {
        facts.usage = tally.settle(prompt_estimate, estimate_tokens(chunk.output_bytes), endpoint);
    }
    return facts;
}

}  // namespace spillway::dialect
