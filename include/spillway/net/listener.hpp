#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/net/shard.hpp"

namespace spillway::net {

class FrontTls;  ///< Certificate and key of the front door; replaced whole on reload.

/// Reads a PEM certificate chain and key; TLS 1.2 and newer. Fails with `bad_config`.
[[nodiscard]] Result<std::shared_ptr<FrontTls>> load_front_tls(const std::string& certificate,
                                                               const std::string& key);

/// What new connections get; asked for on each accept, so a reload changes it at once.
struct FrontDoor {
    FrontLimits limits;
    std::shared_ptr<FrontTls> tls;  ///< Null: plain HTTP.
    std::size_t max_connections = 20'000;
};

/// Accepts on the control thread and hands each socket to the least loaded shard. While
/// `max_connections` are open or descriptors run out, clients wait in the backlog (it looks again
/// every 100 ms and says so at most once a minute).
class Listener {
public:
    /// Binds at once. `port` 0 picks a free one.
    [[nodiscard]] static Result<std::unique_ptr<Listener>> open(
        boost::asio::io_context& control, const std::string& host, std::uint16_t port,
        std::span<Shard* const> shards, Handler handler, Refuse refuse,
        std::function<FrontDoor()> front_door);
    ~Listener();

    [[nodiscard]] std::uint16_t port() const;
    void close();

private:
    struct Parts;
    explicit Listener(std::shared_ptr<Parts> parts);
    std::shared_ptr<Parts> parts_;
};

}  // namespace spillway::net
