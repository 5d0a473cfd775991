#include "spillway/base/error_code.hpp"

#include <array>
#include <cstddef>

namespace spillway {
namespace {

constexpr std::string_view invalid_request = "invalid_request_error";
constexpr std::string_view rate_limit = "rate_limit_error";
constexpr std::string_view upstream = "upstream_error";
constexpr std::string_view server = "server_error";

// Codes and types are OpenAI's words where it has some (wire facts 1.5); SDKs and apps match them.
constexpr std::array rows{
    ErrorRow{Errc::bad_http, "bad_http", Origin::client, 400, invalid_request,
             "The request is not HTTP/1.1 in a form that a proxy may accept."},
    ErrorRow{Errc::head_too_large, "head_too_large", Origin::client, 431, invalid_request,
             "The request line and headers exceed the limit."},
    ErrorRow{Errc::body_too_large, "body_too_large", Origin::client, 413, invalid_request,
             "The request body exceeds the limit, before or after decompression."},
    ErrorRow{Errc::slow_request, "slow_request", Origin::client, 408, invalid_request,
             "The request did not arrive within its deadline."},
    ErrorRow{Errc::unsupported_encoding, "unsupported_encoding", Origin::client, 415,
             invalid_request, "The Content-Encoding is not one of gzip, zstd and identity."},
    ErrorRow{Errc::bad_encoding, "bad_encoding", Origin::client, 400, invalid_request,
             "The compressed body does not decode."},
    ErrorRow{Errc::invalid_json, "invalid_json", Origin::client, 400, invalid_request,
             "The body is not valid JSON."},
    ErrorRow{Errc::duplicate_key, "duplicate_key", Origin::client, 400, invalid_request,
             "A key appears twice where two readers could pick different values."},
    ErrorRow{Errc::invalid_request, "invalid_request", Origin::client, 400, invalid_request,
             "The request has a wrong or missing value."},
    ErrorRow{Errc::missing_model, "missing_model", Origin::client, 400, invalid_request,
             "The request names no model."},
    ErrorRow{Errc::unknown_model, "model_not_found", Origin::client, 404, invalid_request,
             "No model of this name is served here."},
    ErrorRow{Errc::unknown_path, "unknown_url", Origin::client, 404, invalid_request,
             "Nothing is served at this path."},
    ErrorRow{Errc::method_not_allowed, "method_not_supported", Origin::client, 405, invalid_request,
             "The path exists, but not for this method."},
    ErrorRow{Errc::unauthenticated, "invalid_api_key", Origin::client, 401, invalid_request,
             "No valid API key was given."},
    ErrorRow{Errc::expired_key, "expired_key", Origin::client, 401, "expired_key",
             "The API key was good until a moment that has passed."},
    ErrorRow{Errc::key_model_denied, "key_model_access_denied", Origin::client, 401,
             "key_model_access_denied", "The key may not use this model."},
    ErrorRow{Errc::team_model_denied, "team_model_access_denied", Origin::client, 401,
             "team_model_access_denied", "The key's team may not use this model."},
    ErrorRow{Errc::user_model_denied, "user_model_access_denied", Origin::client, 401,
             "user_model_access_denied", "The key's user may not use this model."},
    ErrorRow{Errc::forbidden, "forbidden", Origin::client, 403, invalid_request,
             "The key may not do this."},
    ErrorRow{Errc::unknown_record, "not_found", Origin::client, 404, "not_found_error",
             "There is no key, team, user, customer, budget or tag of this name."},
    ErrorRow{Errc::changed_meanwhile, "changed_meanwhile", Origin::client, 409, invalid_request,
             "Somebody else changed the record since it was read; read it again."},
    ErrorRow{Errc::context_window_exceeded, "context_length_exceeded", Origin::client, 400,
             invalid_request, "The prompt does not fit the model's context window."},
    ErrorRow{Errc::content_policy, "content_policy_violation", Origin::client, 400, invalid_request,
             "The provider's content filter refused the request."},
    ErrorRow{Errc::not_translatable, "not_translatable", Origin::client, 400, invalid_request,
             "The deployment's dialect has no way to say what was asked."},
    ErrorRow{Errc::unsupported_content, "unsupported_content", Origin::client, 400, invalid_request,
             "No deployment of the route supports what the request needs."},
    ErrorRow{Errc::cost_ceiling, "cost_ceiling", Origin::client, 400, invalid_request,
             "Every deployment may cost more than the request's ceiling allows."},
    ErrorRow{Errc::budget_exceeded, "budget_exceeded", Origin::client, 429, "budget_exceeded",
             "A budget that pays for the request has not enough left for its worst case."},
    ErrorRow{Errc::rate_limited, "rate_limit_exceeded", Origin::client, 429, rate_limit,
             "A limit of requests or tokens per minute, or of parallel requests, is reached."},
    ErrorRow{Errc::idempotency_conflict, "idempotency_conflict", Origin::client, 422,
             invalid_request, "The idempotency key was used for another request before."},
    ErrorRow{Errc::client_gone, "client_gone", Origin::client, 499, invalid_request,
             "The client left before its answer was complete."},
    ErrorRow{Errc::upstream_unreachable, "upstream_unreachable", Origin::upstream, 502, upstream,
             "No connection to the deployment could be made or kept."},
    ErrorRow{Errc::upstream_timeout, "upstream_timeout", Origin::upstream, 504, upstream,
             "The deployment did not answer in time."},
    ErrorRow{Errc::upstream_overloaded, "server_is_overloaded", Origin::upstream, 503, upstream,
             "The deployment is overloaded or still loading its model."},
    ErrorRow{Errc::upstream_rate_limited, "rate_limit_exceeded", Origin::upstream, 429, rate_limit,
             "The provider's rate limit is reached."},
    ErrorRow{Errc::upstream_rejected, "upstream_rejected", Origin::upstream, 400, invalid_request,
             "The deployment rejected the request."},
    ErrorRow{Errc::upstream_bad_reply, "upstream_bad_reply", Origin::upstream, 502, upstream,
             "The deployment's answer makes no sense."},
    ErrorRow{Errc::upstream_credential, "upstream_credential", Origin::upstream, 502, upstream,
             "The provider refused the key that this gateway holds for it."},
    ErrorRow{Errc::upstream_quota, "insufficient_quota", Origin::upstream, 503, upstream,
             "The gateway's account at the provider has no credit left."},
    ErrorRow{Errc::stream_broken, "upstream_disconnected", Origin::upstream, 502, upstream,
             "The answer broke off after its first bytes were relayed."},
    ErrorRow{Errc::all_deployments_cooling, "no_deployments_available", Origin::gateway, 429,
             rate_limit, "Every deployment that could serve the model rests after failures."},
    ErrorRow{Errc::no_local_deployment, "no_local_deployment", Origin::gateway, 503, server,
             "The request must stay local, and no local deployment can serve it."},
    ErrorRow{Errc::overloaded, "overloaded", Origin::gateway, 503, server,
             "The gateway has as many requests in flight as it may."},
    ErrorRow{Errc::draining, "draining", Origin::gateway, 503, server,
             "The gateway is shutting down."},
    ErrorRow{Errc::interrupted, "interrupted", Origin::gateway, 503, server,
             "The gateway ended while the call was under way; its reservation was charged."},
    ErrorRow{Errc::ledger_unavailable, "ledger_unavailable", Origin::gateway, 503, server,
             "The spend ledger cannot be written."},
    ErrorRow{Errc::database_unavailable, "no_db_connection", Origin::gateway, 503, server,
             "The database cannot be reached."},
    ErrorRow{Errc::not_implemented, "not_implemented", Origin::gateway, 501, invalid_request,
             "What LiteLLM does at this path is not done here; the message says why."},
    ErrorRow{Errc::bad_config, "bad_config", Origin::gateway, 500, server,
             "The configuration is not valid."},
    ErrorRow{Errc::io_error, "io_error", Origin::gateway, 500, server,
             "The operating system refused an operation."},
    ErrorRow{Errc::internal, "internal_error", Origin::gateway, 500, server,
             "The gateway has a defect."},
};

constexpr bool in_order_of_errc()
{
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (static_cast<std::size_t>(rows[i].code) != i) {
            return false;
        }
    }
    return rows.size() == static_cast<std::size_t>(Errc::internal) + 1;
}
static_assert(in_order_of_errc(), "every Errc has its row, at its own place");

}  // namespace

const ErrorRow& describe(Errc code) noexcept
{
    const auto place = static_cast<std::size_t>(code);
    return place < rows.size() ? rows[place] : rows.back();
}

std::span<const ErrorRow> error_table() noexcept
{
    return rows;
}

}  // namespace spillway
