#include "spillway/net/stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace spillway::net {

/// OpenSSL's view of a Socket: its calls become ours, so no SIGPIPE and no buffer pair in between.
struct SocketBio {
    static int read(BIO* bio, char* into, int size)
    {
        BIO_clear_retry_flags(bio);
        auto* socket = static_cast<Socket*>(BIO_get_data(bio));
        const Transfer got = socket->read_now(into, static_cast<std::size_t>(size));
        if (got.moved == Moved::some)
            return static_cast<int>(got.bytes);
        if (got.moved == Moved::would_block)
            BIO_set_retry_read(bio);
        return got.moved == Moved::ended ? 0 : -1;
    }

    static int write(BIO* bio, const char* from, int size)
    {
        BIO_clear_retry_flags(bio);
        auto* socket = static_cast<Socket*>(BIO_get_data(bio));
        const iovec piece{const_cast<char*>(from), static_cast<std::size_t>(size)};
        const Transfer put = socket->write_now({&piece, 1});
        if (put.moved == Moved::some)
            return static_cast<int>(put.bytes);
        if (put.moved == Moved::would_block)
            BIO_set_retry_write(bio);
        return -1;
    }

    static long control(BIO*, int command, long, void*)
    {
        return command == BIO_CTRL_FLUSH ? 1 : 0;
    }

    static BIO_METHOD* method()
    {
        static BIO_METHOD* const shared = [] {
            BIO_METHOD* made =
                BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "spillway socket");
            BIO_meth_set_read(made, &SocketBio::read);
            BIO_meth_set_write(made, &SocketBio::write);
            BIO_meth_set_ctrl(made, &SocketBio::control);
            return made;
        }();
        return shared;
    }
};

namespace {

/// Drops `count` bytes from the front of `left`.
void drop_front(std::span<iovec>& left, std::size_t count) noexcept
{
    while (!left.empty() && count >= left.front().iov_len) {
        count -= left.front().iov_len;
        left = left.subspan(1);
    }
    if (count != 0) {
        left.front().iov_base = static_cast<char*>(left.front().iov_base) + count;
        left.front().iov_len -= count;
    }
}

constexpr std::size_t max_pieces = 1024;  // IOV_MAX
constexpr std::size_t tls_record = 16 * 1024;

}  // namespace

void FreeSsl::operator()(SSL* ssl) const noexcept
{
    SSL_free(ssl);
}

Stream::~Stream() = default;

void Stream::secure(SslPtr ssl, BlockPool& blocks)
{
    ssl_ = std::move(ssl);
    blocks_ = &blocks;
    BIO* bio = BIO_new(SocketBio::method());
    BIO_set_data(bio, &socket_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_read_ahead(ssl_.get(), 1);
}

Transfer Stream::judge(int result)
{
    wants_read_ = wants_write_ = false;
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ:
            wants_read_ = true;
            return {Moved::would_block, 0};
        case SSL_ERROR_WANT_WRITE:
            wants_write_ = true;
            return {Moved::would_block, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {Moved::ended, 0};
        default:
            return {Moved::failed, 0};
    }
}

Transfer Stream::handshake_now()
{
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    return result == 1 ? Transfer{Moved::some, 0} : judge(result);
}

Transfer Stream::read_now(char* into, std::size_t size)
{
    if (!ssl_)
        return socket_.read_now(into, size);
    ERR_clear_error();
    std::size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), into, size, &got);
    return result == 1 ? Transfer{Moved::some, got} : judge(0);
}

/// One record from all pieces together, so that a chunk and its framing leave in one write.
Transfer Stream::write_secured(std::span<const iovec> pieces)
{
    const void* from = pieces.front().iov_base;
    std::size_t size = pieces.front().iov_len;
    Block gathered;
    if (pieces.size() > 1 && size < tls_record) {
        gathered = blocks_->take(tls_record);
        size = 0;
        for (const iovec& piece : pieces) {
            const std::size_t part = std::min(piece.iov_len, tls_record - size);
            std::memcpy(gathered.bytes() + size, piece.iov_base, part);
            size += part;
        }
        from = gathered.bytes();
    }
    ERR_clear_error();
    std::size_t put = 0;
    const int result = SSL_write_ex(ssl_.get(), from, std::min(size, tls_record), &put);
    return result == 1 ? Transfer{Moved::some, put} : judge(0);
}

Moved Stream::write_now(std::span<iovec>& left)
{
    drop_front(left, 0);
    while (!left.empty()) {
        const auto pieces = left.first(std::min(left.size(), max_pieces));
        const Transfer put = ssl_ ? write_secured(pieces) : socket_.write_now(pieces);
        if (put.moved != Moved::some)
            return put.moved;
        drop_front(left, put.bytes);
    }
    return Moved::some;
}

void Stream::finish() noexcept
{
    if (!socket_.is_open())
        return;
    if (ssl_ && SSL_is_init_finished(ssl_.get())) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_.descriptor(), SHUT_WR);
}

std::string Stream::tls_complaint() const
{
    const long verified = SSL_get_verify_result(ssl_.get());
    if (verified != X509_V_OK)
        return std::string{"certificate not accepted: "} + X509_verify_cert_error_string(verified);
    std::array<char, 160> text{};
    const unsigned long code = ERR_peek_last_error();
    if (code == 0)
        return "the handshake was cut short";
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

void Stream::Wait::await_suspend(std::coroutine_handle<> waiter) const
{
    if (for_writing)
        Socket::Writable{stream.socket_}.await_suspend(waiter);
    else
        Socket::Readable{stream.socket_}.await_suspend(waiter);
}

}  // namespace spillway::net
