#include "spillway/net/server_connection.hpp"

#include <new>
#include <string>
#include <vector>

#include "unit/net/echo.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::chunked;
using testing::echo;
using testing::Front;
using testing::get;
using testing::Peer;
using testing::post;
using testing::status_of;

TEST(ServerConnection, AnswersAndKeepsTheConnection)
{
    Front front{echo};
    Peer client = front.connect();
    for (int i = 0; i < 3; ++i) {
        client.send(get("/a"));
        const std::string reply = client.reply();
        EXPECT_EQ(status_of(reply), "HTTP/1.1 200");
        EXPECT_TRUE(reply.ends_with("/a|"));
    }
}

TEST(ServerConnection, ReadsAHeadAndBodyCutAnywhere)
{
    Front front{echo};
    const std::string whole = post("hello", "X: y\r\n");
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        Peer client = front.connect();
        client.send(whole.substr(0, cut));
        client.send(whole.substr(cut));
        EXPECT_TRUE(client.reply().ends_with("/x|hello")) << cut;
    }
}

TEST(ServerConnection, ReadsAChunkedBodyByteByByte)
{
    Front front{echo};
    Peer client = front.connect();
    for (const char c : chunked("3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n") + get("/next"))
        client.send(std::string_view{&c, 1});
    EXPECT_TRUE(client.reply().ends_with("/x|abcde"));
    EXPECT_TRUE(client.reply().ends_with("/next|"));
}

TEST(ServerConnection, ReadsBodiesLargerThanEveryBlock)
{
    Front front{echo};
    Peer client = front.connect();
    const std::string body(3'000'000, 'b');
    std::thread writer{[&] { client.send(post(body)); }};
    const std::string reply = client.reply();
    writer.join();
    EXPECT_TRUE(reply.ends_with("/x|" + body));
}

TEST(ServerConnection, ReadsALargeChunkedBody)
{
    Front front{echo};
    Peer client = front.connect();
    const std::string part(70'000, 'c');
    std::string wire;
    for (int i = 0; i < 10; ++i)
        wire += "11170\r\n" + part + "\r\n";
    std::thread writer{[&] { client.send(chunked(wire + "0\r\n\r\n")); }};
    const std::string reply = client.reply();
    writer.join();
    EXPECT_EQ(reply.size() - reply.find('|') - 1, 700'000u);
}

TEST(ServerConnection, ReadsRequestsOfChangingSizesOnOneConnection)
{
    Front front{echo};
    Peer client = front.connect();
    for (const std::size_t size : {100'000u, 100'000u, 10u, 130'900u, 131'000u, 131'000u, 400'000u,
                                   50'000u, 65'300u, 16'100u, 16'300u, 0u, 100'000u}) {
        const std::string body(size, static_cast<char>('a' + size % 26));
        std::thread writer{[&] { client.send(post(body)); }};
        const std::string reply = client.reply();
        writer.join();
        EXPECT_TRUE(reply.ends_with("/x|" + body)) << size;
    }
}

TEST(ServerConnection, ReadsALargeRequestBehindOthersInTheSameBytes)
{
    Front front{echo};
    Peer client = front.connect();
    const std::string body(100'000, 'b');
    std::thread writer{[&] { client.send(post(body) + get("/a") + post(body) + get("/b")); }};
    EXPECT_TRUE(client.reply().ends_with("/x|" + body));
    EXPECT_TRUE(client.reply().ends_with("/a|"));
    EXPECT_TRUE(client.reply().ends_with("/x|" + body));
    EXPECT_TRUE(client.reply().ends_with("/b|"));
    writer.join();
}

TEST(ServerConnection, SaysWhenItAnswered)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(get("/a"));
    const std::string reply = client.reply();
    const std::size_t at = reply.find("\r\nDate: ");
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(reply.find("\r\n", at + 2), at + 2 + 35);
    EXPECT_EQ(reply.find("Date: ", at + 8), std::string::npos);
}

TEST(ServerConnection, AnswersPipelinedRequestsInOrder)
{
    Front front{echo};
    Peer client = front.connect();
    std::string wire;
    for (int i = 0; i < 50; ++i)
        wire += i % 2 == 0 ? get("/" + std::to_string(i)) : post(std::to_string(i));
    client.send(wire);
    for (int i = 0; i < 50; ++i) {
        const std::string end =
            i % 2 == 0 ? "/" + std::to_string(i) + "|" : "/x|" + std::to_string(i);
        EXPECT_TRUE(client.reply().ends_with("\r\n\r\n" + end)) << i;
    }
}

TEST(ServerConnection, SkipsAnEmptyLineBeforeARequest)
{
    Front front{echo};
    Peer client = front.connect();
    client.send("\r\n" + get("/a"));
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 200");
}

TEST(ServerConnection, ClosesWhenTheClientWantsIt)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(get("/a", "Connection: close\r\n"));
    const std::string all = client.rest();
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(all.ends_with("/a|"));
}

TEST(ServerConnection, SendsNoBodyForHead)
{
    Front front{echo};
    Peer client = front.connect();
    client.send("HEAD /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const std::string all = client.rest();
    EXPECT_NE(all.find("Content-Length: 3\r\n"), std::string::npos);
    EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

// Refusals

struct BadStart {
    std::string name;
    std::string bytes;
    std::string status;
};

void PrintTo(const BadStart& bad, std::ostream* out)
{
    *out << bad.name;
}

class ServerConnectionRefuses : public ::testing::TestWithParam<BadStart> {};

TEST_P(ServerConnectionRefuses, AndClosesCleanly)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(GetParam().bytes);
    const std::string all = client.rest();
    EXPECT_EQ(status_of(all), GetParam().status);
    EXPECT_TRUE(all.ends_with("{\"refused\":true}")) << all;
    EXPECT_EQ(all.find("HTTP/1.1", 1), std::string::npos) << "two replies";
}

INSTANTIATE_TEST_SUITE_P(
    Starts, ServerConnectionRefuses,
    ::testing::Values(
        BadStart{"TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "HTTP/1.1 400"},
        BadStart{"SSH", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 400"},
        BadStart{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400"},
        BadStart{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400"},
        BadStart{"both framings",
                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                 "HTTP/1.1 400"},
        BadStart{"CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405"},
        BadStart{"long head", get("/", "X: " + std::string(40'000, 'x') + "\r\n"),
                 "HTTP/1.1 431"}));

std::string many_fields(int count)
{
    std::string lines;
    for (int i = 0; i < count; ++i)
        lines += "A:\r\n";
    return get("/", lines);
}

TEST(ServerConnection, RefusesTooManyFieldsHoweverTheyArrive)
{
    Front front{echo};
    const std::string head = many_fields(5'000);
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, std::size_t{4}, std::size_t{5},
                                   std::size_t{1'447}, head.size()}) {
        Peer client = front.connect();
        for (std::size_t at = 0; at < head.size(); at += step)
            if (!client.send(head.substr(at, step)))
                break;
        EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 431") << step;
    }
}

TEST(ServerConnection, RefusesAHeadThatDoesNotEnd)
{
    Front front{echo};
    Peer client = front.connect();
    std::thread writer{[&] {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 0; i < 20'000; ++i)
            if (!client.send("Some-Header: some value\r\n"))
                break;
    }};
    const std::string all = client.rest();
    writer.join();
    EXPECT_EQ(status_of(all), "HTTP/1.1 431");
}

TEST(ServerConnection, CutsASlowHead)
{
    FrontDoor door;
    door.limits.head_timeout = Millis{50};
    Front front{echo, door};
    Peer client = front.connect();
    client.send("GET / HTTP/1.1\r\n");
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 408");
}

TEST(ServerConnection, CutsAConnectionThatNeverBegins)
{
    FrontDoor door;
    door.limits.head_timeout = Millis{50};
    Front front{echo, door};
    Peer client = front.connect();
    EXPECT_EQ(client.rest(), "");
}

TEST(ServerConnection, CutsAnIdleConnection)
{
    FrontDoor door;
    door.limits.idle_timeout = Millis{50};
    Front front{echo, door};
    Peer client = front.connect();
    client.send(get("/a"));
    EXPECT_TRUE(client.rest().ends_with("/a|"));
}

TEST(ServerConnection, CutsASlowBody)
{
    FrontDoor door;
    door.limits.body_timeout = Millis{50};
    door.limits.min_body_rate = 1'000'000;
    Front front{echo, door};
    Peer client = front.connect();
    const std::string whole = post("hello");
    client.send(whole.substr(0, whole.size() - 2));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 408");
}

TEST(ServerConnection, ClosesWhenTheHandlerDoesNotReply)
{
    Front front{[](Exchange&) -> Task<void> { co_return; }};
    Peer client = front.connect();
    client.send(get("/"));
    EXPECT_EQ(client.rest(), "");
}

TEST(ServerConnection, SurvivesAHandlerThatThrows)
{
    Front front{[](Exchange& exchange) -> Task<void> {
        if (exchange.head().path == "/throw")
            throw std::bad_alloc{};
        co_await echo(exchange);
    }};
    Peer client = front.connect();
    client.send(get("/throw"));
    EXPECT_EQ(client.rest(), "");
    Peer other = front.connect();
    other.send(get("/a"));
    EXPECT_EQ(status_of(other.reply()), "HTTP/1.1 200");
}

// Draining

TEST(ServerConnection, ClosesIdleConnectionsOnDrain)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(get("/a"));
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 200");
    front.shard().on([&] { front.shard().shard().drain(); });
    EXPECT_EQ(client.rest(), "");
}

TEST(ServerConnection, FinishesTheRunningExchangeOnDrain)
{
    std::promise<void> entered;
    Event go;
    Front front{[&](Exchange& exchange) -> Task<void> {
        entered.set_value();
        co_await go.wait();
        co_await echo(exchange);
    }};
    Peer client = front.connect();
    client.send(get("/a"));
    entered.get_future().wait();
    front.shard().on([&] {
        front.shard().shard().drain();
        go.set();
    });
    const std::string all = client.rest();
    EXPECT_NE(all.find("Connection: close"), std::string::npos);
    EXPECT_TRUE(all.ends_with("/a|"));
}

TEST(ServerConnection, EndsAtOnceOnAShardThatWasAborted)
{
    Front front{echo};
    front.shard().on([&] { front.shard().shard().abort(); });
    EXPECT_EQ(front.connect().rest(), "");
}

}  // namespace
}  // namespace spillway::net
