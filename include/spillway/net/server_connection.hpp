#pragma once

#include <netinet/in.h>

#include <functional>
#include <memory>
#include <string>

#include "spillway/net/block_pool.hpp"
#include "spillway/net/chunk_reader.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/net/listener.hpp"
#include "spillway/net/stream.hpp"

namespace spillway::net {

/// What every connection of a listener calls; made once, shared by all shards, never changed.
struct FrontCalls {
    Handler handler;
    Refuse refuse;
};

/// One client connection from accept to close: a root coroutine that reads a head, runs the handler
/// with an Exchange, and begins again. Owns itself; everything on its shard's thread.
///
/// While it waits for a request it holds no buffer. While the handler runs it has one wait pending
/// on the client's socket: that wait notices a client that leaves, and is the same one that later
/// brings the next request, so it costs nothing extra.
class ServerConnection {
public:
    /// Begins to serve `descriptor`, which was counted in `shard.connections` already.
    static void start(Shard& shard, int descriptor, const sockaddr_in6& peer, FrontDoor door,
                      std::shared_ptr<const FrontCalls> calls);
    ServerConnection(Shard& shard, int descriptor, const sockaddr_in6& peer, FrontDoor door,
                     std::shared_ptr<const FrontCalls> calls);
    ServerConnection(const ServerConnection&) = delete;
    ~ServerConnection();

    /// Closes now if it waits for a request; otherwise the current reply is the last.
    void drain() noexcept;
    /// Closes whatever it does; the handler is told that the client left.
    void abort() noexcept;

private:
    friend class Exchange;
    friend class Shard;

    /// Readable bytes that every body has behind it (simdjson's padding).
    static constexpr std::size_t padding = 64;

    enum class Phase : std::uint8_t { idle, head, exchange, closing };
    enum class Incoming : std::uint8_t { request, closed, refused };
    enum class BodyState : std::uint8_t { unread, reading, read };
    enum class ReplyState : std::uint8_t { none, streaming, done };
    enum class Piece : std::uint8_t { more, last };

    static Task<void> live(std::unique_ptr<ServerConnection> self);
    Task<void> serve();
    Task<bool> handshake();
    Task<Incoming> read_head();
    [[nodiscard]] std::optional<Incoming> take_head();
    Incoming refuse_with(Error error);
    Task<void> refuse();
    Task<void> run_exchange();
    Task<void> settle_unread_body();
    Task<void> linger();

    // Body (server_body.cpp)
    Task<Result<std::string_view>> read_body();
    Task<Result<void>> read_sized();
    Task<Result<void>> read_chunked();
    [[nodiscard]] Result<void> strip_chunks();
    [[nodiscard]] Result<void> decode_body();
    /// Reads once into `into`, waiting as long as the body's bounds allow.
    Task<Result<std::size_t>> read_some(char* into, std::size_t size);
    void begin_body();
    void note_received(std::size_t bytes);
    void release_body() noexcept;
    Task<Result<void>> send_continue();

    // Reply (server_reply.cpp)
    Task<Result<void>> reply(int status, const HeaderLines& headers, std::string_view body);
    void begin_stream(int status, const HeaderLines& headers);
    Task<Result<void>> send(std::string_view bytes, Piece piece);
    /// Writes what the first attempt left over, waiting while the client is slow.
    Task<Result<void>> write_rest(std::span<iovec> left);
    [[nodiscard]] Result<void> after_write(Moved moved);
    class ReplyStart;
    [[nodiscard]] ReplyStart start_reply(int status);
    [[nodiscard]] bool will_close() const noexcept;

    // Watching the client while the handler runs
    void watch();
    static void client_moved(void* self);
    void client_left();
    static void deadline_passed(void* self);

    [[nodiscard]] std::string_view buffered() const noexcept
    {
        return {block_.bytes() + begin_, end_ - begin_};
    }
    [[nodiscard]] std::size_t room() const noexcept;
    /// Takes a block of that size when there is none.
    void make_room(std::size_t size);
    void drop_block_if_empty() noexcept;

    Shard& shard_;
    std::shared_ptr<const FrontCalls> calls_;
    FrontDoor door_;
    sockaddr_in6 peer_;
    Stream stream_;
    Deadline deadline_;
    bool expired_ = false;

    Block block_;            ///< Head, a body that fits behind it, and what came after.
    std::size_t begin_ = 0;  ///< First byte nobody has taken yet.
    std::size_t end_ = 0;
    std::size_t scanned_ = 0;
    std::size_t read_size_ = BlockPool::small;  ///< Enough for a request like the last one.

    RequestHead head_;
    TimePoint began_;
    Exchange* exchange_ = nullptr;
    std::function<void()> on_gone_;
    std::unique_ptr<const Error> refusal_;  ///< Of a head; the connection ends with it.
    Phase phase_ = Phase::idle;

    bool pinned_ = false;  ///< Views of the exchange point into `block_`.

    Block body_;  ///< Empty when the body lies in `block_`.
    std::string_view body_view_;
    std::size_t body_size_ = 0;
    ChunkReader chunks_;
    TimePoint body_began_;
    BodyState body_state_ = BodyState::read;

    std::string stream_head_;  ///< Waits for the first piece.
    ReplyState reply_state_ = ReplyState::none;
    bool chunked_reply_ = false;
    bool gone_ = false;
    bool aborted_ = false;
    bool close_after_ = false;
    bool linger_ = false;
    bool served_before_ = false;

    ServerConnection* previous_ = nullptr;  ///< Intrusive list of the shard.
    ServerConnection* next_ = nullptr;
};

}  // namespace spillway::net
