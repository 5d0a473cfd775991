#include "spillway/net/exchange.hpp"

#include <mutex>
#include <string>
#include <vector>

#include "unit/net/compress.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::Front;
using testing::gzipped;
using testing::Peer;
using testing::status_of;
using testing::zstded;

/// Answers with target and body, or with the name of what was wrong with the body.
Task<void> echo(Exchange& exchange)
{
    const std::string target{exchange.head().target};
    auto body = co_await exchange.read_body();
    HeaderLines headers;
    headers.add("Content-Type", "text/plain");
    if (!body) {
        const std::string name{describe(body.error().code()).name};
        (void)co_await exchange.reply(describe(body.error().code()).status, headers, name);
        co_return;
    }
    const std::string text = target + "|" + std::string{*body};
    (void)co_await exchange.reply(200, headers, text);
}

/// Answers without looking at the body.
Task<void> refuse_unread(Exchange& exchange)
{
    HeaderLines headers;
    (void)co_await exchange.reply(401, headers, "no");
}

std::string get(std::string_view target, std::string_view extra = "")
{
    return "GET " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n" + std::string{extra} + "\r\n";
}

std::string post(std::string_view body, std::string_view extra = "")
{
    return "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string{extra} + "\r\n" + std::string{body};
}

std::string chunked(std::string_view body)
{
    return "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body};
}

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
    client.send(post("hello").substr(0, 60));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 408");
}

// Bodies

TEST(ServerConnection, RefusesADeclaredBodyBeforeItComes)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(ServerConnection, RefusesAChunkedBodyThatGrowsTooLarge)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    client.send(chunked("3e9\r\n" + std::string(1'001, 'x') + "\r\n0\r\n\r\n"));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(ServerConnection, LetsAClientSeeTheRefusalOfABodyItIsStillSending)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    EXPECT_TRUE(client.send(post(std::string(8'000'000, 'x'))));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(ServerConnection, RefusesBadChunks)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(chunked("5\nhello\r\n0\r\n\r\n") + get("/smuggled"));
    const std::string all = client.rest();
    EXPECT_EQ(status_of(all), "HTTP/1.1 400");
    EXPECT_EQ(all.find("smuggled"), std::string::npos);
}

TEST(ServerConnection, ReadsASmallUnreadBodyAwayAndGoesOn)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    client.send(post("first") + post(std::string(30'000, 'x')) + post("third"));
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 401") << i;
}

TEST(ServerConnection, ClosesBehindALargeUnreadBody)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    EXPECT_TRUE(client.send(post(std::string(2'000'000, 'x'))));
    const std::string all = client.rest();
    EXPECT_EQ(status_of(all), "HTTP/1.1 401");
    EXPECT_NE(all.find("Connection: close"), std::string::npos);
}

TEST(ServerConnection, AsksForABodyThatWaitsToBeAskedFor)
{
    Front front{echo};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_TRUE(client.reply().ends_with("/x|hello"));
}

TEST(ServerConnection, DoesNotAskForABodyItWillNotRead)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 401");
}

TEST(ServerConnection, DecodesCompressedBodies)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(post(gzipped("squeezed"), "Content-Encoding: gzip\r\n"));
    EXPECT_TRUE(client.reply().ends_with("/x|squeezed"));
    client.send(post(zstded("squeezed"), "Content-Encoding: zstd\r\n"));
    EXPECT_TRUE(client.reply().ends_with("/x|squeezed"));
}

TEST(ServerConnection, RefusesOtherEncodingsAndBombs)
{
    FrontDoor door;
    door.limits.max_body = 100'000;
    Front front{echo, door};
    Peer client = front.connect();
    client.send(post("x", "Content-Encoding: br\r\n"));
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 415");
    Peer bomber = front.connect();
    bomber.send(post(gzipped(std::string(1'000'000, 'x')), "Content-Encoding: gzip\r\n"));
    EXPECT_EQ(status_of(bomber.reply()), "HTTP/1.1 413");
    Peer liar = front.connect();
    liar.send(post("not gzip", "Content-Encoding: gzip\r\n"));
    EXPECT_EQ(status_of(liar.reply()), "HTTP/1.1 400");
}

// Streams

Task<void> stream_three(Exchange& exchange)
{
    HeaderLines headers;
    headers.add("Content-Type", "text/event-stream");
    exchange.begin_stream(200, headers);
    exchange.release_body();
    (void)co_await exchange.send("one\n");
    (void)co_await exchange.send("two\n");
    (void)co_await exchange.send_last("three\n");
}

TEST(ServerConnection, StreamsInChunks)
{
    Front front{stream_three};
    Peer client = front.connect();
    client.send(get("/"));
    EXPECT_NE(client.until("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_EQ(client.until("0\r\n\r\n"), "4\r\none\n\r\n4\r\ntwo\n\r\n6\r\nthree\n\r\n0\r\n\r\n");
    client.send(get("/"));
    EXPECT_EQ(status_of(client.until("\r\n\r\n")), "HTTP/1.1 200");
}

TEST(ServerConnection, StreamsToTheEndOfTheConnectionFor10)
{
    Front front{stream_three};
    Peer client = front.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    const std::string all = client.rest();
    EXPECT_TRUE(all.ends_with("\r\n\r\none\ntwo\nthree\n"));
    EXPECT_EQ(all.find("chunked"), std::string::npos);
}

TEST(ServerConnection, LeavesACutStreamWithoutItsLastChunk)
{
    Front front{[](Exchange& exchange) -> Task<void> {
        HeaderLines headers;
        exchange.begin_stream(200, headers);
        (void)co_await exchange.send("half");
    }};
    Peer client = front.connect();
    client.send(get("/"));
    EXPECT_TRUE(client.rest().ends_with("4\r\nhalf\r\n"));
}

TEST(ServerConnection, WaitsForASlowClientAndLosesNothing)
{
    const std::string piece(100'000, 'p');
    Front front{[&piece](Exchange& exchange) -> Task<void> {
        HeaderLines headers;
        exchange.begin_stream(200, headers);
        for (int i = 0; i < 100; ++i)
            (void)co_await exchange.send(piece);
        (void)co_await exchange.send_last("");
    }};
    Peer client = Peer::connect(front.port(), 4'096);
    client.send(get("/", "Connection: close\r\n"));
    const std::string all = client.rest();
    EXPECT_TRUE(all.ends_with("0\r\n\r\n"));
    EXPECT_GT(all.size(), 10'000'000u);
}

TEST(ServerConnection, CutsAClientThatDoesNotRead)
{
    FrontDoor door;
    door.limits.write_stall_timeout = Millis{50};
    std::promise<Errc> ended;
    Front front{[&ended](Exchange& exchange) -> Task<void> {
                    HeaderLines headers;
                    exchange.begin_stream(200, headers);
                    const std::string piece(1'000'000, 'p');
                    while (true) {
                        const auto sent = co_await exchange.send(piece);
                        if (sent)
                            continue;
                        ended.set_value(sent.error().code());
                        co_return;
                    }
                },
                door};
    Peer client = Peer::connect(front.port(), 4'096);
    client.send(get("/"));
    EXPECT_EQ(ended.get_future().get(), Errc::client_gone);
}

// Clients that leave

/// Waits until the client is gone, and says so.
struct Waiter {
    std::promise<bool> gone;
    Handler handler()
    {
        return [this](Exchange& exchange) -> Task<void> {
            const auto body = co_await exchange.read_body();
            Event left;
            exchange.on_client_gone([&left] { left.set(); });
            co_await left.wait();
            gone.set_value(exchange.client_gone());
        };
    }
};

TEST(ServerConnection, NoticesAClientThatClosesWhileTheHandlerWaits)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(post("x"));
    client.close();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(ServerConnection, NoticesAClientThatResets)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    client.reset();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(ServerConnection, TakesAHalfCloseForLeaving)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    client.shut_writing();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(ServerConnection, NoticesALeavingClientBehindPipelinedBytes)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/") + get("/next"));
    client.close();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(ServerConnection, TellsAHandlerWhenTheShardAborts)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    front.shard().on([&] { front.shard().shard().abort(); });
    EXPECT_TRUE(waiter.gone.get_future().get());
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

TEST(HeaderLines, CannotBeSplit)
{
    HeaderLines lines;
    lines.add("X", "a\r\nSet-Cookie: b").add("Y", std::string_view{"a\0b", 3}).add("Z", -5);
    EXPECT_EQ(lines.text(), "X: a??Set-Cookie: b\r\nY: a?b\r\nZ: -5\r\n");
}

TEST(Exchange, KnowsItsPeer)
{
    Front front{[](Exchange& exchange) -> Task<void> {
        HeaderLines headers;
        const std::string address = exchange.peer_address();
        (void)co_await exchange.reply(200, headers, address);
    }};
    Peer client = front.connect();
    client.send(get("/"));
    EXPECT_TRUE(client.reply().ends_with("127.0.0.1"));
}

}  // namespace
}  // namespace spillway::net
