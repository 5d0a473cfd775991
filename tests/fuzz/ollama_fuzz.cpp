#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json_check.hpp"
#include "require.hpp"
#include "spillway/dialect/dialect.hpp"

namespace {

using namespace spillway;
using namespace spillway::dialect;

AnswerFrame frame()
{
    return {"chatcmpl-fuzz", 1, Tokens{3}};
}

std::string events_of(std::string_view stream, std::size_t piece, StreamForm form)
{
    auto wanted = frame();
    wanted.hands_context = form == StreamForm::completion;
    OllamaStream reader(wanted, form);
    std::string events;
    while (!stream.empty()) {
        events += reader.feed(stream.substr(0, piece));
        stream.remove_prefix(std::min(piece, stream.size()));
    }
    events += reader.finish();
    return events;
}

/// Every event is one line of data, JSON unless it says that the upstream's was none.
void check_events(std::string_view events, chat::Endpoint endpoint)
{
    StreamMeter meter(endpoint, true);
    EventBoundary boundary;
    std::string joined;
    while (const auto end = boundary.first_end(events)) {
        const auto event = events.substr(0, *end);
        events.remove_prefix(*end);
        const auto data = read_event(event, joined).data;
        require(data == "?" || data == "[DONE]" || is_json(data));
        (void)meter.see(event);
    }
    require(events.empty());
}

}  // namespace

/// Cutting an Ollama's stream differently never changes its events, and whatever it says, what
/// comes of it is well-formed; the same holds for requests and whole answers.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    for (const auto form : {StreamForm::chat, StreamForm::completion}) {
        const auto events = events_of(text, size, form);
        require(events_of(text, 1, form) == events);
        require(events_of(text, 2 + bytes[0] % 13U, form) == events);
        check_events(events,
                     form == StreamForm::chat ? chat::Endpoint::chat : chat::Endpoint::completions);
    }
    if (const auto request = ollama_chat_request(text, {}, Tokens{1})) {
        require(is_json(request->body));
    }
    if (const auto request = ollama_generate_request(text, {}, Tokens{1})) {
        require(is_json(request->body));
    }
    if (const auto request = ollama_embed_request(text, {}, std::nullopt)) {
        require(is_json(request->body));
    }
    if (const auto answer = openai_chat_answer(text, frame())) {
        require(is_json(answer->body));
    }
    if (const auto answer = openai_completion_answer(text, frame())) {
        require(is_json(answer->body));
    }
    if (const auto answer = openai_embeddings_answer(text, frame())) {
        require(is_json(answer->body));
    }
    return 0;
}
