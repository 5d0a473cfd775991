#include "found_in.hpp"

namespace spillway::privacy {
namespace {

/// A megabyte of one thing over and over. Nothing is timed here: were any of it quadratic, the test
/// would run into its limit.
std::string megabyte(std::string_view unit)
{
    std::string text;
    text.reserve((1U << 20U) + unit.size());
    while (text.size() < (1U << 20U)) {
        text += unit;
    }
    return text;
}

class HostileText : public testing::TestWithParam<std::string_view> {};

TEST_P(HostileText, IsReadToItsEnd)
{
    const auto text = megabyte(GetParam());
    EXPECT_FALSE(full_scanner().scan(text).contains(ClassId::iban));
    EXPECT_TRUE(full_scanner().scan(text + " DE89370400440532013000 ").contains(ClassId::iban));
}

INSTANTIATE_TEST_SUITE_P(
    Units, HostileText,
    testing::Values("7", "1 ", "11 ", "1.1.", "@", "a@", "a@a.", "eyJ", "eyJ.", "eyJ-", " ", "sk-",
                    "ghp_", "=", "password=", "password: ", "://", "://a:", "%41", "\\u0034", "\\",
                    "\xEF\xBC\x94", "\xE2\x80\x8B", "+1", "+49 ", "DE12 ", "123456782 ", "ssn ",
                    "top ", "strictly ", "-----BEGIN ", "bearer ", "(030) ", "\xC3", "\xFF",
                    "4111 1111 1111 1112 ", "4111\n1111\n1111\n1111\n", "4111\t1111\t1111\t1111 x ",
                    "DE12\n3456\t", "P<UTO<", "password is ", "curl ", "curl -u a:", "mysql ",
                    "mysql -p", "basic ", "basic YWRt", "123456789:A", "MTIz.", "a.atlasv1.",
                    "SK00"));

}  // namespace
}  // namespace spillway::privacy
