#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "spillway/base/error_code.hpp"

namespace spillway {

/// An expected failure: bad input, a limit, a sick provider. Broken invariants assert instead.
class Error {
public:
    Error(Errc code, std::string message) : code_(code), message_(std::move(message)) {}

    [[nodiscard]] Errc code() const noexcept { return code_; }
    [[nodiscard]] Origin origin() const noexcept { return describe(code_).origin; }
    [[nodiscard]] const std::string& message() const noexcept { return message_; }

    /// Time after which the same request may succeed; empty when waiting cannot help.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept
    {
        return retry_after_;
    }
    [[nodiscard]] Error retry_in(std::chrono::milliseconds wait) &&
    {
        retry_after_ = wait;
        return std::move(*this);
    }

    /// The request field at fault (`param` of OpenAI's error body); empty when none is.
    [[nodiscard]] const std::string& param() const noexcept { return param_; }
    [[nodiscard]] Error about(std::string param) &&
    {
        param_ = std::move(param);
        return std::move(*this);
    }

    /// The same error, one step further out: `within("routes[3].model")` prefixes the message.
    [[nodiscard]] Error within(std::string_view where) &&
    {
        message_.insert(0, std::string(where) + ": ");
        return std::move(*this);
    }

private:
    Errc code_;
    std::optional<std::chrono::milliseconds> retry_after_;
    std::string message_;
    std::string param_;
};

/// A value, or the reason there is none. Becomes `std::expected` the day we leave GCC 12.
template <class T>
using Result = tl::expected<T, Error>;

/// Reads well at a return: `return fail(Errc::unknown_model, "no group named 'gpt-9'");`
[[nodiscard]] inline tl::unexpected<Error> fail(Errc code, std::string message)
{
    return tl::make_unexpected(Error{code, std::move(message)});
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error error)
{
    return tl::make_unexpected(std::move(error));
}

}  // namespace spillway
