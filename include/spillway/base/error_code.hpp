#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace spillway {

/// Who can make a failure go away. Chooses the log level and the HTTP status family.
enum class Origin : std::uint8_t { client, upstream, gateway };

/// Every way something can fail. Each value has one row in the table of `base/error_code.cpp`.
enum class Errc : std::uint16_t {
    // the client's
    bad_http,              ///< Not HTTP/1.1 as a proxy may accept it.
    head_too_large,        ///< Request line and headers over the limit.
    body_too_large,        ///< Body over `max_body`, before or after decompression.
    slow_request,          ///< Head or body did not arrive within its deadline or rate.
    unsupported_encoding,  ///< Content-Encoding that is not gzip, zstd or identity.
    bad_encoding,          ///< Compressed body that does not decode.
    invalid_json,
    duplicate_key,  ///< The same key twice where two readers could pick different values.
    invalid_request,
    missing_model,
    unknown_model,
    unknown_path,
    method_not_allowed,
    unauthenticated,
    expired_key,
    key_model_denied,   ///< The key's own list of models does not have the model.
    team_model_denied,  ///< Its team's list.
    user_model_denied,  ///< Its user's list.
    forbidden,
    unknown_record,     ///< No key, team, user ... of that name.
    changed_meanwhile,  ///< Somebody else changed the record since it was read.
    context_window_exceeded,
    content_policy,
    not_translatable,      ///< A dialect has no way to say it.
    unsupported_content,   ///< Nobody on the route can do what the request needs.
    cost_ceiling,          ///< Everybody may cost more than the client or the rule allows.
    budget_exceeded,       ///< Nobody is left whom every budget that pays can afford.
    rate_limited,          ///< A limit of requests or tokens per minute, or of requests at once.
    idempotency_conflict,  ///< The same idempotency key with another request.
    client_gone,
    // upstreams'
    upstream_unreachable,
    upstream_timeout,
    upstream_overloaded,
    upstream_rate_limited,
    upstream_rejected,  ///< A 4xx of the deployment, passed on.
    upstream_bad_reply,
    upstream_credential,
    upstream_quota,
    stream_broken,  ///< An answer that stopped after its first byte was relayed.
    // our own
    all_deployments_cooling,
    no_local_deployment,  ///< The request must stay local and nothing local can serve it.
    overloaded,
    draining,
    interrupted,  ///< The process ended while the call was under way.
    ledger_unavailable,
    database_unavailable,
    not_implemented,  ///< What LiteLLM does there is not done here.
    bad_config,
    io_error,
    internal,
};

/// One row of the error table: how a failure is shown to a client of the OpenAI API.
struct ErrorRow {
    Errc code;
    std::string_view name;  ///< OpenAI `code`.
    Origin origin;
    int status;             ///< HTTP status.
    std::string_view type;  ///< OpenAI `type`.
    std::string_view sentence;
};

/// The row of `code`. Total: every value has one (tested).
[[nodiscard]] const ErrorRow& describe(Errc code) noexcept;

/// All rows in order of `Errc`; `docs/errors.md` is printed from them.
[[nodiscard]] std::span<const ErrorRow> error_table() noexcept;

}  // namespace spillway
