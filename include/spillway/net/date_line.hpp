#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace spillway::net {

/// The Date line of replies (RFC 9110, 6.6.1), written anew once per second.
class DateLine {
public:
    /// "Date: Sun, 06 Nov 1994 08:49:37 GMT" and CRLF; lives until the next call.
    [[nodiscard]] std::string_view at(std::time_t now) noexcept;

private:
    std::array<char, 37> text_{};
    std::time_t written_for_ = -1;
};

}  // namespace spillway::net
