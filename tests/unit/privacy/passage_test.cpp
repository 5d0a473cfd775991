#include "spillway/privacy/passage.hpp"

#include <gtest/gtest.h>

namespace spillway::privacy {
namespace {

constexpr Place by_address{Reach::local, Place::LocalBy::address};
constexpr Place declared{Reach::local, Place::LocalBy::declaration};
constexpr Place remote{Reach::remote, Place::LocalBy::address};

Address address(std::string_view text)
{
    return Address::parse(text).value();
}

TEST(Passage, IsFreeForWhatMayGoAnywhere)
{
    const LocalHosts hosts;
    for (const auto& place : {by_address, declared, remote}) {
        const auto passage = Passage::within(Boundary::any, place, hosts);
        EXPECT_TRUE(passage.allows_any());
        EXPECT_TRUE(passage.allows("api.example", address("203.0.113.7")));
    }
    EXPECT_TRUE(Passage::without_request().allows("api.example", address("203.0.113.7")));
    const auto clearance = Clearance::of(Boundary::any, Scanned::yes, {});
    EXPECT_TRUE(Passage::cleared(*clearance).allows("api.example", address("203.0.113.7")));
}

TEST(Passage, LeadsToLocalAddressesOnlyForWhatStaysLocal)
{
    const std::vector<std::string> listed{"gpu.example"};
    const auto hosts = LocalHosts::listing(listed).value();
    const auto passage = Passage::within(Boundary::local, by_address, hosts);
    EXPECT_FALSE(passage.allows_any());
    EXPECT_TRUE(passage.allows("ollama", address("127.0.0.1")));
    EXPECT_TRUE(passage.allows("ollama", address("10.1.2.3")));
    EXPECT_FALSE(passage.allows("ollama", address("203.0.113.7")));
    EXPECT_FALSE(passage.allows("ollama", address("2001:db8::1")));
    EXPECT_TRUE(passage.allows("gpu.example", address("203.0.113.7")));
}

TEST(Passage, TakesTheOperatorsWordForAPlaceThatHeDeclaredLocal)
{
    const LocalHosts hosts;
    const auto passage = Passage::within(Boundary::local, declared, hosts);
    EXPECT_TRUE(passage.allows("gpu.example", address("203.0.113.7")));
}

TEST(Passage, LeadsNowhereFromWhatStaysLocalToAPlaceThatIsNot)
{
    const LocalHosts hosts;
    const auto passage = Passage::within(Boundary::local, remote, hosts);
    EXPECT_FALSE(passage.allows_any());
    for (const auto* text : {"127.0.0.1", "10.1.2.3", "::1", "203.0.113.7"})
        EXPECT_FALSE(passage.allows("localhost", address(text))) << text;
}

}  // namespace
}  // namespace spillway::privacy
