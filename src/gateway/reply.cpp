#include "spillway/gateway/reply.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/front.hpp"

namespace spillway::gateway {

void add_cors(net::HeaderLines& lines, const config::Server& server, std::string_view origin)
{
    if (origin.empty())
        return;
    const auto& allowed = server.cors_origins;
    if (std::find(allowed.begin(), allowed.end(), "*") != allowed.end()) {
        lines.add("access-control-allow-origin", "*");
    } else if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) {
        lines.add("access-control-allow-origin", origin);
        lines.add("vary", "origin");
    } else {
        return;
    }
    // No credentials are allowed, so "*" means every header (Fetch standard, CORS protocol).
    lines.add("access-control-expose-headers", "*");
}

void add_error_headers(net::HeaderLines& lines, const Error& error)
{
    const auto wait = error.retry_after();
    if (wait)
        lines.add("retry-after", std::max<std::int64_t>(1, (wait->count() + 999) / 1000));
    // Of our own limits nothing was tried yet, and the time is known: an SDK should wait and retry.
    const bool own_limit = error.code() == Errc::rate_limited && wait;
    if (own_limit)
        lines.add("retry-after-ms", std::max<std::int64_t>(1, wait->count()));
    lines.add("x-should-retry", own_limit ? "true" : "false");
}

net::HeaderLines error_headers(const Arrival& arrival, const Error& error)
{
    net::HeaderLines lines;
    const auto id = arrival.id.text();
    lines.add("content-type", "application/json");
    lines.add("x-spillway-call-id", id).add("x-litellm-call-id", id);
    add_error_headers(lines, error);
    add_cors(lines, arrival.snapshot->config.server, arrival.origin);
    return lines;
}

net::Task<void> reply_error(net::Exchange& exchange, const Snapshot& snapshot, Error error,
                            std::string allowed)
{
    net::HeaderLines lines;
    lines.add("content-type", "application/json");
    add_error_headers(lines, error);
    if (error.code() == Errc::unauthenticated)
        lines.add("www-authenticate", "Bearer");
    if (error.code() == Errc::method_not_allowed)
        lines.add("allow", allowed.empty() ? allowed_methods(exchange.head().path) : allowed);
    add_cors(lines, snapshot.config.server, exchange.head().fields["origin"]);
    const auto body = is_ollama_path(exchange.head().path) ? dialect::ollama_error(error.message())
                                                           : dialect::error_body(error);
    (void)co_await exchange.reply(describe(error.code()).status, lines, body);
}

net::Task<void> reply_whole(net::Exchange& exchange, const Snapshot& snapshot, int status,
                            std::string_view content_type, std::string body)
{
    net::HeaderLines lines;
    lines.add("content-type", content_type);
    add_cors(lines, snapshot.config.server, exchange.head().fields["origin"]);
    (void)co_await exchange.reply(status, lines, body);
}

net::Refusal refuse_head(const Error& error)
{
    return {describe(error.code()).status, dialect::error_body(error)};
}

net::Task<void> reply_preflight(net::Exchange& exchange, std::shared_ptr<const Snapshot> snapshot)
{
    const auto& fields = exchange.head().fields;
    net::HeaderLines lines;
    add_cors(lines, snapshot->config.server, fields["origin"]);
    lines.add("access-control-allow-methods", "GET, POST, DELETE, OPTIONS, HEAD");
    // "*" would not cover Authorization, so what was asked for is granted by name.
    const auto asked = fields["access-control-request-headers"];
    lines.add("access-control-allow-headers",
              asked.empty() ? std::string_view{"authorization, content-type"} : asked);
    lines.add("access-control-max-age", "600");
    (void)co_await exchange.reply(204, lines, {});
}

}  // namespace spillway::gateway
