#include "spillway/net/name_cache.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace spillway::net {
namespace {

using namespace std::chrono_literals;
namespace ip = boost::asio::ip;

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

TEST(NameCache, TakesAnAddressForWhatItIs)
{
    boost::asio::io_context io;
    NameCache names{io};
    const auto& entry = names.find("::1", now());
    EXPECT_TRUE(entry.ready(now()));
    ASSERT_EQ(entry.addresses.size(), 1u);
    EXPECT_EQ(entry.addresses.front(), ip::make_address("::1"));
}

TEST(NameCache, KnowsLocalhostWithoutAsking)
{
    boost::asio::io_context io;
    NameCache names{io};
    const auto& entry = names.find("localhost", now());
    ASSERT_EQ(entry.addresses.size(), 2u);
    EXPECT_TRUE(entry.addresses.front().is_v4());
}

TEST(NameCache, AsksOnceForAllWhoWait)
{
    boost::asio::io_context io;
    NameCache names{io};
    auto& first = names.find("no-such-name.invalid", now());
    EXPECT_TRUE(first.resolving);
    auto& second = names.find("no-such-name.invalid", now());
    EXPECT_EQ(&first, &second);
    io.run();
    EXPECT_FALSE(first.resolving);
    EXPECT_TRUE(first.addresses.empty());
    EXPECT_FALSE(first.complaint.empty());
}

TEST(NameCache, AsksAgainAfterItsTime)
{
    boost::asio::io_context io;
    NameCache names{io};
    auto& entry = names.find("no-such-name.invalid", now());
    io.run();
    io.restart();
    EXPECT_TRUE(names.find("no-such-name.invalid", now() + 1min).resolving);
    io.run();
    EXPECT_FALSE(entry.resolving);
}

TEST(NameCache, MayDieWhileItAsks)
{
    boost::asio::io_context io;
    {
        NameCache names{io};
        (void)names.find("no-such-name.invalid", now());
    }
    io.run();
}

TEST(LinkLocal, IsRecognisedInEveryForm)
{
    for (const char* text : {"169.254.0.1", "169.254.169.254", "fe80::1", "febf::1",
                             "fd00:ec2::254", "::ffff:169.254.169.254"})
        EXPECT_TRUE(is_link_local(ip::make_address(text))) << text;
    for (const char* text : {"127.0.0.1", "10.0.0.1", "192.168.1.1", "169.253.1.1", "::1",
                             "fec0::1", "fd00:ec2::253", "2001:db8::1"})
        EXPECT_FALSE(is_link_local(ip::make_address(text))) << text;
}

}  // namespace
}  // namespace spillway::net
