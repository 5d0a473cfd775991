#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/net/name_cache.hpp"
#include "spillway/net/stream.hpp"
#include "spillway/net/tls.hpp"
#include "spillway/net/upstream.hpp"

/// What UpstreamPool and UpstreamCall share and callers need not see.
namespace spillway::net {

/// Does `passage` allow a connection to `host` that leads to this address?
[[nodiscard]] bool allows(const privacy::Passage& passage, std::string_view host,
                          const boost::asio::ip::address& address);

struct UpstreamConnection;

/// A call in the pool's list, so that an abort reaches it.
struct LiveCall {
    using Cancel = void (*)(LiveCall& call);

    LiveCall(UpstreamPool::Parts& pool, Cancel how);
    LiveCall(const LiveCall&) = delete;
    LiveCall& operator=(const LiveCall&) = delete;
    ~LiveCall();

    UpstreamPool::Parts& calls_of;
    Cancel cancel_call;
    LiveCall* previous = nullptr;
    LiveCall* next = nullptr;
};

/// Idle connections and the TLS session of one origin.
struct OriginShelf {
    std::vector<std::unique_ptr<UpstreamConnection>> idle;  ///< Last used at the back.
    UpstreamTls::Session session;
};

/// One connection to an upstream; owned by the call that uses it, or by its shelf.
struct UpstreamConnection {
    UpstreamConnection(Socket socket, UpstreamPool::Parts& owner, OriginShelf& origin_shelf);

    /// True when nothing waits to be read: no byte, no end of file. TLS tickets are taken in.
    [[nodiscard]] bool clean();
    /// Does `passage` allow the address that its other end is at?
    [[nodiscard]] bool leads_within(const privacy::Passage& passage, std::string_view host) const;
    /// True when the peer's kernel never confirmed a byte written after the first `before` ones.
    [[nodiscard]] bool nothing_taken_since(std::uint64_t before) const noexcept;

    Stream stream;
    UpstreamPool::Parts& pool;
    OriginShelf& shelf;
    Deadline age;
    bool reused = false;
};

struct UpstreamPool::Parts {
    explicit Parts(Shard& owner) : shard(owner), names(owner.io()) {}

    /// An idle connection to `origin` that is clean and that `passage` allows, or null. Those that
    /// it does not allow are left for others.
    [[nodiscard]] std::unique_ptr<UpstreamConnection> take(const Origin& origin,
                                                           const privacy::Passage& passage);
    /// Keeps a connection whose reply was read to its end, for at most `keepalive`.
    void keep(std::unique_ptr<UpstreamConnection> connection, Millis keepalive);
    void forget(UpstreamConnection& connection) noexcept;
    [[nodiscard]] Result<UpstreamTls*> tls_for(const std::string& ca_file);

    Shard& shard;
    Limits limits;
    NameCache names;
    std::map<std::string, std::unique_ptr<UpstreamTls>> tls;
    std::map<Origin, OriginShelf> shelves;
    LiveCall* calls = nullptr;  ///< Intrusive list.
};

}  // namespace spillway::net
