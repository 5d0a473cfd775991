#include "spillway/dialect/event_stream.hpp"

#include <algorithm>

namespace spillway::dialect {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The first CR or LF at or behind `from`; the size when there is none.
std::size_t line_end(std::string_view bytes, std::size_t from)
{
    const auto line_feed = bytes.find('\n', from);
    const auto until = line_feed == std::string_view::npos ? bytes.size() : line_feed;
    const auto carriage_return = bytes.substr(0, until).find('\r', from);
    return carriage_return == std::string_view::npos ? until : carriage_return;
}

/// Takes the first line off `rest`, without its end.
std::string_view take_line(std::string_view& rest)
{
    const auto end = line_end(rest, 0);
    const auto line = rest.substr(0, end);
    const bool crlf = rest.substr(end, 2) == "\r\n";
    rest.remove_prefix(std::min(rest.size(), end + (crlf ? 2 : 1)));
    return line;
}

/// The value of `line` when it is a line of `field`; its `data()` is null otherwise.
std::string_view field_value(std::string_view line, std::string_view field)
{
    if (line.substr(0, field.size()) != field) {
        return {};
    }
    auto value = line.substr(field.size());
    if (value.empty()) {
        return value;
    }
    if (value.front() != ':') {
        return {};
    }
    value.remove_prefix(1);
    if (!value.empty() && value.front() == ' ') {
        value.remove_prefix(1);
    }
    return value;
}

std::string_view without_mark(std::string_view event)
{
    return event.substr(0, 3) == byte_order_mark ? event.substr(3) : event;
}

}  // namespace

bool EventBoundary::end_event()
{
    state_ = State::line_start;
    const bool ended = event_has_bytes_;
    event_has_bytes_ = false;
    return ended;
}

std::optional<std::size_t> EventBoundary::first_end(std::string_view bytes)
{
    for (std::size_t at = 0; at < bytes.size();) {
        if (state_ == State::line) {
            at = line_end(bytes, at);
            if (at == bytes.size()) {
                return std::nullopt;
            }
            state_ = bytes[at] == '\r' ? State::after_cr : State::line_start;
            ++at;
            continue;
        }
        const char c = bytes[at];
        if (state_ == State::after_blank_cr) {
            // The LF of a CRLF belongs to the event; anything else begins the next one.
            at += c == '\n' ? 1 : 0;
            if (end_event()) {
                return at;
            }
            continue;
        }
        if (c != '\r' && c != '\n') {
            event_has_bytes_ = true;
            state_ = State::line;
            continue;
        }
        ++at;
        if (c == '\n' && state_ == State::after_cr) {
            state_ = State::line_start;
        } else if (c == '\r' && state_ == State::line_start && event_has_bytes_) {
            // The stream's lines end in LF, so an LF is likely to follow: wait for it.
            state_ = State::after_blank_cr;
        } else if (end_event()) {
            return at;
        }
    }
    return std::nullopt;
}

std::optional<std::size_t> EventBoundary::last_end(std::string_view bytes)
{
    std::optional<std::size_t> last;
    std::size_t done = 0;
    while (const auto end = first_end(bytes.substr(done))) {
        done += *end;
        last = done;
    }
    return last;
}

EventFields read_event(std::string_view event, std::string& joined)
{
    auto rest = without_mark(event);
    EventFields fields;
    std::size_t lines = 0;
    while (!rest.empty()) {
        const auto line = take_line(rest);
        if (line.empty()) {
            continue;
        }
        if (line.front() == 'e') {
            const auto name = field_value(line, "event");
            fields.name = name.data() == nullptr ? fields.name : name;
            continue;
        }
        const auto value = field_value(line, "data");
        if (value.data() == nullptr) {
            continue;
        }
        ++lines;
        if (lines == 1) {
            fields.data = value;
            continue;
        }
        if (lines == 2) {
            joined.assign(fields.data);
        }
        joined.append("\n").append(value);
    }
    if (lines > 1) {
        fields.data = joined;
    }
    return fields;
}

}  // namespace spillway::dialect
