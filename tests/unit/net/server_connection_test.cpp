#include "spillway/net/server_connection.hpp"

#include "unit/net/support.hpp"

namespace spillway::net {
namespace {

using testing::Front;
using testing::Peer;
using testing::status_of;

/// Answers with method, target and body.
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

std::string post(std::string_view body, std::string_view extra = "")
{
    return "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + std::string{extra} + "\r\n" + std::string{body};
}

TEST(ServerConnection, AnswersARequestAndKeepsTheConnection)
{
    Front front{echo};
    Peer client = front.connect();
    for (int i = 0; i < 3; ++i) {
        client.send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        const std::string reply = client.reply();
        EXPECT_EQ(status_of(reply), "HTTP/1.1 200");
        EXPECT_TRUE(reply.ends_with("/a|"));
    }
}

TEST(ServerConnection, ReadsABodyThatArrivesByteByByte)
{
    Front front{echo};
    Peer client = front.connect();
    for (const char c : post("hello"))
        client.send(std::string_view{&c, 1});
    EXPECT_TRUE(client.reply().ends_with("/x|hello"));
}

TEST(ServerConnection, ReadsABodyLargerThanEveryBlock)
{
    Front front{echo};
    Peer client = front.connect();
    const std::string body(3'000'000, 'b');
    std::thread writer{[&] { client.send(post(body)); }};
    const std::string reply = client.reply();
    writer.join();
    EXPECT_TRUE(reply.ends_with("/x|" + body));
}

}  // namespace
}  // namespace spillway::net
