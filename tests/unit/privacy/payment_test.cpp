#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(PaymentCard, IsFoundHoweverItIsWritten)
{
    expect_all({
        {"4111111111111111", "payment_card"},
        {"my card is 4111 1111 1111 1111, thanks", "payment_card"},
        {"4111-1111-1111-1111.", "payment_card"},
        {"4111.1111.1111.1111", "payment_card"},
        {"card:5555555555554444;", "payment_card"},
        {"2223000048410010", "payment_card"},
        {"378282246310005", "payment_card"},
        {"3782 822463 10005", "payment_card"},
        {"30569309025904", "payment_card"},
        {"6011111111111117", "payment_card"},
        {"3530111333300000", "payment_card"},
        {"6212345678901234569", "payment_card"},
        {"Ada,4111111111111111,12/27,123", "payment_card"},
        {"4111 1111 1111 1111 12/27 737", "payment_card"},
        {"ref 1234 4111 1111 1111 1111", "payment_card"},
        {"卡号4111111111111111。", "payment_card"},
        {"\"number\":\"4111111111111111\"", "payment_card"},
    });
}

TEST(PaymentCard, OfAnOldLengthNeedsAWordThatSaysSo)
{
    expect_all({
        {"credit card 4222222222222", "payment_card"},
        {"4222222222222 is my credit card", "payment_card"},
        {"EAN 4222222222222", "none"},
        {"visa 4012345678901234565", "payment_card"},
        {"id 4012345678901234565", "none"},
    });
}

TEST(PaymentCard, IsNotAnyLongNumber)
{
    expect_all({
        {"4111111111111112", "none"},   // checksum
        {"411111111111111", "none"},    // too short for its issuer
        {"41111111111111110", "none"},  // too long
        {"94111111111111111", "none"},  // a longer number
        {"x4111111111111111", "none"},  // inside a word
        {"4111111111111111a", "none"},
        {"0.4111111111111111", "none"},  // a fraction
        {"4111111111111111.5", "none"},
        {"1234567812345670", "none"},  // Luhn, but no issuer
        {"0000000000000000", "none"},
        {"1732190000000", "none"},     // milliseconds
        {"1732190000000000", "none"},  // microseconds
        {"20240101123000", "none"},    // a date with a time
        {"9780306406157", "none"},     // ISBN
        {"978-0-306-40615-7", "none"},
        {"550e8400-e29b-41d4-a716-446655440000", "none"},  // UUID
        {"4111 1111 1111 111", "none"},
        {"41111 1111 1111 1111", "none"},
        {"1998 1999 2000 2001 2002", "none"},
    });
}

TEST(PaymentCard, IsFoundOverLinesAndInColumns)
{
    expect_all({
        {"4111 1111\n1111 1111", "payment_card"},
        {"my card 4111 1111\r\n  1111 1111, thanks", "payment_card"},
        {"4111\n1111\n1111\n1111\n", "payment_card"},
        {"4111\r\n1111\r\n1111\r\n1111", "payment_card"},
        {"4111\t1111\t1111\t1111\t12/27\t123", "payment_card"},
        {"Ada  4111  1111  1111  1111", "payment_card"},
        {"4111-1111-\n1111-1111", "payment_card"},
        {"3782\t822463\t10005", "payment_card"},
        {"3782 822463\n10005", "payment_card"},
        {"3056\n930902\n5904", "payment_card"},
        {"paid 2024: 4111 1111\n1111 1111, good to 12/2027", "payment_card"},
        {"name\tcard number\nAda\t4111\t1111\t1111\t1111\tx\n"
         "Bob\t5555\t5555\t5555\t4444\tx",
         "payment_card"},
    });
}

TEST(PaymentCard, IsNoTableOfFigures)
{
    // Every one of these has four figures that would pass for a card.
    expect_all({
        {"4111\n1111\n1111\n1111\n1111", "none"},
        {"1111\n4111\n1111\n1111\n1111", "none"},
        {"4111\t1111\t1111\t1111\t1111", "none"},
        {"4111\t1111\t1111\t1111\n1111\t1111\t1111\t1111", "none"},
        {"Year\t2019\t2020\t2021\t2022\nSold\t4111\t1111\t1111\t1111\n", "none"},
        {"Sold  4111  1111  1111  1111\nLeft  2100  2200  2300  2400\n", "none"},
        {"id    year\n4111  1111\n1111  1111\n1111  1111\n", "none"},
        {"- 4111\n- 1111\n- 1111\n- 1111\n", "none"},
        {"4111\n\n1111\n\n1111\n\n1111", "none"},
        {"4111    1111    1111    1111", "none"},
        {"4111-1111\n1111-1111", "none"},  // two telephone numbers
        {"4111 1111\n1111 1112", "none"},  // checksum
        {"1234 5678\n1234 5670", "none"},  // no issuer
        {"4111\n1111\n1111\n1111.50", "none"},
        {"2019\n2020\n2021\n2022", "none"},
    });
}

TEST(PaymentCard, AllowedIsAllowedOverLinesToo)
{
    Rules rules;
    rules.allowed = {"4111 1111 1111 1111"};
    const auto scanner = Scanner::build(rules).value();
    EXPECT_TRUE(scanner.scan("4111 1111\n1111 1111").empty());
    EXPECT_EQ(scanner.scan("5555 5555\n5555 4444"), ClassSet{ClassId::payment_card});
}

TEST(Iban, IsFoundWithAndWithoutBlanks)
{
    expect_all({
        {"DE89370400440532013000", "iban"},
        {"DE89 3704 0044 0532 0130 00", "iban"},
        {"IBAN:GB82 WEST 1234 5698 7654 32 bitte", "iban"},
        {"NL91ABNA0417164300", "iban"},
        {"FR14 2004 1010 0505 0001 3M02 606", "iban"},
        {"nl91abna0417164300", "iban"},
        {"DE89-3704-0044-0532-0130-00", "iban"},
    });
}

TEST(Iban, IsFoundOverLinesAndInColumns)
{
    expect_all({
        {"DE89\n3704 0044 0532 0130 00", "iban"},
        {"DE89 3704 0044\r\n    0532 0130 00", "iban"},
        {"DE89  3704  0044  0532  0130  00", "iban"},
        {"DE89\t3704\t0044\t0532\t0130\t00", "iban"},
        {"GB82 WEST 1234\n5698 7654 32.", "iban"},
        {"DE89 3704 0044\n0532 0130 01", "none"},    // checksum
        {"DE89 37 04 0044\n0532 0130 00", "none"},   // unusual groups over lines
        {"gb82 west 1234\n5698 7654 32", "none"},    // small letters over lines
        {"DE89\n\n3704 0044 0532 0130 00", "none"},  // another paragraph
        {"DE89     3704 0044 0532 0130 00", "none"},
    });
}

TEST(Iban, IsNotAnyCode)
{
    expect_all({
        {"DE88370400440532013000", "none"},   // checksum
        {"DE8937040044053201300", "none"},    // too short
        {"DE893704004405320130001", "none"},  // too long
        {"XDE89370400440532013000", "none"},  // inside a word
        {"ZZ89370400440532013000", "none"},   // no country
        {"DE12", "none"},
        {"GB2312 and GB18030", "none"},
    });
}

}  // namespace
}  // namespace spillway::privacy
