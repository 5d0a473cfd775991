#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace spillway::dialect {

/// Finds the ends of server-sent events in bytes that arrive cut anywhere (LF, CRLF and CR line
/// ends, CRLF split over two reads). Remembers only the few bits of state that span reads, so the
/// caller keeps the bytes. Cutting the same bytes differently never changes the boundaries.
class EventBoundary {
public:
    /// Scans `bytes`, which follow all bytes scanned before. Returns the offset just behind the
    /// last complete event in them, or empty when none ends here.
    [[nodiscard]] std::optional<std::size_t> last_end(std::string_view bytes);
    /// The same for the first event that ends in `bytes`; call again with the rest.
    [[nodiscard]] std::optional<std::size_t> first_end(std::string_view bytes);

private:
    enum class State : unsigned char { line, line_start, after_cr, after_blank_cr } state_ = State::line_start;
    bool event_has_bytes_ = false;
};

/// One complete event's `data` lines joined with LF, comments and other fields dropped. Points
/// into `event` when there is one data line, else into `joined`.
[[nodiscard]] std::string_view event_data(std::string_view event, std::string& joined);

}  // namespace spillway::dialect
