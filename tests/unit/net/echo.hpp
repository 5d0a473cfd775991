#pragma once

#include <string>
#include <string_view>

#include "spillway/net/exchange.hpp"

/// A handler that answers with what it was asked, and the requests that tests send to it.
namespace spillway::net::testing {

/// Answers with target and body, or with the name of what was wrong with the body.
inline Task<void> echo(Exchange& exchange)
{
    const std::string target{exchange.head().target};
    auto body = co_await exchange.read_body();
    HeaderLines headers;
    headers.add("Content-Type", "text/plain");
    if (!body) {
        const std::string name{describe(body.error().code()).name};
        (void)co_await exchange.reply(describe(body.error().code()).status, headers, name);
        co_return;
    }
    const std::string text = target + "|" + std::string{*body};
    (void)co_await exchange.reply(200, headers, text);
}

inline std::string get(std::string_view target, std::string_view extra = "")
{
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n" + std::string{extra} + "\r\n";
}

inline std::string post(std::string_view body, std::string_view extra = "")
{
    return "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string{extra} + "\r\n" + std::string{body};
}

inline std::string chunked(std::string_view body)
{
    return "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body};
}

}  // namespace spillway::net::testing
