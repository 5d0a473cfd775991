#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(Email, IsFound)
{
    expect_all({
        {"ada@lovelace.org", "email"},
        {"Write to <ada.lovelace+notes@mail.lovelace.co.uk>.", "email"},
        {"mailto:ada@lovelace.org?subject=x", "email"},
        {"[\"ada@lovelace.org\"]", "email"},
        {"jürgen@müller.de", "email"},
        {"联系ada@lovelace.cn。", "email"},
        {"a_@b.io", "email"},
    });
}

TEST(Email, IsNotEveryAtSign)
{
    expect_all({
        {"@decorator", "none"},
        {"@scope/package@1.2.3", "none"},
        {"user@host", "none"},
        {"icon@2x.png", "none"},
        {"git@github.com:ada/engine.git", "none"},
        {"ada@example.com", "none"},
        {"ada@mail.example.org", "none"},
        {"a@b.test and c@localhost", "none"},
        {"ada @ lovelace.org", "none"},
        {"x@.org", "none"},
        {"x@a..org", "none"},
        {"3 @ 1.50", "none"},
        {"f(x)@g.h(y)", "none"},
    });
}

TEST(Phone, IsFoundInInternationalForm)
{
    expect_all({
        {"+1 212 555 0143", "phone"},
        {"+12125550143", "phone"},
        {"+1 (212) 555-0143, after six", "phone"},
        {"+49 30 901820", "phone"},
        {"+49 (0)30 901820", "phone"},
        {"tel:+442079460958", "phone"},
        {"+86 138 1234 5678", "phone"},
        {"+33 1 42 68 53 00", "phone"},
        {"+353 1 679 6000", "phone"},
        {"+49 30 901820 2024 2025", "phone"},
    });
}

TEST(Phone, IsFoundInNationalFormsWithStructure)
{
    expect_all({
        {"(212) 555-0143", "phone"},
        {"212-555-0143", "phone"},
        {"212.555.0143", "phone"},
        {"1-800-555-0143", "phone"},
        {"01 42 68 53 00", "phone"},
        {"07700 900123", "phone"},
        {"020 7946 0958", "phone"},
        {"030/901820", "none"},
        {"030/9018201", "phone"},
        {"(030) 901820", "phone"},
        {"090-1234-5678", "phone"},
        {"138-1234-5678", "phone"},
        {"(11) 91234-5678", "phone"},
    });
}

TEST(Phone, AsAPlainNumberNeedsAWord)
{
    expect_all({
        {"phone 2125550143", "phone"},
        {"Tel. 0309018201", "phone"},
        {"电话13812345678", "phone"},
        {"携帯は09012345678", "phone"},
        {"WhatsApp: 5512345678", "phone"},
        {"2125550143", "none"},
        {"13812345678", "none"},
        {"555-0143", "none"},
    });
}

TEST(Phone, IsNotAnyRowOfDigits)
{
    expect_all({
        {"2024-11-21", "none"},
        {"21.11.2024", "none"},
        {"192.168.100.200", "none"},
        {"10.0.0.1:8080", "none"},
        {"1,234,567,890", "none"},
        {"$1234567.89", "none"},
        {"3.14159265358979", "none"},
        {"01 02 03 04 05 06 07", "none"},
        {"+1234", "none"},
        {"x+12125550143", "none"},
        {"+10000000000000", "none"},
        {"112-555-0143", "none"},
        {"212-155-0143", "none"},
        {"2024-11-21T15:28:36.123456Z", "none"},
        {"0-306-40615-2", "none"},
        {"v1.22.333.4444", "none"},
        {"RFC 2616 section 10.3.5", "none"},
    });
}

}  // namespace
}  // namespace spillway::privacy
