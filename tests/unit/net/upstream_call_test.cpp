#include <mutex>
#include <string>
#include <vector>

#include "spillway/net/tcp_info.hpp"
#include "spillway/net/upstream.hpp"
#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::FakeServer;
using testing::Peer;
using testing::ShardThread;

using namespace std::chrono_literals;

TimePoint in(Millis time)
{
    return std::chrono::steady_clock::now() + time;
}

net::Origin at(std::uint16_t port, std::string host = "127.0.0.1")
{
    net::Origin origin;
    origin.host = std::move(host);
    origin.port = port;
    return origin;
}

/// What one whole call gave.
struct Seen {
    int status = 0;
    std::string body;
    std::optional<CallFault> fault;
    std::string message;
    std::string type;
    bool sent = false;
};

struct Ask {
    std::string body = "ask";
    std::string method = "POST";
    CallBounds bounds{privacy::Passage::without_request()};
    Millis idle{5'000};
};

Task<void> call(Shard& shard, net::Origin origin, Ask ask, Seen& seen)
{
    UpstreamCall upstream{shard};
    UpstreamRequest request;
    request.head = ask.method + " /v1 HTTP/1.1\r\nHost: u\r\nContent-Length: " +
                   std::to_string(ask.body.size()) + "\r\n\r\n";
    const std::string_view body = ask.body;
    request.body = {&body, 1};
    const auto head = co_await upstream.start(origin, request, ask.bounds);
    seen.sent = upstream.request_sent();
    if (!head) {
        seen.fault = head.error().fault;
        seen.message = head.error().message;
        co_return;
    }
    seen.status = (*head)->status;
    seen.type = std::string{(*head)->fields["content-type"]};
    while (true) {
        const auto piece = co_await upstream.read(in(ask.idle));
        if (!piece) {
            seen.fault = piece.error().fault;
            seen.message = piece.error().message;
            co_return;
        }
        if (piece->empty())
            break;
        seen.body += *piece;
    }
}

class UpstreamCallTest : public ::testing::Test {
protected:
    /// Runs one call while the test plays the server. The peer stays open until the next call.
    Seen ask(const std::function<void(Peer&)>& play, Ask question = {})
    {
        Seen seen;
        auto done =
            shard_.go([&] { return call(shard_.shard(), at(server_.port()), question, seen); });
        peer_ = server_.accept();
        play(peer_);
        done.wait();
        return seen;
    }

    /// Runs one call on a connection that is open already.
    Seen ask_again(Peer& peer, const std::function<void(Peer&)>& play)
    {
        Seen seen;
        auto done =
            shard_.go([&] { return call(shard_.shard(), at(server_.port()), Ask{}, seen); });
        play(peer);
        done.wait();
        return seen;
    }

    std::size_t idle()
    {
        return shard_.on([&] { return shard_.shard().upstreams().idle_connections(); });
    }

    FakeServer server_;
    Peer peer_{-1};
    ShardThread shard_;
};

constexpr std::string_view ok_reply =
    "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(UpstreamCallTest, SendsARequestAndReadsTheReply)
{
    std::string got;
    const Seen seen = ask([&](Peer& peer) {
        got = peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(got, "POST /v1 HTTP/1.1\r\nHost: u\r\nContent-Length: 3\r\n\r\nask");
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.body, "hello");
    EXPECT_EQ(seen.type, "a/b");
    EXPECT_TRUE(seen.sent);
    EXPECT_FALSE(seen.fault);
}

TEST_F(UpstreamCallTest, ReadsAReplyCutAnywhere)
{
    const std::string reply =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nT: v\r\n\r\n";
    for (std::size_t cut = 1; cut < reply.size(); ++cut) {
        Seen seen;
        auto done =
            shard_.go([&] { return call(shard_.shard(), at(server_.port()), Ask{}, seen); });
        Peer peer = server_.accept();
        peer.until("ask");
        peer.send(reply.substr(0, cut));
        peer.send(reply.substr(cut));
        done.wait();
        EXPECT_EQ(seen.body, "hello") << cut;
        EXPECT_FALSE(seen.fault) << cut;
        shard_.on([&] { shard_.shard().upstreams().close_idle(); });
    }
}

TEST_F(UpstreamCallTest, ReadsABodyUntilTheEndOfTheConnection)
{
    const Seen seen = ask([](Peer& peer) {
        peer.until("ask");
        peer.send("HTTP/1.1 200 OK\r\n\r\nto the end");
        peer.close();
    });
    EXPECT_EQ(seen.body, "to the end");
    EXPECT_FALSE(seen.fault);
    EXPECT_EQ(idle(), 0u);
}

TEST_F(UpstreamCallTest, ReadsALargeBody)
{
    const std::string body(5'000'000, 'b');
    const Seen seen = ask([&](Peer& peer) {
        peer.until("ask");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + body);
    });
    EXPECT_EQ(seen.body, body);
}

TEST_F(UpstreamCallTest, SendsALargeBody)
{
    Ask question;
    question.body = std::string(5'000'000, 'q');
    std::string got;
    const Seen seen = ask(
        [&](Peer& peer) {
            peer.until("\r\n\r\n");
            got = peer.exactly(question.body.size());
            peer.send(ok_reply);
        },
        question);
    EXPECT_EQ(got, question.body);
    EXPECT_EQ(seen.body, "hello");
    EXPECT_EQ(idle(), 1u);
}

TEST_F(UpstreamCallTest, TakesAnEarlyAnswerToALargeBody)
{
    Ask question;
    question.body = std::string(30'000'000, 'q');
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("\r\n\r\n");
            peer.send("HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig");
        },
        question);
    EXPECT_EQ(seen.status, 413);
    EXPECT_EQ(seen.body, "big");
    EXPECT_EQ(idle(), 0u);
}

TEST_F(UpstreamCallTest, HasNoBodyForHead)
{
    Ask question;
    question.method = "HEAD";
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("ask");
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
        },
        question);
    EXPECT_EQ(seen.body, "");
    EXPECT_FALSE(seen.fault);
    EXPECT_EQ(idle(), 1u);
}

TEST_F(UpstreamCallTest, PassesOverEightInterimRepliesAndNoMore)
{
    const auto play = [](int count) {
        return [count](Peer& peer) {
            peer.until("ask");
            std::string interim;
            for (int i = 0; i < count; ++i)
                interim += "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
            peer.send(interim + std::string{ok_reply});
        };
    };
    EXPECT_EQ(ask(play(8)).body, "hello");
    shard_.on([&] { shard_.shard().upstreams().close_idle(); });
    EXPECT_EQ(ask(play(9)).fault, CallFault::bad_reply);
}

// Lies

class UpstreamLies : public UpstreamCallTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(UpstreamLies, AreNeverRelayed)
{
    const Seen seen = ask([](Peer& peer) {
        peer.until("ask");
        peer.send(GetParam());
    });
    EXPECT_EQ(seen.fault, CallFault::bad_reply);
    EXPECT_EQ(idle(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, UpstreamLies,
    ::testing::Values("garbage\r\n\r\n", "\r\n\r\n", "SSH-2.0-x\r\n", "<html>",
                      "HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/1.1 99999 OK\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
                      "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x')));

class UpstreamCuts : public UpstreamCallTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(UpstreamCuts, AreSeen)
{
    const Seen seen = ask([](Peer& peer) {
        peer.until("ask");
        peer.send(GetParam());
        peer.close();
    });
    EXPECT_EQ(seen.fault, CallFault::closed);
    EXPECT_TRUE(seen.sent);
}

INSTANTIATE_TEST_SUITE_P(
    Places, UpstreamCuts,
    ::testing::Values("", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Le",
                      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"));

TEST_F(UpstreamCallTest, TakesAResetForACutEvenWithoutALength)
{
    const Seen seen = ask([](Peer& peer) {
        peer.until("ask");
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        peer.reset();
    });
    EXPECT_EQ(seen.fault, CallFault::closed);
}

// Reuse

TEST_F(UpstreamCallTest, UsesAConnectionAgain)
{
    Peer kept{-1};
    ask([&](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
        kept = std::move(peer);
    });
    EXPECT_EQ(idle(), 1u);
    const Seen second = ask_again(kept, [](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(second.body, "hello");
    EXPECT_TRUE(server_.quiet());
}

TEST_F(UpstreamCallTest, ClosesAConnectionWithAByteTooMany)
{
    const Seen seen = ask([](Peer& peer) {
        peer.until("ask");
        peer.send(std::string{ok_reply} + "H");
    });
    EXPECT_EQ(seen.body, "hello");
    EXPECT_EQ(idle(), 0u);
}

TEST_F(UpstreamCallTest, ClosesAnIdleConnectionThatSpeaksUnasked)
{
    Peer kept{-1};
    ask([&](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
        kept = std::move(peer);
    });
    kept.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
    const Seen second = ask([](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(second.body, "hello");
}

TEST_F(UpstreamCallTest, ReplacesAConnectionThatWasClosedWhileIdle)
{
    ask([](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    peer_.close();
    const Seen second = ask([](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(second.body, "hello");
    EXPECT_FALSE(second.fault);
}

TEST_F(UpstreamCallTest, DoesNotSendARequestTwiceThatThePeerTook)
{
    Peer kept{-1};
    ask([&](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
        kept = std::move(peer);
    });
    const Seen second = ask_again(kept, [](Peer& peer) {
        peer.until("ask");
        peer.close();
    });
    EXPECT_EQ(second.fault, CallFault::closed);
    EXPECT_TRUE(server_.quiet());
}

TEST_F(UpstreamCallTest, DoesNotKeepWhatThePeerWantsClosed)
{
    ask([](Peer& peer) {
        peer.until("ask");
        peer.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    });
    EXPECT_EQ(idle(), 0u);
}

TEST_F(UpstreamCallTest, ForgetsIdleConnectionsAfterTheirTime)
{
    shard_.on([&] {
        UpstreamPool::Limits limits;
        limits.keepalive = 10ms;
        shard_.shard().upstreams().configure(limits);
    });
    Peer kept{-1};
    ask([&](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
        kept = std::move(peer);
    });
    EXPECT_EQ(kept.rest(), "");
    EXPECT_EQ(idle(), 0u);
}

TEST_F(UpstreamCallTest, KeepsOnlySoManyIdleConnections)
{
    shard_.on([&] {
        UpstreamPool::Limits limits;
        limits.idle_per_origin = 0;
        shard_.shard().upstreams().configure(limits);
    });
    ask([](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(idle(), 0u);
}

// Bounds

TEST_F(UpstreamCallTest, GivesUpWhenNoReplyBegins)
{
    Ask question;
    question.bounds.first_byte_by = in(30ms);
    const Seen seen = ask([](Peer& peer) { peer.rest(); }, question);
    EXPECT_EQ(seen.fault, CallFault::timeout);
}

TEST_F(UpstreamCallTest, BoundsAReplyHeadThatDrips)
{
    Ask question;
    question.bounds.first_byte_by = in(60ms);
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("ask");
            peer.send("HTTP/1.1 200");
            peer.rest();
        },
        question);
    EXPECT_EQ(seen.fault, CallFault::timeout);
}

TEST_F(UpstreamCallTest, GivesUpWhenTheBodyStalls)
{
    Ask question;
    question.idle = 30ms;
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("ask");
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
            peer.rest();
        },
        question);
    EXPECT_EQ(seen.body, "hello");
    EXPECT_EQ(seen.fault, CallFault::timeout);
}

TEST_F(UpstreamCallTest, ObeysTheTotalBound)
{
    Ask question;
    question.bounds.deadline = in(30ms);
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("ask");
            peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
            peer.rest();
        },
        question);
    EXPECT_EQ(seen.fault, CallFault::timeout);
}

// Ways not to get a connection

TEST_F(UpstreamCallTest, SaysThatNobodyListens)
{
    server_.close();
    Seen seen;
    shard_.go([&] { return call(shard_.shard(), at(server_.port()), Ask{}, seen); }).wait();
    EXPECT_EQ(seen.fault, CallFault::unreachable);
    EXPECT_FALSE(seen.sent);
}

TEST_F(UpstreamCallTest, TriesEveryAddressOfLocalhost)
{
    Seen seen;
    auto done = shard_.go(
        [&] { return call(shard_.shard(), at(server_.port(), "localhost"), Ask{}, seen); });
    Peer peer = server_.accept();
    peer.until("ask");
    peer.send(ok_reply);
    done.wait();
    EXPECT_EQ(seen.body, "hello");
}

TEST_F(UpstreamCallTest, RefusesLinkLocalAddresses)
{
    for (const char* host :
         {"169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:169.254.169.254"}) {
        Seen seen;
        shard_.go([&] { return call(shard_.shard(), at(80, host), Ask{}, seen); }).wait();
        EXPECT_EQ(seen.fault, CallFault::forbidden) << host;
    }
}

TEST_F(UpstreamCallTest, SaysThatANameIsUnknown)
{
    Seen seen;
    shard_.go([&] { return call(shard_.shard(), at(80, "no-such-name.invalid"), Ask{}, seen); })
        .wait();
    EXPECT_EQ(seen.fault, CallFault::unreachable);
}

// Where a call may lead

const privacy::LocalHosts nothing_listed;

Ask that_stays_local(privacy::Reach place)
{
    Ask question;
    question.bounds.passage =
        privacy::Passage::within(privacy::Boundary::local, {place}, nothing_listed);
    return question;
}

class UpstreamPassage : public UpstreamCallTest {
protected:
    /// Runs one call that is to end without a server.
    Seen refused(net::Origin origin, const Ask& question)
    {
        Seen seen;
        shard_.go([&] { return call(shard_.shard(), origin, question, seen); }).wait();
        EXPECT_EQ(seen.fault, CallFault::not_local);
        EXPECT_NE(seen.message.find("must stay local"), std::string::npos) << seen.message;
        EXPECT_FALSE(seen.sent);
        return seen;
    }
    /// The first connection that the server sees is this call's.
    void expect_no_connection_before()
    {
        const Seen seen = ask([](Peer& peer) {
            EXPECT_EQ(peer.until("ask").substr(0, 4), "POST");
            peer.send(ok_reply);
        });
        EXPECT_EQ(seen.body, "hello");
    }
};

TEST_F(UpstreamPassage, DoesNotLeadToARemoteAddress)
{
    // Of the addresses for documentation: nobody is there, so to try would end as unreachable.
    refused(at(9, "203.0.113.7"), that_stays_local(privacy::Reach::local));
    refused(at(9, "2001:db8::1"), that_stays_local(privacy::Reach::local));
}

TEST_F(UpstreamPassage, LeadsToALocalAddress)
{
    const Seen seen = ask(
        [](Peer& peer) {
            peer.until("ask");
            peer.send(ok_reply);
        },
        that_stays_local(privacy::Reach::local));
    EXPECT_EQ(seen.body, "hello");
}

TEST_F(UpstreamPassage, DoesNotLeadToALocalAddressOfAPlaceThatIsCalledRemote)
{
    refused(at(server_.port()), that_stays_local(privacy::Reach::remote));
    expect_no_connection_before();
}

TEST_F(UpstreamPassage, DoesNotLeadOverAKeptConnection)
{
    ask([](Peer& peer) {
        peer.until("ask");
        peer.send(ok_reply);
    });
    ASSERT_EQ(idle(), 1u);
    refused(at(server_.port()), that_stays_local(privacy::Reach::remote));
    EXPECT_EQ(idle(), 1u) << "it is others' to use";
    std::string got;
    const Seen again = ask_again(peer_, [&](Peer& peer) {
        got = peer.until("ask");
        peer.send(ok_reply);
    });
    EXPECT_EQ(again.body, "hello");
    EXPECT_EQ(got, "POST /v1 HTTP/1.1\r\nHost: u\r\nContent-Length: 3\r\n\r\nask");
}

// Cancelling

class UpstreamCancel : public UpstreamCallTest {
protected:
    /// Begins a call that `cancel_` ends.
    std::future<void> begin(Seen& seen)
    {
        return shard_.go([this, &seen] { return cancellable(seen); });
    }
    Task<void> cancellable(Seen& seen)
    {
        UpstreamCall upstream{shard_.shard()};
        call_ = &upstream;
        UpstreamRequest request;
        request.head = "GET / HTTP/1.1\r\nHost: u\r\n\r\n";
        const net::Origin origin = at(server_.port());
        const CallBounds bounds(privacy::Passage::without_request());
        const auto head = co_await upstream.start(origin, request, bounds);
        if (!head) {
            seen.fault = head.error().fault;
            co_return;
        }
        seen.status = (*head)->status;
        while (true) {
            const auto piece = co_await upstream.read(in(10s));
            if (!piece) {
                seen.fault = piece.error().fault;
                co_return;
            }
            seen.body += *piece;
            reading_.set_value();
        }
    }
    void cancel()
    {
        shard_.on([this] { call_->cancel(); });
    }

    UpstreamCall* call_ = nullptr;
    std::promise<void> reading_;
};

TEST_F(UpstreamCancel, EndsAWaitForTheReply)
{
    Seen seen;
    auto done = begin(seen);
    Peer peer = server_.accept();
    peer.until("\r\n\r\n");
    cancel();
    done.wait();
    EXPECT_EQ(seen.fault, CallFault::cancelled);
    EXPECT_EQ(peer.rest(), "");
}

TEST_F(UpstreamCancel, EndsAWaitForTheBody)
{
    Seen seen;
    auto done = begin(seen);
    Peer peer = server_.accept();
    peer.until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    reading_.get_future().wait();
    cancel();
    done.wait();
    EXPECT_EQ(seen.fault, CallFault::cancelled);
    EXPECT_EQ(peer.rest(), "");
}

TEST_F(UpstreamCancel, EndsAnAttemptToConnect)
{
    Seen seen;
    shard_.on([&] {
        // On the shard's thread nothing can have been answered in between.
        spawn(cancellable(seen));
        call_->cancel();
    });
    Peer ignored = server_.accept();
    EXPECT_EQ(ignored.rest(), "");
    while (shard_.on([&] { return shard_.shard().upstreams().busy(); })) {
    }
    EXPECT_EQ(seen.fault, CallFault::cancelled);
}

TEST_F(UpstreamCancel, HappensToAllWhenTheShardAborts)
{
    Seen seen;
    auto done = begin(seen);
    Peer peer = server_.accept();
    peer.until("\r\n\r\n");
    shard_.on([this] { shard_.shard().abort(); });
    done.wait();
    EXPECT_EQ(seen.fault, CallFault::cancelled);
}

TEST_F(UpstreamCallTest, ClosesTheConnectionWhenACallIsDropped)
{
    auto done = shard_.go([&]() -> Task<void> {
        UpstreamCall upstream{shard_.shard()};
        UpstreamRequest request;
        request.head = "GET / HTTP/1.1\r\nHost: u\r\n\r\n";
        const net::Origin origin = at(server_.port());
        const CallBounds bounds(privacy::Passage::without_request());
        (void)co_await upstream.start(origin, request, bounds);
    });
    Peer peer = server_.accept();
    peer.until("\r\n\r\n");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello");
    done.wait();
    EXPECT_EQ(idle(), 0u);
}

TEST(BytesAcknowledged, GrowWithWhatThePeerTook)
{
    FakeServer server;
    Peer client = Peer::connect(server.port());
    Peer peer = server.accept();
    EXPECT_EQ(bytes_acknowledged(client.descriptor()), 1u);
    client.send("12345");
    EXPECT_EQ(peer.exactly(5), "12345");
    EXPECT_EQ(bytes_acknowledged(client.descriptor()), 6u);
}

}  // namespace
}  // namespace spillway::net
