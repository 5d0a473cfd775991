// How an UpstreamCall gets a new connection: name, address, TLS.

#include <algorithm>

#include "spillway/net/upstream_exchange.hpp"

namespace spillway::net {

namespace {

std::string place(const Origin& origin)
{
    return origin.host + ":" + std::to_string(origin.port);
}

/// Registers an Event with a name's entry for as long as it lives.
class NameWait {
public:
    NameWait(NameCache::Entry& entry, Event& wake) : entry_(entry), wake_(wake)
    {
        entry_.waiters.push_back(&wake_);
    }
    NameWait(const NameWait&) = delete;
    NameWait& operator=(const NameWait&) = delete;
    ~NameWait() { std::erase(entry_.waiters, &wake_); }

private:
    NameCache::Entry& entry_;
    Event& wake_;
};

}  // namespace

Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::find_addresses(
    const Origin& origin, privacy::Passage passage, std::vector<boost::asio::ip::address>& out)
{
    NameCache::Entry& entry = pool.names.find(origin.host, std::chrono::steady_clock::now());
    while (entry.resolving) {
        NameWait waiting{entry, wake};
        co_await wake.wait();
        if (auto ended = over())
            co_return ended;
    }
    if (entry.addresses.empty())
        co_return CallError{CallFault::unreachable,
                            "cannot resolve " + origin.host + ": " + entry.complaint};
    out = entry.addresses;
    if (!pool.limits.allow_link_local)
        std::erase_if(out, &is_link_local);
    if (out.empty())
        co_return CallError{CallFault::forbidden,
                            origin.host + " is a link-local or metadata address"};
    std::erase_if(out, [&](const auto& address) { return !allows(passage, origin.host, address); });
    if (out.empty())
        co_return CallError{CallFault::not_local,
                            origin.host + " is not local, and the request must stay local"};
    co_return std::nullopt;
}

Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::connect(const Origin& origin,
                                                                privacy::Passage passage,
                                                                TimePoint by)
{
    connecting = true;
    bound(by);
    std::vector<boost::asio::ip::address> addresses;
    auto named = co_await find_addresses(origin, passage, addresses);
    if (named)
        co_return named;
    connector = std::make_unique<Connector>(shard.io(), shard.wheel(), std::move(addresses),
                                            origin.port, wake);
    connector->start();
    while (!connector->done()) {
        co_await wake.wait();
        if (auto ended = over()) {
            connector.reset();
            co_return ended;
        }
    }
    Socket socket = connector->take();
    const std::string complaint = connector->complaint();
    connector.reset();
    if (!socket.is_open()) {
        pool.names.distrust(origin.host);
        co_return CallError{CallFault::unreachable,
                            "cannot connect to " + place(origin) + ": " + complaint};
    }
    OriginShelf& shelf = pool.shelves[origin];
    connection = std::make_unique<UpstreamConnection>(std::move(socket), pool, shelf);
    if (origin.tls) {
        auto secured = co_await handshake(origin, shelf);
        if (secured)
            co_return secured;
    }
    connecting = false;
    co_return std::nullopt;
}

Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::handshake(const Origin& origin,
                                                                  OriginShelf& shelf)
{
    const auto tls = pool.tls_for(origin.ca_file);
    if (!tls)
        co_return CallError{CallFault::tls, tls.error().message()};
    SslPtr ssl = (*tls)->connect_to(origin.host, shelf.session);
    if (!ssl)
        co_return CallError{CallFault::tls, "cannot begin TLS with " + place(origin)};
    Stream& stream = connection->stream;
    stream.secure(std::move(ssl), shard.blocks());
    while (true) {
        const Transfer step = stream.handshake_now();
        if (step.moved == Moved::some)
            co_return std::nullopt;
        if (auto ended = over())
            co_return ended;
        if (step.moved != Moved::would_block)
            co_return CallError{CallFault::tls,
                                "TLS with " + place(origin) + ": " + stream.tls_complaint()};
        co_await stream.readable();
    }
}

}  // namespace spillway::net
