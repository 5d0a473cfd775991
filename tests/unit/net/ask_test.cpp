#include "spillway/net/ask.hpp"

#include <ostream>

#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::FakeServer;
using testing::Peer;
using testing::ShardThread;

constexpr std::size_t most = 5;

struct Case {
    std::string name;
    std::string reply;
    std::optional<std::string> answer;

    friend void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }
};

Task<void> ask_server(Shard& shard, std::uint16_t port, std::optional<std::string>& answer)
{
    Origin origin;
    origin.host = "127.0.0.1";
    origin.port = port;
    const std::string_view body = "how?";
    UpstreamRequest question;
    question.head = "POST /v1 HTTP/1.1\r\nHost: u\r\nContent-Length: 4\r\n\r\n";
    question.body = {&body, 1};
    CallBounds bounds(privacy::Passage::without_request());
    bounds.deadline = std::chrono::steady_clock::now() + Millis{5'000};
    UpstreamCall call(shard);
    answer = co_await ask(call, origin, question, bounds, most);
}

class Ask : public ::testing::TestWithParam<Case> {
protected:
    FakeServer server_;
    ShardThread shard_;
};

TEST_P(Ask, GivesWholeAnswersOnly)
{
    std::optional<std::string> answer = "not asked";
    auto done = shard_.go([&] { return ask_server(shard_.shard(), server_.port(), answer); });
    Peer peer = server_.accept();
    EXPECT_TRUE(peer.until("how?").ends_with("\r\n\r\nhow?"));
    peer.send(GetParam().reply);
    peer.close();
    done.wait();
    EXPECT_EQ(answer, GetParam().answer);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, Ask,
    ::testing::Values(
        Case{"Whole", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        Case{"InChunks",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n1\r\ny\r\n0\r\n\r\n",
             "hey"},
        Case{"Empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
        Case{"OtherStatus", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", std::nullopt},
        Case{"TooLong", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", std::nullopt},
        Case{"CutShort", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", std::nullopt},
        Case{"NotHttp", "hello", std::nullopt}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace spillway::net
