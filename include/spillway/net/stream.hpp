#pragma once

#include <openssl/types.h>
#include <sys/uio.h>

#include <array>
#include <memory>
#include <span>
#include <string>

#include "spillway/net/block_pool.hpp"
#include "spillway/net/socket.hpp"

namespace spillway::net {

struct FreeSsl {
    void operator()(SSL* ssl) const noexcept;
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

/// A socket, plain or under TLS, with one face for both. Not movable: OpenSSL points at it.
class Stream {
public:
    explicit Stream(Socket socket) noexcept : socket_(std::move(socket)) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    ~Stream();

    /// Puts TLS on the socket; `handshake_now` comes next. `ssl` knows its side.
    void secure(SslPtr ssl, BlockPool& blocks);
    [[nodiscard]] bool secured() const noexcept { return ssl_ != nullptr; }
    [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

    /// `some` when it is finished, `would_block`, or `failed` (see `tls_complaint`).
    [[nodiscard]] Transfer handshake_now();
    [[nodiscard]] Transfer read_now(char* into, std::size_t size);
    /// Writes until all is written (`some`), the socket is full or dead; cuts `left` accordingly.
    [[nodiscard]] Moved write_now(std::span<iovec>& left);
    /// Says that nothing more will be sent.
    void finish() noexcept;

    /// Why the handshake failed, from OpenSSL; no secrets.
    [[nodiscard]] std::string tls_complaint() const;

    [[nodiscard]] Socket& socket() noexcept { return socket_; }
    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }

    /// Waits for what the last operation that would block needs (under TLS a read may need to
    /// write).
    struct Wait {
        Stream& stream;
        bool for_writing;
        [[nodiscard]] bool await_ready() const noexcept { return !stream.socket_.is_open(); }
        void await_suspend(std::coroutine_handle<> waiter) const;
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Wait readable() noexcept { return Wait{*this, wants_write_}; }
    [[nodiscard]] Wait writable() noexcept { return Wait{*this, !wants_read_}; }

private:
    friend struct SocketBio;
    [[nodiscard]] Transfer judge(int result);
    [[nodiscard]] Transfer write_secured(std::span<const iovec> pieces);

    Socket socket_;
    SslPtr ssl_;
    BlockPool* blocks_ = nullptr;
    bool wants_write_ = false;  ///< The last TLS operation waits for room to write.
    bool wants_read_ = false;   ///< A TLS write waits for bytes to read.
};

}  // namespace spillway::net
