#include "spillway/dialect/stream_meter.hpp"

#include <algorithm>
#include <array>

#include "chunk.hpp"
#include "error_words.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "usage_tally.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

constexpr std::size_t longest_model = 256;

bool ends_with(std::string_view text, std::string_view end)
{
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Events of Responses and Messages that announce something and carry none of it.
bool only_announces(std::string_view type)
{
    constexpr std::array<std::string_view, 9> quiet{"ping",
                                                    "response.created",
                                                    "response.in_progress",
                                                    "response.queued",
                                                    "response.output_item.added",
                                                    "response.content_part.added",
                                                    "message_start",
                                                    "content_block_start",
                                                    "content_block_stop"};
    return std::find(quiet.begin(), quiet.end(), type) != quiet.end();
}

/// Events after which nothing that matters follows.
bool ends_stream(std::string_view type)
{
    if (type.substr(0, 9) == "response.") {
        return type == "response.completed" || type == "response.incomplete";
    }
    return type == "message_stop" || ends_with(type, ".done") || ends_with(type, ".completed");
}

}  // namespace

struct StreamMeter::Parts {
    Endpoint endpoint = Endpoint::chat;
    bool usage_asked = false;
    bool finished = false;
    bool failed = false;
    bool speaks_known_dialect = false;
    bool saw_output = false;
    bool saw_event = false;
    std::uint64_t malformed = 0;
    std::size_t output_bytes = 0;
    std::size_t output_events = 0;
    UsageTally usage;
    chat::Failure failure;
    std::string model;
    std::string rewritten;

    [[nodiscard]] bool is_chat() const noexcept { return endpoint != Endpoint::other; }

    [[nodiscard]] EventVerdict reject()
    {
        ++malformed;
        return {EventKind::malformed, false, std::nullopt};
    }

    [[nodiscard]] EventVerdict fail(const ErrorWords& words)
    {
        if (!failed) {
            failed = true;
            failure = failure_of(words, 0, std::nullopt);
            failure.answered = true;
        }
        return {EventKind::failure, true, std::nullopt};
    }

    [[nodiscard]] std::optional<Chunk> read(std::string_view data);
    [[nodiscard]] EventVerdict judge(const Chunk& chunk);
    [[nodiscard]] EventKind kind_of(const Chunk& chunk);
    void remember(const Chunk& chunk);
    void cut_usage(std::string_view event, std::string_view data, const Chunk& chunk,
                   EventVerdict& verdict);
};

/// The chunk in `data`; nothing when it is not one JSON object. Its views live in the thread's
/// index.
std::optional<Chunk> StreamMeter::Parts::read(std::string_view data)
{
    // Every event is parsed: a scan for a few words would be no cheaper than simdjson, could be
    // fooled, and would let malformed ones through.
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(data);
    if (index.scan(text) != JsonFault::none || text[index.tokens().front()] != '{') {
        return std::nullopt;
    }
    JsonWalker json(text, index.tokens());
    auto tally = usage;
    auto chunk = read_chunk(json, tally, Output::counted);
    if (!json.finish()) {
        return std::nullopt;
    }
    usage = tally;
    return chunk;
}

void StreamMeter::Parts::remember(const Chunk& chunk)
{
    saw_event = true;
    output_bytes += chunk.output_bytes;
    output_events += chunk.output_bytes > 0 ? 1 : 0;
    saw_output = saw_output || chunk.has_output;
    if (model.empty() && !chunk.model.empty()) {
        model = printable(chunk.model, longest_model);
    }
}

EventKind StreamMeter::Parts::kind_of(const Chunk& chunk)
{
    const bool is_event = !is_chat() && !chunk.type.empty();
    speaks_known_dialect =
        speaks_known_dialect || is_event || chunk.choices != Chunk::Choices::none;
    if (is_event) {
        if (ends_stream(chunk.type)) {
            finished = true;
            return EventKind::done;
        }
        finished = finished || !chunk.finish_reason.empty();
        return only_announces(chunk.type) ? EventKind::idle : EventKind::meaningful;
    }
    if (!chunk.finish_reason.empty()) {
        finished = true;
        return EventKind::meaningful;
    }
    const bool stranger = !is_chat() && chunk.choices == Chunk::Choices::none;
    return chunk.has_output || stranger ? EventKind::meaningful : EventKind::idle;
}

EventVerdict StreamMeter::Parts::judge(const Chunk& chunk)
{
    remember(chunk);
    if (chunk.error) {
        return fail(*chunk.error);
    }
    if (chunk.type == "response.failed" || (chunk.finish_reason == "error" && is_chat())) {
        return fail({});
    }
    EventVerdict verdict{kind_of(chunk), true, std::nullopt};
    if (is_chat()) {
        const bool usage_only =
            chunk.choices == Chunk::Choices::empty && chunk.usage == Chunk::Report::tokens;
        // Chat clients take any data for a chunk and fail on one without choices (wire.md 7).
        const bool ping = chunk.choices == Chunk::Choices::none && chunk.type == "ping";
        verdict.relay = !(usage_only && !usage_asked) && !ping;
    }
    return verdict;
}

/// Takes `"usage":null` out of the bytes when only our asking put it there.
void StreamMeter::Parts::cut_usage(std::string_view event, std::string_view data,
                                   const Chunk& chunk, EventVerdict& verdict)
{
    const bool unasked = is_chat() && !usage_asked && chunk.usage == Chunk::Report::null;
    const bool in_one_line =
        data.data() >= event.data() && data.data() < event.data() + event.size();
    if (!unasked || !in_one_line || !verdict.relay) {
        return;
    }
    const auto before =
        static_cast<std::size_t>(data.data() - event.data()) + chunk.usage_cut.offset;
    rewritten.assign(event.substr(0, before));
    rewritten.append(event.substr(before + chunk.usage_cut.length));
    verdict.rewritten = rewritten;
}

StreamMeter::StreamMeter(chat::Endpoint endpoint, bool usage_asked_by_client)
    : parts_(std::make_unique<Parts>())
{
    parts_->endpoint = endpoint;
    parts_->usage_asked = usage_asked_by_client;
}

StreamMeter::~StreamMeter() = default;
StreamMeter::StreamMeter(StreamMeter&&) noexcept = default;
StreamMeter& StreamMeter::operator=(StreamMeter&&) noexcept = default;

EventVerdict StreamMeter::see(std::string_view event)
{
    std::string joined;
    const auto [data, name] = read_event(event, joined);
    if (data.data() == nullptr) {
        return {};
    }
    if (trimmed(data) == "[DONE]") {
        parts_->finished = true;
        return {EventKind::done, true, std::nullopt};
    }
    EventVerdict verdict;
    const auto chunk = parts_->read(data);
    if (chunk) {
        verdict = parts_->judge(*chunk);
        parts_->cut_usage(event, data, *chunk, verdict);
    }
    JsonIndex::of_this_thread().shrink();
    const bool named_error = name == "error";
    if (chunk && (verdict.kind == EventKind::failure || !named_error)) {
        return verdict;
    }
    // Words without `error` around them, plain text, or Gemini's array.
    const auto words = read_error_body(data);
    const bool is_error = named_error || (data.front() == '[' && !words.message.empty());
    return is_error ? parts_->fail(words) : parts_->reject();
}

bool StreamMeter::ended_properly() const
{
    const bool end_unknown =
        !parts_->is_chat() && !parts_->speaks_known_dialect && parts_->saw_event;
    return !parts_->failed && (parts_->finished || end_unknown);
}

chat::Usage StreamMeter::usage(Tokens prompt_estimate) const
{
    if (!parts_->usage.reported() && !parts_->saw_event) {
        return {};
    }
    // A token is about four bytes, and no event carries less than one.
    const auto by_events = Tokens{static_cast<std::int64_t>(parts_->output_events)};
    const auto completion = std::max(estimate_tokens(parts_->output_bytes), by_events);
    auto usage = parts_->usage.settle(prompt_estimate, completion, parts_->endpoint);
    if (!parts_->finished && completion > usage.completion) {
        // Messages reports a first few tokens at the start; a cut stream never gets to the rest.
        usage.completion = completion;
        usage.source = chat::UsageSource::estimated;
    }
    return usage;
}

chat::EngineFacts StreamMeter::engine() const
{
    return parts_->usage.engine();
}

const chat::Failure& StreamMeter::failure() const
{
    return parts_->failure;
}

std::uint64_t StreamMeter::malformed() const
{
    return parts_->malformed;
}

bool StreamMeter::saw_output() const
{
    return parts_->saw_output;
}

std::string_view StreamMeter::model() const
{
    return parts_->model;
}

}  // namespace spillway::dialect
