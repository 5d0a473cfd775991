#include "spillway/net/exchange.hpp"

#include <mutex>
#include <string>
#include <vector>

#include "unit/net/compress.hpp"
#include "unit/net/echo.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::chunked;
using testing::echo;
using testing::Front;
using testing::get;
using testing::gzipped;
using testing::Peer;
using testing::post;
using testing::status_of;
using testing::zstded;

/// Answers without looking at the body.
Task<void> refuse_unread(Exchange& exchange)
{
    HeaderLines headers;
    (void)co_await exchange.reply(401, headers, "no");
}

// Bodies

TEST(Exchange, RefusesADeclaredBodyBeforeItComes)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(Exchange, RefusesAChunkedBodyThatGrowsTooLarge)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    client.send(chunked("3e9\r\n" + std::string(1'001, 'x') + "\r\n0\r\n\r\n"));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(Exchange, LetsAClientSeeTheRefusalOfABodyItIsStillSending)
{
    FrontDoor door;
    door.limits.max_body = 1'000;
    Front front{echo, door};
    Peer client = front.connect();
    EXPECT_TRUE(client.send(post(std::string(8'000'000, 'x'))));
    EXPECT_EQ(status_of(client.rest()), "HTTP/1.1 413");
}

TEST(Exchange, RefusesBadChunks)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(chunked("5\nhello\r\n0\r\n\r\n") + get("/smuggled"));
    const std::string all = client.rest();
    EXPECT_EQ(status_of(all), "HTTP/1.1 400");
    EXPECT_EQ(all.find("smuggled"), std::string::npos);
}

TEST(Exchange, ReadsASmallUnreadBodyAwayAndGoesOn)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    client.send(post("first") + post(std::string(30'000, 'x')) + post("third"));
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 401") << i;
}

TEST(Exchange, ClosesBehindALargeUnreadBody)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    EXPECT_TRUE(client.send(post(std::string(2'000'000, 'x'))));
    const std::string all = client.rest();
    EXPECT_EQ(status_of(all), "HTTP/1.1 401");
    EXPECT_NE(all.find("Connection: close"), std::string::npos);
}

TEST(Exchange, AsksForABodyThatWaitsToBeAskedFor)
{
    Front front{echo};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_TRUE(client.reply().ends_with("/x|hello"));
}

TEST(Exchange, DoesNotAskForABodyItWillNotRead)
{
    Front front{refuse_unread};
    Peer client = front.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 401");
}

TEST(Exchange, DecodesCompressedBodies)
{
    Front front{echo};
    Peer client = front.connect();
    client.send(post(gzipped("squeezed"), "Content-Encoding: gzip\r\n"));
    EXPECT_TRUE(client.reply().ends_with("/x|squeezed"));
    client.send(post(zstded("squeezed"), "Content-Encoding: zstd\r\n"));
    EXPECT_TRUE(client.reply().ends_with("/x|squeezed"));
}

TEST(Exchange, RefusesOtherEncodingsAndBombs)
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

TEST(Exchange, StreamsInChunks)
{
    Front front{stream_three};
    Peer client = front.connect();
    client.send(get("/"));
    EXPECT_NE(client.until("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);
    EXPECT_EQ(client.until("0\r\n\r\n"), "4\r\none\n\r\n4\r\ntwo\n\r\n6\r\nthree\n\r\n0\r\n\r\n");
    client.send(get("/"));
    EXPECT_EQ(status_of(client.until("\r\n\r\n")), "HTTP/1.1 200");
}

TEST(Exchange, StreamsToTheEndOfTheConnectionFor10)
{
    Front front{stream_three};
    Peer client = front.connect();
    client.send("GET / HTTP/1.0\r\n\r\n");
    const std::string all = client.rest();
    EXPECT_TRUE(all.ends_with("\r\n\r\none\ntwo\nthree\n"));
    EXPECT_EQ(all.find("chunked"), std::string::npos);
}

TEST(Exchange, LeavesACutStreamWithoutItsLastChunk)
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

TEST(Exchange, WaitsForASlowClientAndLosesNothing)
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

TEST(Exchange, CutsAClientThatDoesNotRead)
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
    std::promise<void> entered;
    std::promise<bool> gone;
    Handler handler()
    {
        return [this](Exchange& exchange) -> Task<void> {
            entered.set_value();
            const auto body = co_await exchange.read_body();
            Event left;
            exchange.on_client_gone([&left] { left.set(); });
            co_await left.wait();
            gone.set_value(exchange.client_gone());
        };
    }
};

TEST(Exchange, NoticesAClientThatClosesWhileTheHandlerWaits)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(post("x"));
    client.close();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(Exchange, NoticesAClientThatResets)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    client.reset();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(Exchange, NoticesAResetThatCameTogetherWithTheRequest)
{
    std::promise<bool> gone;
    Front front{[&gone](Exchange& exchange) -> Task<void> {
        if (exchange.head().path == "/first") {
            co_await echo(exchange);
            co_return;
        }
        Event left;
        exchange.on_client_gone([&left] { left.set(); });
        co_await left.wait();
        gone.set_value(exchange.client_gone());
    }};
    Peer client = front.connect();
    client.send(get("/first"));
    EXPECT_EQ(status_of(client.reply()), "HTTP/1.1 200");
    std::promise<void> both_sent;
    front.shard().shard().post([held = both_sent.get_future().share()] { held.wait(); });
    client.send(get("/second"));
    client.reset();
    both_sent.set_value();
    EXPECT_TRUE(gone.get_future().get());
}

TEST(Exchange, TakesAHalfCloseForLeaving)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    client.shut_writing();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(Exchange, NoticesALeavingClientBehindPipelinedBytes)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/") + get("/next"));
    client.close();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(Exchange, NoticesALeavingClientBehindMorePipelinedBytesThanItReads)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    std::string many;
    while (many.size() < 60'000)
        many += get("/next");
    client.send(get("/") + many);
    waiter.entered.get_future().wait();
    client.close();
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(Exchange, TellsAHandlerWhenTheShardAborts)
{
    Waiter waiter;
    Front front{waiter.handler()};
    Peer client = front.connect();
    client.send(get("/"));
    waiter.entered.get_future().wait();
    front.shard().on([&] { front.shard().shard().abort(); });
    EXPECT_TRUE(waiter.gone.get_future().get());
}

TEST(HeaderLines, CannotBeSplit)
{
    HeaderLines lines;
    lines.add("X", "a\r\nSet-Cookie: b").add("Y", std::string_view{"a\0b", 3}).add("Z", -5);
    EXPECT_EQ(lines.text(), "X: a??Set-Cookie: b\r\nY: a?b\r\nZ: -5\r\n");
}

TEST(HeaderLines, CannotBeSplitAnywhereInALongLine)
{
    using namespace std::string_literals;
    for (std::size_t at = 0; at < 40; ++at)
        for (const char c : "\r\n\0"s) {
            std::string value(40, 'v');
            value[at] = c;
            HeaderLines lines;
            lines.add("Name", value);
            value[at] = '?';
            EXPECT_EQ(lines.text(), "Name: " + value + "\r\n") << at;
        }
}

TEST(HeaderLines, KeepsAllOtherBytesAndMoreThanUsual)
{
    HeaderLines lines;
    std::string all;
    for (int i = 0; i < 100; ++i) {
        const std::string value = "a\tb\x7f\xc3\xa9" + std::string(50, 'x');
        lines.add("Name", value).add("", "").add("N", i);
        all += "Name: " + value + "\r\n: \r\nN: " + std::to_string(i) + "\r\n";
    }
    EXPECT_EQ(lines.text(), all);
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
