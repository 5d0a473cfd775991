#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

/// What a provider says about a failure, whatever shape it says it in.
struct ErrorWords {
    std::string message;
    std::string type;  ///< `type` or, from Google, `status`.
    std::string code;  ///< Numbers as their digits.
    std::string param;
    std::optional<Millis> retry_after;  ///< Google's RetryInfo.
};

/// Reads the value of an `error` member: an object or a string. Nothing when it is null, false or
/// anything else that says "no error".
[[nodiscard]] std::optional<ErrorWords> read_error_value(JsonWalker& json);

/// Takes one member of an error object; leaves what it does not know.
void read_error_member(JsonWalker& json, const JsonKey& key, ErrorWords& words);

/// The words of a non-2xx body: any JSON shape of wire.md 5 and 7, HTML or plain text.
[[nodiscard]] ErrorWords read_error_body(std::string_view body);

/// What the words mean. @param status  The HTTP status, or 0 inside a stream that began with 200.
[[nodiscard]] chat::Failure failure_of(const ErrorWords& words, int status,
                                       std::optional<Millis> retry_after);

}  // namespace spillway::dialect
