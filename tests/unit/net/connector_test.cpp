#include "spillway/net/connector.hpp"

#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::FakeServer;
namespace ip = boost::asio::ip;

/// Runs a connector to its end on the test's own thread.
struct Attempt {
    explicit Attempt(std::vector<ip::address> addresses, std::uint16_t port)
        : connector(io, wheel, std::move(addresses), port, wake)
    {
        connector.start();
        while (!connector.done())
            io.run_one();
    }
    boost::asio::io_context io;
    DeadlineWheel wheel{io};
    Event wake;
    Connector connector;
};

TEST(Connector, Connects)
{
    FakeServer server;
    Attempt attempt{{ip::make_address("127.0.0.1")}, server.port()};
    EXPECT_TRUE(attempt.connector.take().is_open());
}

TEST(Connector, GoesOnToTheNextAddress)
{
    FakeServer server;
    Attempt attempt{
        {ip::make_address("::1"), ip::make_address("127.0.0.2"), ip::make_address("127.0.0.1")},
        server.port()};
    EXPECT_TRUE(attempt.connector.take().is_open());
}

TEST(Connector, SaysWhyNoneAnswered)
{
    FakeServer server;
    server.close();
    Attempt attempt{{ip::make_address("127.0.0.1")}, server.port()};
    EXPECT_FALSE(attempt.connector.take().is_open());
    EXPECT_EQ(attempt.connector.complaint(), "Connection refused");
}

TEST(Connector, HasNothingToTryWithoutAddresses)
{
    Attempt attempt{{}, 80};
    EXPECT_FALSE(attempt.connector.take().is_open());
}

TEST(Connector, DoesNotWaitLongForADeadFirstAddress)
{
    // A listening socket whose queue is full does not answer: what a dead address looks like.
    FakeServer alive;
    const int deaf = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(alive.port());
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    ASSERT_EQ(::bind(deaf, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    ASSERT_EQ(::listen(deaf, 0), 0);
    std::vector<testing::Peer> queue;
    for (int i = 0; i < 4; ++i) {
        const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        ::connect(one, reinterpret_cast<sockaddr*>(&at), sizeof at);
        queue.emplace_back(one);
    }
    Attempt attempt{{ip::make_address("127.0.0.2"), ip::make_address("127.0.0.1")}, alive.port()};
    EXPECT_TRUE(attempt.connector.take().is_open());
    ::close(deaf);
}

}  // namespace
}  // namespace spillway::net
