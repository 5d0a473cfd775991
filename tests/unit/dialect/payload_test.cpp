#include "../../../src/dialect/payload.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::dialect {
namespace {

/// Base64 of bytes that look random.
std::string base64(std::size_t size)
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    std::uint64_t state = 1;
    while (text.size() < size) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        text += alphabet[state >> 58U];
    }
    return text;
}

TEST(Payload, IsBase64BehindADataHead)
{
    EXPECT_TRUE(is_payload("data:image/png;base64," + base64(100)));
    EXPECT_TRUE(is_payload("data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="));
    EXPECT_TRUE(is_payload("data:audio/wav;codecs=1;base64," + base64(99'999) + "=="));
    EXPECT_TRUE(
        is_payload("data:application/octet-stream;base64," + std::string(5'000, 'A') + base64(64)))
        << "silence";
}

TEST(Payload, IsLongBase64ByItself)
{
    EXPECT_TRUE(is_payload(base64(4'097)));
    EXPECT_TRUE(is_payload(base64(1'000'000) + "="));
    std::string for_urls = base64(8'000);
    for (auto& c : for_urls)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    EXPECT_TRUE(is_payload(for_urls));
    EXPECT_FALSE(is_payload(base64(4'096))) << "may be a link or a name";
}

TEST(Payload, IsBase64OfAnyLengthWhereBytesBelong)
{
    EXPECT_TRUE(is_payload(base64(100), Standing::for_bytes));
    EXPECT_FALSE(is_payload("4111111111111111", Standing::for_bytes));
    EXPECT_FALSE(is_payload("words with blanks 1", Standing::for_bytes));
    EXPECT_FALSE(is_payload("", Standing::for_bytes));
}

/// `text` with `end` behind every `length` characters, as Python's `encodebytes` writes it.
std::string broken(const std::string& text, std::size_t length, std::string_view end)
{
    std::string lines;
    for (std::size_t at = 0; at < text.size(); at += length)
        lines.append(text.substr(at, length)).append(end);
    return lines;
}

TEST(Payload, MayBeBrokenIntoLines)
{
    for (const std::size_t length : {60U, 64U, 76U, 128U})
        for (const std::string_view end : {"\n", "\r\n"})
            for (const std::size_t size : {6'000U, 6'080U, 6'144U}) {
                const auto lines = broken(base64(size) + "==", length, end);
                EXPECT_TRUE(is_payload(lines)) << length << " " << size;
                EXPECT_TRUE(is_payload(lines.substr(0, lines.size() - end.size())));
                EXPECT_TRUE(is_payload("data:image/png;base64," + lines));
            }
    EXPECT_TRUE(is_payload(broken(base64(200), 76, "\n"), Standing::for_bytes));
    EXPECT_FALSE(is_payload(broken(base64(200), 76, "\n"))) << "may be a list";
}

TEST(Payload, IsNoListOfLines)
{
    const auto good = base64(6'080);
    for (const std::size_t length : {1U, 22U, 56U, 66U, 132U, 4'100U})
        EXPECT_FALSE(is_payload(broken(good, length, "\n"))) << length;
    EXPECT_FALSE(is_payload(broken(good, 76, " \n")));
    EXPECT_FALSE(is_payload(broken(good, 76, "\n\n")));
    EXPECT_FALSE(is_payload(broken(good, 76, "\n") + good)) << "the last is longer";
    EXPECT_FALSE(is_payload(broken(good, 76, "\n").insert(77 * 20, "4111111111111111\n")));
    EXPECT_FALSE(is_payload("\n" + good));
}

TEST(Payload, IsNoTextOfAnyWriting)
{
    std::string chinese;
    while (chinese.size() < 9'000)
        chinese += "\xE5\x8D\xA1\xE5\x8F\xB7";
    EXPECT_FALSE(is_payload(chinese));
    EXPECT_FALSE(is_payload("data:" + chinese));
    EXPECT_FALSE(is_payload("data:text/plain;base64," + chinese));
    EXPECT_FALSE(is_payload("data: my card is 4111 1111 1111 1111"));
    EXPECT_FALSE(is_payload("data:text/plain,4111111111111111"));
    EXPECT_FALSE(is_payload("data:text/plain;base64,4111111111111111"));
    EXPECT_FALSE(is_payload(std::string(5'000, '4')));
    EXPECT_FALSE(is_payload(""));
}

TEST(Payload, EndsAtTheFirstForeignByteWhereverItStands)
{
    const auto good = base64(4'200);
    for (const char foreign : {' ', '\n', '@', '.', ':', '=', '\\', '\0', '\x80'})
        for (const std::size_t at : {0U, 1U, 63U, 64U, 65U, 4'100U, 4'198U}) {
            auto text = good;
            text[at] = foreign;
            EXPECT_FALSE(is_payload(text)) << at << " " << static_cast<int>(foreign);
        }
}

}  // namespace
}  // namespace spillway::dialect
