#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(PlainText, FindsNothing)
{
    expect_all({
        {"", "none"},
        {"Explain the difference between a process and a thread in simple words.", "none"},
        {"A train leaves at 10:45 and travels 1,250 km at 120 km/h. When does it arrive?", "none"},
        {"commit 5e15e68b8cd7c1f1f9a0b7f0d3f1d54c2c1a9e77", "none"},
        {"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "none"},
        {"550e8400-e29b-41d4-a716-446655440000", "none"},
        {"for (int i = 0; i < 1000000; ++i) { sum += values[i] * 3.14159; }", "none"},
        {"SELECT id, name FROM users WHERE created_at > '2024-01-01 00:00:00'", "none"},
        {"{\"id\": 1234567890123456789, \"ts\": 1732190000.123456}", "none"},
        {"127.0.0.1 - - [21/Nov/2024:15:28:36 +0000] \"GET / HTTP/1.1\" 200 612", "none"},
        {"matrix: 1 2 3\n4 5 6\n7 8 9\n1000 2000 3000 4000", "none"},
        {"ISBN 978-3-16-148410-0, ISSN 2049-3630, DOI 10.1000/182", "none"},
        {"0x7fff5fbff8c0 1e-9 6.02214076e23 -273.15", "none"},
        {"Die Summe beträgt 1.234.567,89 EUR am 21.11.2024.", "none"},
        {"北京时间2024年11月21日15点28分", "none"},
        {"MAC 00:1B:44:11:3A:B7, port 11434, version 1.22.333", "none"},
        {"dGhpcyBpcyBhIHRlc3Qgb2YgYmFzZTY0IGVuY29kaW5nIHdpdGggMTIzNDU2Nzg5MA==", "none"},
    });
}

TEST(PlainText, MayBeAnyBytes)
{
    std::string text;
    for (int i = 0; i < 4096; ++i) {
        text += static_cast<char>(i * 7919 % 251 + (i % 5));
    }
    text += "\xFF\xC3(\xE2\x82 4111111111111111";
    EXPECT_NE(found_in(text).find("payment_card"), std::string::npos);
}

TEST(PlainText, IsFoundWhereverItStandsInABlock)
{
    for (std::size_t before = 0; before < 200; ++before) {
        const auto text =
            std::string(before, '.') + " 4111 1111 1111 1111 " + std::string(before % 70, ',');
        EXPECT_EQ(found_in(text), "payment_card") << before;
        EXPECT_EQ(found_in(std::string(before, '.') + " strictly confidential"), "confidential")
            << before;
    }
}

}  // namespace
}  // namespace spillway::privacy
