#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "spillway/net/deadline_wheel.hpp"
#include "spillway/net/socket.hpp"
#include "spillway/net/task.hpp"

namespace spillway::net {

/// Tries the addresses of one host: the next one as soon as one fails, or beside it when it has not
/// answered within 200 ms; the first that connects wins. Destroying it closes all attempts.
class Connector {
public:
    /// @param wake  Poked, from the event loop, when `done` turned true.
    Connector(boost::asio::io_context& io, DeadlineWheel& wheel,
              std::vector<boost::asio::ip::address> addresses, std::uint16_t port, Event& wake);
    Connector(const Connector&) = delete;
    Connector& operator=(const Connector&) = delete;
    ~Connector();

    /// Begins. May be `done` at once.
    void start();
    [[nodiscard]] bool done() const noexcept { return winner_.is_open() || pending_ == 0; }
    /// The connected socket; closed when all failed.
    [[nodiscard]] Socket take() noexcept { return std::move(winner_); }
    /// Why the last attempt failed.
    [[nodiscard]] std::string complaint() const;

private:
    struct Attempt;
    void next();
    void answered(Attempt& attempt);

    boost::asio::io_context& io_;
    std::vector<boost::asio::ip::address> addresses_;
    std::uint16_t port_;
    Event& wake_;
    Deadline head_start_;
    std::vector<std::unique_ptr<Attempt>> attempts_;
    Socket winner_;
    std::size_t tried_ = 0;
    std::size_t pending_ = 0;
    int error_ = 0;
};

}  // namespace spillway::net
