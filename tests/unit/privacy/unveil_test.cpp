#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(Disguise, DoesNotHideANumber)
{
    expect_all({
        {"４１１１１１１１１１１１１１１１", "payment_card"},        // full-width
        {"４１１１　１１１１　１１１１　１１１１", "payment_card"},  // and ideographic blanks
        {"4111\u200b1111\u200b1111\u200b1111", "payment_card"},      // zero-width
        {"4\u20601\u00ad11111111111111", "payment_card"},
        {"4111\u00a01111\u00a01111\u00a01111", "payment_card"},  // no-break
        {"4111\u20111111\u20111111\u20111111", "payment_card"},  // hyphens
        {"٤١١١١١١١١١١١١١١١", "payment_card"},                    // Arabic
        {"𝟒𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏𝟏", "payment_card"},                    // mathematical
    });
}

TEST(Disguise, OfEscapesIsUndone)
{
    expect_all({
        {R"({"n":"\u0034111\u003111111111111"})", "payment_card"},
        {R"({"n":"\\u0034111111111111111"})", "payment_card"},
        {R"(line\n4111111111111111)", "payment_card"},
        {"mail=ada%40lovelace.org", "email"},
        {"card=4111%201111%201111%201111", "payment_card"},
        {R"({\"password\": \"hunter22\"})", "secret"},
        {R"(\nstrictly confidential)", "confidential"},
        {R"(\u6a5f\u5bc6)", "confidential"},
        {"con\u200bfidential: yes", "confidential"},
    });
}

TEST(Disguise, OfOneCharacterInALongTextIsUndone)
{
    for (std::size_t before : {0U, 4070U, 4090U, 4096U, 8190U, 10'000U}) {
        const auto text =
            std::string(before, ' ') + "4111 1111 1111 １111" + std::string(5000, ' ');
        EXPECT_EQ(found_in(text), "payment_card") << before;
    }
}

TEST(Disguise, ThatIsNoneLeavesTextAlone)
{
    expect_all({
        {"100% of 40% is 40", "none"},
        {R"(C:\new\table\bin)", "none"},
        {R"(\u00zz %zz \)", "none"},
        {"\\u", "none"},
        {"%", "none"},
        {"１２月３日", "none"},
    });
}

}  // namespace
}  // namespace spillway::privacy
