#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/net/task.hpp"

namespace spillway::net {

/// True for addresses that only the machine's own network answers at (169.254.0.0/16, fe80::/10)
/// and the metadata services of clouds: no upstream lives there, but credentials do.
[[nodiscard]] bool is_link_local(const boost::asio::ip::address& address) noexcept;

/// A shard's memory of names: asked again after 30 seconds, asked once for all who wait.
class NameCache {
public:
    explicit NameCache(boost::asio::io_context& io);

    struct Entry {
        std::vector<boost::asio::ip::address> addresses;  ///< Empty when the name is not known.
        std::string complaint;
        TimePoint fresh_until{};
        bool resolving = false;
        std::vector<Event*> waiters;  ///< Poked when the answer is there.

        [[nodiscard]] bool ready(TimePoint now) const noexcept
        {
            return !resolving && now < fresh_until;
        }
    };

    /// The entry of `host`, which stays where it is as long as the cache lives. An address and
    /// "localhost" are ready at once; otherwise a lookup is begun when none is fresh or running.
    [[nodiscard]] Entry& find(const std::string& host, TimePoint now);

    /// No address of `host` answered: the next call looks again.
    void distrust(const std::string& host) noexcept;

private:
    void resolve(const std::string& host, Entry& entry);

    boost::asio::io_context& io_;
    using Entries = std::map<std::string, Entry>;
    std::shared_ptr<Entries> entries_;  ///< Shared only so that a late answer sees that it is gone.
    std::unique_ptr<boost::asio::ip::tcp::resolver>
        resolver_;  ///< Costs a thread: made when needed.
};

}  // namespace spillway::net
