#include "spillway/net/http_head.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace spillway::net {
namespace {

std::string request(std::string_view lines, std::string_view first = "POST /v1/x HTTP/1.1")
{
    return std::string{first} + "\r\nHost: a\r\n" + std::string{lines} + "\r\n";
}

struct Attack {
    std::string name;
    std::string head;
    Errc code = Errc::bad_http;
};

void PrintTo(const Attack& attack, std::ostream* out)
{
    *out << attack.name;
}

class RequestHeadRefuses : public ::testing::TestWithParam<Attack> {};

TEST_P(RequestHeadRefuses, WhatAProxyMustNotPass)
{
    const auto parsed = parse_request_head(GetParam().head);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code(), GetParam().code) << parsed.error().message();
}

std::vector<Attack> framing_attacks()
{
    return {
        {"length with chunked", request("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")},
        {"chunked with length", request("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")},
        {"two lengths, different", request("Content-Length: 5\r\nContent-Length: 6\r\n")},
        {"two lengths, equal", request("Content-Length: 5\r\nContent-Length: 5\r\n")},
        {"list of lengths", request("Content-Length: 5, 5\r\n")},
        {"length with plus", request("Content-Length: +5\r\n")},
        {"negative length", request("Content-Length: -5\r\n")},
        {"hex length", request("Content-Length: 0x5\r\n")},
        {"empty length", request("Content-Length:\r\n")},
        {"length with inner blank", request("Content-Length: 5 5\r\n")},
        {"fraction", request("Content-Length: 5.0\r\n")},
        {"exponent", request("Content-Length: 1e3\r\n")},
        {"quoted length", request("Content-Length: \"5\"\r\n")},
        {"length with unit", request("Content-Length: 5b\r\n")},
        {"length of 20 digits", request("Content-Length: 18446744073709551617\r\n")},
        {"te gzip", request("Transfer-Encoding: gzip\r\n")},
        {"te identity", request("Transfer-Encoding: identity\r\n")},
        {"te xchunked", request("Transfer-Encoding: xchunked\r\n")},
        {"te quoted", request("Transfer-Encoding: \"chunked\"\r\n")},
        {"te empty", request("Transfer-Encoding:\r\n")},
        {"te chunked twice in one", request("Transfer-Encoding: chunked, chunked\r\n")},
        {"te gzip, chunked", request("Transfer-Encoding: gzip, chunked\r\n")},
        {"te chunked, identity", request("Transfer-Encoding: chunked, identity\r\n")},
        {"te with parameter", request("Transfer-Encoding: chunked;q=1\r\n")},
        {"te nbsp", request("Transfer-Encoding: \xc2\xa0"
                            "chunked\r\n")},
        {"te vertical tab", request("Transfer-Encoding: \x0b"
                                    "chunked\r\n")},
        {"two te", request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
        {"te gzip then length", request("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n")},
        {"te in 1.0", request("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")},
    };
}

std::vector<Attack> syntax_attacks()
{
    using namespace std::string_literals;
    return {
        {"no host", "GET / HTTP/1.1\r\n\r\n"},
        {"two hosts", request("Host: b\r\n")},
        {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {"host with path", "GET / HTTP/1.1\r\nHost: a/?x\r\n\r\n"},
        {"host with user", "GET / HTTP/1.1\r\nHost: b@a\r\n\r\n"},
        {"host with blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {"obs-fold", request("X: a\r\n b\r\n")},
        {"obs-fold with tab", request("X: a\r\n\tb\r\n")},
        {"fold after request line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
        {"blank before colon", request("Content-Length : 5\r\n")},
        {"tab before colon", request("Transfer-Encoding\t: chunked\r\n")},
        {"empty name", request(": x\r\n")},
        {"no colon", request("garbage\r\n")},
        {"name with nul", request("X\0Y: a\r\n"s)},
        {"name with utf-8", request("X\xc3\xa9: a\r\n")},
        {"value with nul", request("X: a\0b\r\n"s)},
        {"value with bell", request("X: a\x07"
                                    "b\r\n")},
        {"value with del", request("X: a\x7f"
                                   "b\r\n")},
        {"value with bare cr", request("X: a\rb\r\n")},
        {"bare lf in a field", request("X: a\nY: b\r\n")},
        {"bare lf line end", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
        {"bare cr line end", "GET / HTTP/1.1\rHost: a\r\n\r\n"},
        {"version 2.0", request("", "PRI * HTTP/2.0")},
        {"version 1.2", request("", "GET / HTTP/1.2")},
        {"version lower case", request("", "GET / http/1.1")},
        {"no version", request("", "GET /")},
        {"two blanks", request("", "GET  / HTTP/1.1")},
        {"blank at the end", request("", "GET / HTTP/1.1 ")},
        {"tab for a blank", request("", "GET\t/ HTTP/1.1")},
        {"blank in target", request("", "GET /a b HTTP/1.1")},
        {"control in target", request("", "GET /a\x01 HTTP/1.1")},
        {"utf-8 in target", request("", "GET /\xc3\xa9 HTTP/1.1")},
        {"fragment in target", request("", "GET /a#b HTTP/1.1")},
        {"absolute form", request("", "GET http://a/ HTTP/1.1")},
        {"no slash", request("", "GET v1 HTTP/1.1")},
        {"asterisk", request("", "OPTIONS * HTTP/1.1")},
        {"connect", request("", "CONNECT a:80 HTTP/1.1"), Errc::method_not_allowed},
        {"trace", request("", "TRACE / HTTP/1.1"), Errc::method_not_allowed},
        {"lower case method", request("", "get / HTTP/1.1"), Errc::method_not_allowed},
        {"method with control", request("", "G\x01T / HTTP/1.1")},
    };
}

INSTANTIATE_TEST_SUITE_P(Framing, RequestHeadRefuses, ::testing::ValuesIn(framing_attacks()));
INSTANTIATE_TEST_SUITE_P(Syntax, RequestHeadRefuses, ::testing::ValuesIn(syntax_attacks()));

TEST(RequestHead, ReadsAnOrdinaryRequest)
{
    const std::string head =
        "POST /v1/chat/completions?a=b%20c HTTP/1.1\r\nHost: localhost:4000\r\n"
        "Content-Type:application/json\r\ncontent-LENGTH: 42 \r\nX-Empty:\r\n\r\n";
    const auto parsed = parse_request_head(head);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->method, Method::post);
    EXPECT_EQ(parsed->target, "/v1/chat/completions?a=b%20c");
    EXPECT_EQ(parsed->path, "/v1/chat/completions");
    EXPECT_EQ(parsed->query, "a=b%20c");
    EXPECT_EQ(parsed->framing, Framing::length);
    EXPECT_EQ(parsed->content_length, 42u);
    EXPECT_EQ(parsed->fields["content-type"], "application/json");
    EXPECT_EQ(parsed->fields["X-EMPTY"], "");
    EXPECT_EQ(parsed->fields.size(), 4u);
    EXPECT_TRUE(parsed->keep_alive);
}

TEST(RequestHead, TakesChunkedInAnyCase)
{
    EXPECT_EQ(parse_request_head(request("transfer-encoding: Chunked\r\n"))->framing,
              Framing::chunked);
}

TEST(RequestHead, KeepsTabsAndHighBytesInValues)
{
    const std::string head = request("X: a\tb\xff\r\n");
    EXPECT_EQ((*parse_request_head(head)).fields["x"], "a\tb\xff");
}

TEST(RequestHead, FindsAControlByteAnywhereInAValue)
{
    using namespace std::string_literals;
    for (std::size_t at = 0; at < 40; ++at)
        for (const char c : "\0\x01\x1f\x7f\n"s) {
            std::string value(40, 'v');
            value[at] = c;
            EXPECT_FALSE(parse_request_head(request("X: " + value + "\r\n"))) << at;
            EXPECT_FALSE(parse_request_head(request("X: " + value + "\r\nY: some more bytes\r\n")))
                << at;
        }
}

TEST(RequestHead, FindsABadByteAnywhereInAName)
{
    using namespace std::string_literals;
    for (std::size_t at = 0; at < 40; ++at)
        for (const char c : " \t\0\x7f\x80\xff(),/;<=>?@[\\]{}\"\r\n"s) {
            std::string name(40, 'n');
            name[at] = c;
            EXPECT_FALSE(parse_request_head(request(name + ": v\r\n"))) << at << ' ' << int{c};
        }
}

TEST(RequestHead, TakesEveryByteThatAValueMayHold)
{
    std::string value = "v";
    for (int c = 0x20; c < 0x100; ++c)
        if (c != 0x7f)
            value += static_cast<char>(c);
    value += "\tv";
    const std::string head = request("X: \t " + value + " \t\r\n");
    EXPECT_EQ((*parse_request_head(head)).fields["x"], value);
}

TEST(RequestHead, TakesEveryByteThatANameMayHold)
{
    std::string name =
        "abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+.^`|~";
    const std::string head = request(name + ": v\r\n");
    EXPECT_EQ((*parse_request_head(head)).fields[name], "v");
}

TEST(RequestHead, DropsAnUnderscoreAnywhereInAName)
{
    for (std::size_t at = 0; at < 40; ++at) {
        std::string name(40, 'n');
        name[at] = '_';
        const std::string head = request(name + ": v\r\n");
        EXPECT_EQ(parse_request_head(head)->fields.size(), 1u) << at;
    }
}

TEST(RequestHead, DropsNamesWithAnUnderscore)
{
    const std::string head = request("Content_Length: 5\r\nX_Y: z\r\n");
    const auto parsed = parse_request_head(head);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->fields.size(), 1u);
    EXPECT_EQ(parsed->framing, Framing::none);
}

TEST(RequestHead, ClosesWhenAskedTo)
{
    EXPECT_FALSE(parse_request_head(request("Connection: x, Close\r\n"))->keep_alive);
}

TEST(RequestHead, KeepsOldClientsOnlyWhenTheyAsk)
{
    EXPECT_FALSE(parse_request_head("GET / HTTP/1.0\r\n\r\n")->keep_alive);
    EXPECT_TRUE(parse_request_head("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")->keep_alive);
}

TEST(RequestHead, SeesExpectContinueOnlyIn11)
{
    EXPECT_TRUE(parse_request_head(request("Expect: 100-Continue\r\n"))->expects_continue);
    EXPECT_FALSE(parse_request_head(request("Expect: 100-continue\r\n", "POST / HTTP/1.0"))
                     ->expects_continue);
}

TEST(RequestHead, IgnoresUpgrades)
{
    EXPECT_TRUE(parse_request_head(request("Connection: Upgrade\r\nUpgrade: h2c\r\n")));
}

TEST(RequestHead, TakesAHundredFieldsAndNoMore)
{
    std::string lines;
    for (int i = 0; i < 99; ++i)
        lines += "A: b\r\n";
    EXPECT_TRUE(parse_request_head(request(lines)));
    const auto over = parse_request_head(request(lines + "A: b\r\n"));
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code(), Errc::head_too_large);
}

TEST(RequestHead, CountsDroppedFieldsToo)
{
    std::string lines;
    for (int i = 0; i < 100; ++i)
        lines += "A_: b\r\n";
    EXPECT_FALSE(parse_request_head(request(lines)));
}

TEST(RequestHead, UsesAnOldHeadAgain)
{
    RequestHead head;
    const std::string first = request("Connection: close\r\nExpect: 100-continue\r\n");
    const std::string second = request("");
    ASSERT_TRUE(parse_request_head(first, head));
    ASSERT_TRUE(parse_request_head(second, head));
    EXPECT_TRUE(head.keep_alive);
    EXPECT_FALSE(head.expects_continue);
    EXPECT_EQ(head.fields.size(), 1u);
}

TEST(HeadEnd, IsFoundAtEveryCut)
{
    const std::string head = request("X: y\r\n");
    for (std::size_t cut = 0; cut < head.size(); ++cut) {
        const std::string_view part = std::string_view{head}.substr(0, cut);
        EXPECT_FALSE(head_end(part, 0)) << cut;
        EXPECT_EQ(head_end(head, cut), head.size()) << cut;
    }
}

TEST(HeadEnd, IsNotABareLineFeed)
{
    EXPECT_FALSE(head_end("GET / HTTP/1.1\nHost: a\n\n", 0));
    EXPECT_FALSE(head_end("GET / HTTP/1.1\r\nHost: a\r\n\n", 0));
}

TEST(HeadEnd, LeavesTheBodyOut)
{
    const std::string head = request("");
    EXPECT_EQ(head_end(head + "\r\n\r\nmore", 0), head.size());
}

TEST(MayBecomeRequest, BelievesEveryBeginningOfAGoodHead)
{
    const std::string head = request("X: y\r\n");
    for (std::size_t cut = 1; cut < head.size(); ++cut)
        EXPECT_TRUE(may_become_request(std::string_view{head}.substr(0, cut))) << cut;
}

TEST(MayBecomeRequest, TellsOtherProtocolsAtOnce)
{
    using namespace std::string_view_literals;
    EXPECT_FALSE(may_become_request("\x16\x03\x01\x02\x00\x01"sv));
    EXPECT_FALSE(may_become_request("SSH-2.0-OpenSSH_9.2\r\n"));
    EXPECT_FALSE(may_become_request("GET /\n"));
    EXPECT_FALSE(may_become_request("GET / HTTP/1.1\r\nHost: a\n"));
    EXPECT_FALSE(may_become_request("\0\0\0\0"sv));
    EXPECT_FALSE(may_become_request("{\"a\":1}"));
    EXPECT_FALSE(may_become_request("EHLO mail.example\r\n"));
}

// Upstream's side.

class ReplyHeadRefuses : public ::testing::TestWithParam<std::string> {};

TEST_P(ReplyHeadRefuses, WhatIsNoHttpAsWeAcceptIt)
{
    const auto parsed = parse_reply_head(GetParam());
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code(), Errc::upstream_bad_reply);
}

INSTANTIATE_TEST_SUITE_P(
    Lies, ReplyHeadRefuses,
    ::testing::Values("HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n",
                      "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
                      "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n",
                      "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1\r\n\r\n", "HTTP/2 200 OK\r\n\r\n",
                      "HTTP/0.9 200 OK\r\n\r\n", "ICY 200 OK\r\n\r\n", "200 OK\r\n\r\n",
                      "HTTP/1.1 200 O\x01K\r\n\r\n", "HTTP/1.1 200 OK\n\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
                      "HTTP/1.1 200 OK\r\nX\r\n\r\n", "HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n"));

TEST(ReplyHead, ReadsAnOrdinaryReply)
{
    const auto parsed =
        parse_reply_head("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 7\r\n\r\n");
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->status, 200);
    EXPECT_EQ(parsed->framing, Framing::length);
    EXPECT_EQ(parsed->content_length, 7u);
    EXPECT_EQ(parsed->fields["content-type"], "a/b");
    EXPECT_TRUE(parsed->keep_alive);
}

TEST(ReplyHead, DoesWithoutAReason)
{
    EXPECT_EQ(parse_reply_head("HTTP/1.1 204\r\n\r\n")->status, 204);
    EXPECT_EQ(parse_reply_head("HTTP/1.1 404 \r\n\r\n")->status, 404);
}

TEST(ReplyHead, RunsToTheEndOfTheConnectionWithoutALength)
{
    const auto parsed = parse_reply_head("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(parsed->framing, Framing::until_close);
    EXPECT_FALSE(parsed->keep_alive);
}

TEST(ReplyHead, HasNoBodyWhenItsStatusForbidsOne)
{
    for (const char* status : {"100", "103", "204", "304"}) {
        const auto parsed =
            parse_reply_head(std::string{"HTTP/1.1 "} + status + " X\r\nContent-Length: 5\r\n\r\n");
        ASSERT_TRUE(parsed) << status;
        EXPECT_EQ(parsed->framing, Framing::none) << status;
    }
}

}  // namespace
}  // namespace spillway::net
