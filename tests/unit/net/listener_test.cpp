#include "spillway/net/listener.hpp"

#include <sys/resource.h>

#include <set>
#include <string>
#include <vector>

#include "spillway/base/log.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::Front;
using testing::Peer;
using testing::status_of;

Task<void> ok(Exchange& exchange)
{
    HeaderLines headers;
    (void)co_await exchange.reply(200, headers, "ok");
}

constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

Result<std::unique_ptr<Listener>> listen_on(boost::asio::io_context& io, const std::string& host,
                                            std::uint16_t port, Shard& shard)
{
    Shard* const shards[] = {&shard};
    return Listener::open(
        io, host, port, shards, ok, [](const Error&) { return Refusal{400, "{}"}; },
        [] { return FrontDoor{}; });
}

TEST(Listener, PicksAFreePort)
{
    boost::asio::io_context io;
    Shard shard;
    const auto listener = listen_on(io, "127.0.0.1", 0, shard);
    ASSERT_TRUE(listener);
    EXPECT_NE((*listener)->port(), 0);
}

TEST(Listener, SaysWhenThePortIsTaken)
{
    boost::asio::io_context io;
    Shard shard;
    const auto first = listen_on(io, "127.0.0.1", 0, shard);
    const auto second = listen_on(io, "127.0.0.1", (*first)->port(), shard);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message().find(std::to_string((*first)->port())), std::string::npos);
}

TEST(Listener, TakesNamesAndBothFamilies)
{
    boost::asio::io_context io;
    Shard shard;
    for (const char* host : {"localhost", "0.0.0.0", "127.0.0.1"})
        EXPECT_TRUE(listen_on(io, host, 0, shard)) << host;
    EXPECT_FALSE(listen_on(io, "no such host", 0, shard));
}

TEST(Listener, SpreadsConnectionsEvenly)
{
    Front front{ok, FrontDoor{}, 3};
    std::vector<Peer> clients;
    for (int i = 0; i < 30; ++i) {
        clients.push_back(front.connect());
        clients.back().send(request);
        EXPECT_EQ(status_of(clients.back().reply()), "HTTP/1.1 200");
    }
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(front.shard(i).shard().connections, 10u) << i;
}

TEST(Listener, LetsWhatIsOverTheLimitWaitForRoom)
{
    FrontDoor door;
    door.max_connections = 2;
    Front front{ok, door};
    Peer first = front.connect();
    Peer second = front.connect();
    first.send(request);
    second.send(request);
    EXPECT_EQ(status_of(first.reply()), "HTTP/1.1 200");
    EXPECT_EQ(status_of(second.reply()), "HTTP/1.1 200");
    Peer third = front.connect();
    third.send(request);
    first.send(request);
    EXPECT_EQ(status_of(first.reply()), "HTTP/1.1 200");
    EXPECT_EQ(front.shard().shard().connections, 2u);
    second.close();
    EXPECT_EQ(status_of(third.reply()), "HTTP/1.1 200");
}

TEST(Listener, CountsAConnectionOutWhenItEnds)
{
    FrontDoor door;
    door.max_connections = 1;
    Front front{ok, door};
    for (int i = 0; i < 5; ++i) {
        Peer client = front.connect();
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 200") << i;
    }
}

TEST(Listener, SurvivesDescriptorExhaustion)
{
    Front front{ok};
    Peer before = front.connect();
    before.send(request);
    EXPECT_EQ(status_of(before.reply()), "HTTP/1.1 200");
    Peer waiting = front.connect();  // Made first: it needs a descriptor itself.
    waiting.send(request);
    EXPECT_EQ(status_of(waiting.reply()), "HTTP/1.1 200");

    // UBSan opens a pipe when it meets a type for the first time: show it the logger before, and
    // nothing behind it.
    const auto level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);
    SPILLWAY_WARN("descriptors run out now");
    const int late = ::socket(AF_INET, SOCK_STREAM, 0);
    rlimit saved{};
    ::getrlimit(RLIMIT_NOFILE, &saved);
    rlimit none = saved;
    none.rlim_cur = static_cast<rlim_t>(late) + 1;
    ::setrlimit(RLIMIT_NOFILE, &none);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(front.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(late, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    Peer starved{late};
    starved.send(request);
    waiting.send(request);
    EXPECT_EQ(status_of(waiting.reply()), "HTTP/1.1 200");
    ::setrlimit(RLIMIT_NOFILE, &saved);
    spdlog::set_level(level);
    EXPECT_EQ(status_of(starved.reply()), "HTTP/1.1 200");
}

TEST(Listener, StopsAcceptingWhenClosed)
{
    Front front{ok};
    front.listener().close();
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(front.port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_NE(::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    ::close(descriptor);
}

}  // namespace
}  // namespace spillway::net
