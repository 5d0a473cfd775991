#include "spillway/net/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <system_error>

#include "spillway/net/listener.hpp"

namespace spillway::net {

namespace {

/// What went wrong, in words. The first error is the cause: those after it only say where it hurt.
std::string last_complaint()
{
    const auto first = ERR_peek_error();
    std::array<char, 200> text{};
    ERR_error_string_n(ERR_peek_last_error(), text.data(), text.size());
    ERR_clear_error();
    return ERR_SYSTEM_ERROR(first) ? std::generic_category().message(ERR_GET_REASON(first))
                                   : std::string(text.data());
}

int select_http_1_1(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*)
{
    static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    auto* out = const_cast<unsigned char**>(chosen);
    if (SSL_select_next_proto(out, chosen_size, ours, sizeof ours, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    return SSL_TLSEXT_ERR_OK;
}

void set_modern(SSL_CTX* context)
{
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

int session_slot()
{
    static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
}

int keep_session(SSL* ssl, SSL_SESSION* session)
{
    auto* kept = static_cast<UpstreamTls::Session*>(SSL_get_ex_data(ssl, session_slot()));
    if (kept == nullptr)
        return 0;
    kept->reset(session);
    return 1;
}

bool is_address(const std::string& host)
{
    std::array<unsigned char, sizeof(in6_addr)> scratch{};
    return ::inet_pton(AF_INET, host.c_str(), scratch.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), scratch.data()) == 1;
}

}  // namespace

void FreeSslContext::operator()(SSL_CTX* context) const noexcept
{
    SSL_CTX_free(context);
}

void UpstreamTls::FreeSession::operator()(SSL_SESSION* session) const noexcept
{
    SSL_SESSION_free(session);
}

SslPtr FrontTls::open() const
{
    SslPtr ssl{SSL_new(context_.get())};
    if (ssl)
        SSL_set_accept_state(ssl.get());
    return ssl;
}

Result<std::shared_ptr<FrontTls>> load_front_tls(const std::string& certificate,
                                                 const std::string& key)
{
    SslContextPtr context{SSL_CTX_new(TLS_server_method())};
    if (!context)
        return fail(Errc::internal, "no TLS context");
    set_modern(context.get());
    SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>("spw"), 3);
    SSL_CTX_set_alpn_select_cb(context.get(), &select_http_1_1, nullptr);
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
        return fail(Errc::bad_config,
                    "cannot use the certificate in " + certificate + ": " + last_complaint());
    if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
        return fail(Errc::bad_config, "cannot use the key in " + key + ": " + last_complaint());
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return fail(Errc::bad_config,
                    "the key in " + key + " does not belong to the certificate in " + certificate);
    return std::make_shared<FrontTls>(std::move(context));
}

Result<std::unique_ptr<UpstreamTls>> UpstreamTls::open(const std::string& ca_file)
{
    SslContextPtr context{SSL_CTX_new(TLS_client_method())};
    if (!context)
        return fail(Errc::internal, "no TLS context");
    set_modern(context.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_default_verify_paths(context.get());
    if (!ca_file.empty() &&
        SSL_CTX_load_verify_locations(context.get(), ca_file.c_str(), nullptr) != 1)
        return fail(Errc::bad_config,
                    "cannot use the trust anchors in " + ca_file + ": " + last_complaint());
    ERR_clear_error();
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context.get(), &keep_session);
    static constexpr unsigned char http_1_1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context.get(), http_1_1, sizeof http_1_1);
    return std::make_unique<UpstreamTls>(std::move(context));
}

SslPtr UpstreamTls::connect_to(const std::string& host, Session& kept) const
{
    SslPtr ssl{SSL_new(context_.get())};
    if (!ssl)
        return nullptr;
    SSL_set_connect_state(ssl.get());
    SSL_set_ex_data(ssl.get(), session_slot(), &kept);
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // The name is checked by OpenSSL inside the handshake: nothing is sent to a peer that fails it.
    const bool named =
        is_address(host)
            ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1
            : SSL_set1_host(ssl.get(), host.c_str()) == 1 &&
                  SSL_set_tlsext_host_name(ssl.get(), host.c_str()) == 1;
    if (!named)
        return nullptr;
    if (kept)
        SSL_set_session(ssl.get(), kept.get());
    return ssl;
}

}  // namespace spillway::net
