#include "spillway/net/tls.hpp"

#include <atomic>
#include <optional>
#include <string>

#include "unit/net/certificates.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::Authority;
using testing::Front;
using testing::Peer;
using testing::ShardThread;

using namespace std::chrono_literals;

/// Both ends are ours: a front door with a certificate, and a call to it.
class Tls : public ::testing::Test {
protected:
    struct Seen {
        std::string body;
        std::optional<CallFault> fault;
        std::string message;
    };

    [[nodiscard]] FrontDoor door(const Authority::Files& files)
    {
        auto tls = load_front_tls(files.certificate, files.key);
        EXPECT_TRUE(tls) << (tls ? "" : tls.error().message());
        FrontDoor made;
        made.tls = *tls;
        return made;
    }

    Handler counting()
    {
        return [this](Exchange& exchange) -> Task<void> {
            ++requests_;
            auto body = co_await exchange.read_body();
            HeaderLines headers;
            const std::string text = body ? std::string{*body} : "no body";
            (void)co_await exchange.reply(200, headers, text);
        };
    }

    Task<void> call(std::uint16_t port, std::string host, std::string body, Seen& seen)
    {
        UpstreamCall upstream{shard_.shard()};
        net::Origin origin;
        origin.host = host;
        origin.port = port;
        origin.tls = true;
        origin.ca_file = authority_.ca_file();
        UpstreamRequest request;
        request.head =
            "POST / HTTP/1.1\r\nHost: u\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n\r\n";
        const std::string_view part = body;
        request.body = {&part, 1};
        const CallBounds bounds(privacy::Passage::without_request());
        const auto head = co_await upstream.start(origin, request, bounds);
        if (!head) {
            seen.fault = head.error().fault;
            seen.message = head.error().message;
            co_return;
        }
        while (true) {
            const auto piece = co_await upstream.read(std::chrono::steady_clock::now() + 10s);
            if (!piece)
                seen.fault = piece.error().fault;
            if (!piece || piece->empty())
                co_return;
            seen.body += *piece;
        }
    }

    Seen ask(const Front& front, const std::string& host, const std::string& body = "ask")
    {
        Seen seen;
        shard_.go([&] { return call(front.port(), host, body, seen); }).wait();
        return seen;
    }

    Authority authority_;
    ShardThread shard_;
    std::atomic<int> requests_{0};
};

TEST_F(Tls, CarriesARequestToATrustedHost)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    const Seen seen = ask(front, "localhost");
    EXPECT_EQ(seen.body, "ask") << seen.message;
}

TEST_F(Tls, TrustsAnAddressInTheCertificate)
{
    Front front{counting(), door(authority_.issue("IP:127.0.0.1"))};
    EXPECT_EQ(ask(front, "127.0.0.1").body, "ask");
}

TEST_F(Tls, CarriesBodiesOfManyRecordsBothWays)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    const std::string body(2'000'000, 'r');
    EXPECT_EQ(ask(front, "localhost", body).body, body);
}

TEST_F(Tls, UsesTheConnectionAgain)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    EXPECT_EQ(ask(front, "localhost").body, "ask");
    EXPECT_EQ(shard_.on([&] { return shard_.shard().upstreams().idle_connections(); }), 1u);
    EXPECT_EQ(ask(front, "localhost").body, "ask");
    EXPECT_EQ(requests_, 2);
}

TEST_F(Tls, TakesUpTheSessionOfAnEarlierConnection)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    EXPECT_EQ(ask(front, "localhost").body, "ask");
    shard_.on([&] { shard_.shard().upstreams().close_idle(); });
    EXPECT_EQ(ask(front, "localhost").body, "ask");
}

TEST_F(Tls, SendsNothingToAHostOfAnotherName)
{
    Front front{counting(), door(authority_.issue("DNS:other.example"))};
    const Seen seen = ask(front, "localhost");
    EXPECT_EQ(seen.fault, CallFault::tls);
    EXPECT_NE(seen.message.find("hostname"), std::string::npos) << seen.message;
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToAnAddressThatTheCertificateDoesNotName)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    EXPECT_EQ(ask(front, "127.0.0.1").fault, CallFault::tls);
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToAnExpiredCertificate)
{
    Front front{counting(), door(authority_.issue("DNS:localhost", -60))};
    const Seen seen = ask(front, "localhost");
    EXPECT_EQ(seen.fault, CallFault::tls);
    EXPECT_NE(seen.message.find("expired"), std::string::npos) << seen.message;
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, SendsNothingToACertificateSignedByItself)
{
    Front front{counting(), door(authority_.self_signed("DNS:localhost"))};
    EXPECT_EQ(ask(front, "localhost").fault, CallFault::tls);
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, FailsWithAPlainServer)
{
    Front front{counting()};
    EXPECT_EQ(ask(front, "localhost").fault, CallFault::tls);
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, GivesUpOnAHandshakeThatStalls)
{
    testing::FakeServer server;
    Seen seen;
    auto done = shard_.go([&]() -> Task<void> {
        UpstreamCall upstream{shard_.shard()};
        net::Origin origin;
        origin.host = "127.0.0.1";
        origin.port = server.port();
        origin.tls = true;
        UpstreamRequest request;
        request.head = "GET / HTTP/1.1\r\nHost: u\r\n\r\n";
        CallBounds bounds(privacy::Passage::without_request());
        bounds.connect = Millis{30};
        const auto head = co_await upstream.start(origin, request, bounds);
        if (!head)
            seen.fault = head.error().fault;
    });
    Peer peer = server.accept();
    done.wait();
    EXPECT_EQ(seen.fault, CallFault::connect_timeout);
}

TEST_F(Tls, FrontDoorClosesOnWhatIsNoHandshake)
{
    Front front{counting(), door(authority_.issue("DNS:localhost"))};
    Peer client = front.connect();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.rest();
    EXPECT_EQ(requests_, 0);
}

TEST_F(Tls, FrontDoorCutsAHandshakeThatStalls)
{
    FrontDoor made = door(authority_.issue("DNS:localhost"));
    made.limits.head_timeout = Millis{30};
    Front front{counting(), made};
    Peer client = front.connect();
    client.send(std::string_view{"\x16\x03\x01", 3});
    EXPECT_EQ(client.rest(), "");
}

TEST_F(Tls, NamesTheFileThatCannotBeLoaded)
{
    const auto files = authority_.issue("DNS:localhost");
    const auto other = authority_.issue("DNS:localhost");
    const std::string missing = authority_.folder() + "/missing.pem";
    EXPECT_NE(load_front_tls(missing, files.key).error().message().find(missing),
              std::string::npos);
    EXPECT_NE(load_front_tls(files.certificate, missing).error().message().find(missing),
              std::string::npos);
    EXPECT_EQ(load_front_tls(files.certificate, other.key).error().code(), Errc::bad_config);
    EXPECT_EQ(UpstreamTls::open(missing).error().code(), Errc::bad_config);
}

}  // namespace
}  // namespace spillway::net
