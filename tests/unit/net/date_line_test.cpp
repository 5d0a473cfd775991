#include "spillway/net/date_line.hpp"

#include <gtest/gtest.h>

namespace spillway::net {
namespace {

TEST(DateLine, IsWrittenAsHttpWantsIt)
{
    DateLine line;
    EXPECT_EQ(line.at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    EXPECT_EQ(line.at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
    EXPECT_EQ(line.at(951'868'799), "Date: Tue, 29 Feb 2000 23:59:59 GMT\r\n");
    EXPECT_EQ(line.at(4'102'444'799), "Date: Thu, 31 Dec 2099 23:59:59 GMT\r\n");
}

TEST(DateLine, FollowsTheClockAlsoBackwards)
{
    DateLine line;
    EXPECT_EQ(line.at(1'000'000'001), "Date: Sun, 09 Sep 2001 01:46:41 GMT\r\n");
    EXPECT_EQ(line.at(1'000'000'001), "Date: Sun, 09 Sep 2001 01:46:41 GMT\r\n");
    EXPECT_EQ(line.at(1'000'000'000), "Date: Sun, 09 Sep 2001 01:46:40 GMT\r\n");
}

}  // namespace
}  // namespace spillway::net
