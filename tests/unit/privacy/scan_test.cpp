#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(Scanner, FindsManyClassesInOneText)
{
    EXPECT_EQ(found_in("Ada, ada@lovelace.org, 4111 1111 1111 1111, DE89370400440532013000, "
                       "078-05-1120, +49 30 901820: strictly confidential"),
              "payment_card,iban,us_ssn,email,phone,confidential");
}

TEST(Scanner, DoesNotRepeatWhatIsKnown)
{
    const auto& scanner = full_scanner();
    EXPECT_TRUE(scanner.scan("4111111111111111", {ClassId::payment_card}).empty());
    EXPECT_EQ(scanner.scan("4111111111111111 ada@lovelace.org", {ClassId::payment_card}),
              ClassSet{ClassId::email});
}

TEST(Scan, JoinsPiecesOfOneMessage)
{
    const std::string text = "please charge 4111 1111 1111 1111 today";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        Scan scan(full_scanner());
        scan.add(std::string_view(text).substr(0, cut));
        scan.add(std::string_view(text).substr(cut));
        EXPECT_EQ(scan.found(), ClassSet{ClassId::payment_card}) << cut;
    }
}

TEST(Scan, JoinsPiecesWithLinesInThem)
{
    for (const std::string text :
         {"pay 4111 1111\r\n  1111 1111 today", "pay 4111\n1111\n1111\n1111 today",
          "pay 4111\t1111\t1111\t1111 today"}) {
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            Scan scan(full_scanner());
            scan.add(std::string_view(text).substr(0, cut));
            scan.add(std::string_view(text).substr(cut));
            EXPECT_EQ(scan.found(), ClassSet{ClassId::payment_card}) << text << cut;
        }
    }
}

TEST(Scan, JoinsManySmallPieces)
{
    const std::string text =
        std::string(1000, 'x') + " password = \"hunter22\" " + std::string(1000, 'y');
    for (const std::size_t size : {1U, 2U, 3U, 7U, 100U, 255U, 256U, 257U, 1000U}) {
        Scan scan(full_scanner());
        for (std::size_t at = 0; at < text.size(); at += size) {
            scan.add(std::string_view(text).substr(at, size));
        }
        EXPECT_EQ(scan.found(), ClassSet{ClassId::secret}) << size;
    }
}

TEST(Scan, JoinsLongPiecesAtTheirSeam)
{
    const std::string left = std::string(5000, 'x') + " 4111 1111";
    const std::string right = " 1111 1111 " + std::string(5000, 'y');
    Scan scan(full_scanner());
    scan.add(left);
    EXPECT_TRUE(scan.found().empty());
    scan.add(right);
    EXPECT_EQ(scan.found(), ClassSet{ClassId::payment_card});
}

TEST(Scan, ReadsAPieceByItselfAsWell)
{
    for (const std::string before : {"my card is", "card:", "no. 7", "\xC3\xA9t\xC3\xA9", "a "}) {
        Scan scan(full_scanner());
        scan.add(before);
        scan.add("4111 1111 1111 1111");
        EXPECT_EQ(scan.found(), ClassSet{ClassId::payment_card}) << before;
    }
    Scan words(full_scanner());
    words.add("this");
    words.add("strictly confidential");
    EXPECT_EQ(words.found(), ClassSet{ClassId::confidential});
}

TEST(Scan, KeepsMessagesApart)
{
    Scan scan(full_scanner());
    scan.add("4111 1111 ");
    scan.end_message();
    scan.add("1111 1111");
    EXPECT_TRUE(scan.found().empty());
}

TEST(Scan, TakesNoHalfOfALongNumberForAWholeOne)
{
    Scan scan(full_scanner());
    scan.add(std::string(300, ' ') + "4111111111111111");
    EXPECT_EQ(scan.found(), ClassSet{ClassId::payment_card});
    Scan longer(full_scanner());
    const std::string digits = std::string(240, ' ') + "411111111111111122222222222222222222";
    longer.add(std::string(10, ' '));
    longer.add(digits);
    EXPECT_TRUE(longer.found().empty());
}

TEST(Scan, IsCompleteWhenNothingIsLeftToFind)
{
    Rules rules;
    rules.classes = {ClassId::email};
    const auto scanner = Scanner::build(rules).value();
    Scan scan(scanner);
    EXPECT_FALSE(scan.complete());
    scan.add("ada@lovelace.org");
    EXPECT_TRUE(scan.complete());
}

}  // namespace
}  // namespace spillway::privacy
