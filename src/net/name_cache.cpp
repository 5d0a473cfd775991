#include "spillway/net/name_cache.hpp"

#include <algorithm>
#include <utility>

namespace spillway::net {

namespace ip = boost::asio::ip;

namespace {

constexpr Millis time_to_live{30'000};
/// A name that was not found is asked for again soon: a container may just be starting.
constexpr Millis failure_time_to_live{1'000};

}  // namespace

bool is_link_local(const ip::address& address) noexcept
{
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return is_link_local(ip::make_address_v4(ip::v4_mapped, address.to_v6()));
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return bytes[0] == 169 && bytes[1] == 254;
    }
    const auto bytes = address.to_v6().to_bytes();
    if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80)
        return true;
    // fd00:ec2::254, the metadata service of EC2.
    static constexpr ip::address_v6::bytes_type metadata{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0,    0,
                                                         0,    0,    0,    0,    0, 0, 0x02, 0x54};
    return bytes == metadata;
}

NameCache::NameCache(boost::asio::io_context& io) : io_(io), entries_(std::make_shared<Entries>())
{}

NameCache::Entry& NameCache::find(const std::string& host, TimePoint now)
{
    Entry& entry = (*entries_)[host];
    if (entry.resolving || now < entry.fresh_until)
        return entry;
    boost::system::error_code not_an_address;
    const ip::address literal = ip::make_address(host, not_an_address);
    if (!not_an_address) {
        entry.addresses.assign(1, literal);
        entry.fresh_until = TimePoint::max();
    } else if (host == "localhost") {
        // By definition the loopback (RFC 6761). IPv4 first: that is where local engines listen.
        entry.addresses.assign(1, ip::address_v4::loopback());
        entry.addresses.emplace_back(ip::address_v6::loopback());
        entry.fresh_until = TimePoint::max();
    } else {
        resolve(host, entry);
    }
    return entry;
}

void NameCache::distrust(const std::string& host) noexcept
{
    const auto found = entries_->find(host);
    if (found != entries_->end() && found->second.fresh_until != TimePoint::max())
        found->second.fresh_until = TimePoint{};
}

void NameCache::resolve(const std::string& host, Entry& entry)
{
    if (!resolver_)
        resolver_ = std::make_unique<ip::tcp::resolver>(io_);
    entry.resolving = true;
    // Not `address_configured`: in a container that has only a loopback it finds nothing at all.
    resolver_->async_resolve(
        host, "", ip::resolver_base::flags{},
        [still = std::weak_ptr(entries_), &entry](const boost::system::error_code& error,
                                                  const ip::tcp::resolver::results_type& found) {
            if (still.expired())
                return;
            entry.addresses.clear();
            for (const auto& one : found) {
                const ip::address address = one.endpoint().address();
                if (std::ranges::find(entry.addresses, address) == entry.addresses.end())
                    entry.addresses.push_back(address);
            }
            entry.complaint = error ? error.message() : std::string{};
            entry.resolving = false;
            entry.fresh_until =
                std::chrono::steady_clock::now() + (error ? failure_time_to_live : time_to_live);
            while (!entry.waiters.empty()) {
                Event* waiter = entry.waiters.back();
                entry.waiters.pop_back();
                waiter->poke();
            }
        });
}

}  // namespace spillway::net
