#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::dialect {

/// Finds the ends of server-sent events in bytes that arrive cut anywhere (LF, CRLF and CR line
/// ends, CRLF split over two reads). Remembers only the few bits of state that span reads, so the
/// caller keeps the bytes. Cutting the same bytes differently never changes the boundaries.
/// Empty lines in front of an event belong to it.
class EventBoundary {
public:
    /// Scans `bytes`, which follow all bytes scanned before. Returns the offset just behind the
    /// last complete event in them, or empty when none ends here. The offset is 0 when it is the
    /// first byte here that shows that the event before it was complete (a bare CR as its end).
    [[nodiscard]] std::optional<std::size_t> last_end(std::string_view bytes);
    /// The same for the first event that ends in `bytes`; call again with the rest.
    [[nodiscard]] std::optional<std::size_t> first_end(std::string_view bytes);

private:
    enum class State : unsigned char { line, line_start, after_cr, after_blank_cr };

    [[nodiscard]] bool end_event();

    State state_ = State::line_start;
    bool event_has_bytes_ = false;
};

/// The fields of one complete event that matter; comments and others are dropped.
struct EventFields {
    /// The `data` lines joined with LF: points into the event when there is one, else into
    /// `joined`. Its `data()` is null when there is none.
    std::string_view data;
    std::string_view name;  ///< The last `event:` line; empty when there is none.
};
[[nodiscard]] EventFields read_event(std::string_view event, std::string& joined);

}  // namespace spillway::dialect
