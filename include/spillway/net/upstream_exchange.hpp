#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spillway/net/chunk_reader.hpp"
#include "spillway/net/connector.hpp"
#include "spillway/net/upstream_parts.hpp"

namespace spillway::net {

/// The inside of an UpstreamCall: connect, send, read, each bounded by one deadline.
struct UpstreamCall::Parts : LiveCall {
    using Failure = std::optional<CallError>;
    using Started = tl::expected<const ReplyHead*, CallError>;
    using Bytes = tl::expected<std::string_view, CallError>;

    explicit Parts(Shard& owner);

    Task<Started> start(const Origin& origin, const UpstreamRequest& request,
                        const CallBounds& bounds);
    Task<Bytes> read(TimePoint by);
    void cancel() noexcept;

    // The way to a connection (upstream_connect.cpp)
    Task<Failure> connect(const Origin& origin, privacy::Passage passage, TimePoint by);
    Task<Failure> find_addresses(const Origin& origin, privacy::Passage passage,
                                 std::vector<boost::asio::ip::address>& out);
    Task<Failure> handshake(const Origin& origin, OriginShelf& shelf);

    // Request and reply head
    Task<Failure> exchange_heads(const UpstreamRequest& request);
    Task<Failure> send(const UpstreamRequest& request);
    Task<Failure> read_head();
    [[nodiscard]] std::optional<Failure> take_head();
    void begin_body(const UpstreamRequest& request);
    void forget_head() noexcept;

    // Body
    [[nodiscard]] std::optional<Bytes> take_body();
    [[nodiscard]] Bytes end_of_input(Moved how);
    void finish();

    [[nodiscard]] Transfer fill(std::size_t most);
    [[nodiscard]] Failure over() const;
    void bound(TimePoint by);
    [[nodiscard]] std::string_view buffered() const noexcept
    {
        return {block.bytes() + begin, end - begin};
    }

    Shard& shard;
    UpstreamPool::Parts& pool;
    Deadline deadline;
    Event wake;
    TimePoint total = TimePoint::max();
    std::unique_ptr<Connector> connector;
    std::unique_ptr<UpstreamConnection> connection;

    Block block;  ///< Only while it holds bytes, so that quiet streams hold none.
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t scanned = 0;
    std::size_t read_size = BlockPool::small;

    std::string head_text;  ///< What the fields of `head` point into.
    ReplyHead head;
    Millis keepalive = Millis::max();  ///< As the head tells it.
    ChunkReader chunks;
    std::uint64_t left = 0;
    int interim = 0;

    bool connecting = false;
    bool expired = false;
    bool cancelled = false;
    bool sent_some = false;
    bool sent_all = false;
    bool replied = false;  ///< A byte of a reply came.
    bool complete = false;
    bool head_taken = false;
};

}  // namespace spillway::net
