#include "spillway/dialect/ollama_front_stream.hpp"

#include <utility>

#include "ollama_front_words.hpp"
#include "spillway/dialect/event_stream.hpp"

namespace spillway::dialect {

struct OllamaFrontStream::Parts {
    explicit Parts(OllamaStyle given) : style(std::move(given)) {}

    void take_event(std::string_view event, WallTime now);
    void say(const Spoken& spoken, WallTime now);
    void break_off(std::string_view message);

    OllamaStyle style;
    ToolCalls calls;
    OllamaMeasures reported;
    std::string finish;
    std::string lines;
    bool broken = false;
};

void OllamaFrontStream::Parts::break_off(std::string_view message)
{
    broken = true;
    lines.append(ollama_error(message)).append("\n");
}

void OllamaFrontStream::Parts::say(const Spoken& spoken, WallTime now)
{
    const bool ends = !spoken.finish.empty();
    const bool thought = !spoken.thinking.empty() && style.thinking == OllamaThinking::shown;
    const bool calls_come = ends && !calls.empty();
    if (ends)
        finish = spoken.finish;
    if (spoken.content.empty() && !thought && !calls_come && spoken.logprobs.empty())
        return;
    ToolCalls none;
    lines.append(begin_line(style, now));
    add_spoken(lines, style, spoken, ends ? calls : none);
    lines.append(",\"done\":false}\n");
}

void OllamaFrontStream::Parts::take_event(std::string_view event, WallTime now)
{
    std::string joined;
    const auto fields = read_event(event, joined);
    if (fields.data.empty() || fields.data == "[DONE]")
        return;
    Spoken spoken;
    {
        auto& index = JsonIndex::of_this_thread();
        const auto text = index.copy(fields.data);
        if (index.scan(text) != JsonFault::none)
            return;
        JsonWalker json(text, index.tokens());
        spoken = read_spoken(json, calls, reported);
        if (!json.finish())
            return;
    }
    if (spoken.failed || spoken.too_large)
        return break_off(spoken.too_large       ? "the tool calls of the answer are too large"
                         : spoken.error.empty() ? "the answer broke off"
                                                : std::string_view(spoken.error));
    say(spoken, now);
}

OllamaFrontStream::OllamaFrontStream(OllamaStyle style)
    : parts_(std::make_unique<Parts>(std::move(style)))
{}
OllamaFrontStream::~OllamaFrontStream() = default;
OllamaFrontStream::OllamaFrontStream(OllamaFrontStream&&) noexcept = default;
OllamaFrontStream& OllamaFrontStream::operator=(OllamaFrontStream&&) noexcept = default;

std::string_view OllamaFrontStream::take(std::string_view events, WallTime now)
{
    parts_->lines.clear();
    EventBoundary boundary;
    while (!events.empty() && !parts_->broken) {
        const auto end = boundary.first_end(events);
        // The last event of a stream may lack its blank line.
        const auto event = events.substr(0, end && *end > 0 ? *end : events.size());
        events.remove_prefix(event.size());
        parts_->take_event(event, now);
    }
    return parts_->lines;
}

std::string_view OllamaFrontStream::finish(const OllamaMeasures& measures, WallTime now)
{
    auto& parts = *parts_;
    parts.lines.clear();
    if (parts.broken)
        return parts.lines;
    complete_measures(parts.reported, measures);
    parts.lines = begin_line(parts.style, now);
    add_spoken(parts.lines, parts.style, {}, parts.calls);
    end_line(parts.lines, parts.finish, parts.reported);
    parts.lines.append("\n");
    return parts.lines;
}

const OllamaStyle& OllamaFrontStream::style() const noexcept
{
    return parts_->style;
}

}  // namespace spillway::dialect
