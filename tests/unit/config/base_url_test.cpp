#include "spillway/config/base_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::config {
namespace {

TEST(BaseUrl, TakesAUrlApart)
{
    const auto base = parse_base_url("HTTPS://Relay.Example.com:8443/api/v1//");
    ASSERT_TRUE(base);
    EXPECT_TRUE(base->tls);
    EXPECT_EQ(base->host, "relay.example.com");
    EXPECT_EQ(base->port, 8443);
    EXPECT_EQ(base->path, "/api/v1");
}

TEST(BaseUrl, KnowsTheUsualPorts)
{
    EXPECT_EQ(parse_base_url("http://h")->port, 80);
    EXPECT_EQ(parse_base_url("https://h")->port, 443);
}

TEST(BaseUrl, TakesIpv6InBrackets)
{
    const auto base = parse_base_url("http://[FE80::1]:9/x");
    ASSERT_TRUE(base);
    EXPECT_EQ(base->host, "fe80::1");
    EXPECT_EQ(base->port, 9);
}

TEST(BaseUrl, RefusesWhatIsNoBaseUrl)
{
    for (const std::string_view url : {"",
                                       "h:1",
                                       "ftp://h",
                                       "http://",
                                       "http:///v1",
                                       "http://h:0",
                                       "http://h:65536",
                                       "http://h:x",
                                       "http://h:",
                                       "http://h?x=1",
                                       "http://h/v1#f",
                                       "http://u:p@h/",
                                       "http://[::1",
                                       "http://[zz]",
                                       "http://[::1]x",
                                       "http://h h",
                                       "http://h/a b",
                                       "http://h\r/",
                                       "http://h/\r\nx: y",
                                       "http://.h",
                                       "http://h/\"",
                                       "file:///etc/passwd"})
        EXPECT_FALSE(parse_base_url(url)) << url;
}

TEST(BaseUrl, NeverRepeatsAPasswordInAMessage)
{
    EXPECT_THAT(parse_base_url("http://user:hunter2@h/").error().message(),
                testing::Not(testing::HasSubstr("hunter2")));
}

TEST(BaseUrl, AddsNoSuffixTwice)
{
    EXPECT_EQ(with_suffix("", "/v1"), "/v1");
    EXPECT_EQ(with_suffix("/v1", "/v1"), "/v1");
    EXPECT_EQ(with_suffix("/api", "/v1"), "/api/v1");
    EXPECT_EQ(with_suffix("/openai", "/openai/v1"), "/openai/v1");
    EXPECT_EQ(with_suffix("/openai/v1", "/openai/v1"), "/openai/v1");
    EXPECT_EQ(with_suffix("/open", "/openai/v1"), "/open/openai/v1");
}

TEST(Reach, TellsMetadataAddressesApart)
{
    for (const std::string_view host :
         {"169.254.169.254", "169.254.0.1", "fe80::1", "fd00:ec2::254", "metadata.google.internal",
          "::ffff:169.254.169.254", "100.100.100.200"})
        EXPECT_EQ(reach_of(host), Reach::link_local) << host;
}

TEST(Reach, TakesNamesOfTheLocalNetworkForNear)
{
    for (const std::string_view host :
         {"localhost", "ollama", "gpu.lan", "gpu.home.arpa", "host.docker.internal", "gpu.local.",
          "127.9.9.9", "100.64.0.1", "0.0.0.0", "::1", "::ffff:10.0.0.1"})
        EXPECT_EQ(reach_of(host), Reach::near) << host;
    for (const std::string_view host :
         {"api.openai.com", "8.8.8.8", "100.128.0.1", "2001:db8::1", "notlocal.example"})
        EXPECT_EQ(reach_of(host), Reach::far) << host;
}

}  // namespace
}  // namespace spillway::config
