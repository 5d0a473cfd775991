#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/net/stream.hpp"

struct ssl_session_st;  // SSL_SESSION; OpenSSL names it only in its largest header.

namespace spillway::net {

struct FreeSslContext {
    void operator()(SSL_CTX* context) const noexcept;
};
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeSslContext>;

/// Certificate and key of the front door, with everything that is set once. Shared by all shards.
class FrontTls {
public:
    explicit FrontTls(SslContextPtr context) noexcept : context_(std::move(context)) {}

    /// The server's side of a new connection; null when memory is short.
    [[nodiscard]] SslPtr open() const;

private:
    SslContextPtr context_;
};

/// What a TLS client needs to trust an upstream: chain and name are verified, TLS 1.2 and newer.
/// One per `ca_file` and shard.
class UpstreamTls {
public:
    /// @param ca_file  PEM anchors added to the system's; empty for none. Fails with `bad_config`.
    [[nodiscard]] static Result<std::unique_ptr<UpstreamTls>> open(const std::string& ca_file);

    /// Where the last session of an origin is kept, so that the next handshake is short.
    struct FreeSession {
        void operator()(ssl_session_st* session) const noexcept;
    };
    using Session = std::unique_ptr<ssl_session_st, FreeSession>;

    /// The client's side of a connection to `host` (a name or an address).
    /// @param kept  Read now and written whenever the peer issues a ticket; outlives the SSL.
    [[nodiscard]] SslPtr connect_to(const std::string& host, Session& kept) const;

    explicit UpstreamTls(SslContextPtr context) noexcept : context_(std::move(context)) {}

private:
    SslContextPtr context_;
};

}  // namespace spillway::net
