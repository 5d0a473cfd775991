#include "spillway/privacy/locality.hpp"

#include <gtest/gtest.h>

namespace spillway::privacy {
namespace {

Reach reach_of_text(std::string_view address)
{
    return reach_of(Address::parse(address).value());
}

TEST(Reach, IsLocalForLoopbackAndPrivateAddresses)
{
    for (const auto* address :
         {"127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "10.255.255.255", "172.16.0.1",
          "172.31.255.255", "192.168.0.1", "::1", "::", "fc00::1", "fd12:3456:789a::1",
          "::ffff:10.1.2.3", "::ffff:127.0.0.1", "[::1]"}) {
        EXPECT_EQ(reach_of_text(address), Reach::local) << address;
    }
}

TEST(Reach, IsRemoteForEverythingElse)
{
    for (const auto* address :
         {"8.8.8.8",     "172.15.255.255", "172.32.0.1",   "192.167.255.255", "192.169.0.1",
          "11.0.0.1",    "9.255.255.255",  "100.64.0.1",   "100.127.255.255", "169.254.169.254",
          "169.254.0.1", "0.0.0.1",        "224.0.0.1",    "255.255.255.255", "2606:4700::1111",
          "fe80::1",     "fe80::1%eth0",   "fec0::1",      "ff02::1",         "::ffff:8.8.8.8",
          "::2",         "64:ff9b::a00:1", "2002:a00:1::", "fd00:ec2::254",   "::a00:1"}) {
        EXPECT_EQ(reach_of_text(address), Reach::remote) << address;
    }
}

TEST(Address, RefusesWhatIsNone)
{
    for (const auto* text :
         {"", "localhost", "10.0.0", "10.0.0.256", "010.0.0.1x", "::g", "1.2.3.4%0"}) {
        EXPECT_FALSE(Address::parse(text).has_value()) << text;
    }
    const std::array<unsigned char, 5> bytes{};
    EXPECT_FALSE(Address::from_bytes(bytes).has_value());
}

TEST(LocalHosts, JudgesByTheAddressWhateverTheName)
{
    const LocalHosts hosts;
    EXPECT_EQ(hosts.reach("ollama", Address::parse("172.18.0.3").value()), Reach::local);
    EXPECT_EQ(hosts.reach("ollama", Address::parse("93.184.216.34").value()), Reach::remote);
    EXPECT_EQ(hosts.reach("localhost", Address::parse("93.184.216.34").value()), Reach::remote);
    EXPECT_EQ(hosts.reach("host.docker.internal", Address::parse("192.168.65.2").value()),
              Reach::local);
    EXPECT_EQ(hosts.reach("api.openai.com", Address::parse("10.0.0.7").value()), Reach::local);
}

TEST(LocalHosts, TakesTheOperatorsWord)
{
    const std::vector<std::string> listed{"GPU.corp.example.", "*.lab.example", "203.0.113.7",
                                          "100.64.0.0/10", "2001:db8:1::/48"};
    const auto hosts = LocalHosts::listing(listed).value();
    const auto elsewhere = Address::parse("198.51.100.1").value();
    EXPECT_EQ(hosts.reach("gpu.corp.example", elsewhere), Reach::local);
    EXPECT_EQ(hosts.reach("gpu.corp.example.", elsewhere), Reach::local);
    EXPECT_EQ(hosts.reach("a.lab.example", elsewhere), Reach::local);
    EXPECT_EQ(hosts.reach("lab.example", elsewhere), Reach::remote);
    EXPECT_EQ(hosts.reach("evil-lab.example", elsewhere), Reach::remote);
    EXPECT_EQ(hosts.reach("xgpu.corp.example", elsewhere), Reach::remote);
    EXPECT_EQ(hosts.reach("any", Address::parse("203.0.113.7").value()), Reach::local);
    EXPECT_EQ(hosts.reach("any", Address::parse("203.0.113.8").value()), Reach::remote);
    EXPECT_EQ(hosts.reach("any", Address::parse("100.101.102.103").value()), Reach::local);
    EXPECT_EQ(hosts.reach("any", Address::parse("100.128.0.1").value()), Reach::remote);
    EXPECT_EQ(hosts.reach("any", Address::parse("2001:db8:1:ffff::1").value()), Reach::local);
    EXPECT_EQ(hosts.reach("any", Address::parse("2001:db8:2::1").value()), Reach::remote);
}

TEST(LocalHosts, RefusesEntriesThatAreNoHosts)
{
    for (const std::string entry :
         {"", "http://gpu:8080", "gpu:11434", "10.0.0.0/33", "10.0.0.0/0", "a..b", "*", "*.",
          "10.0.0.0/x", "10.0.0", "gpu/24", "::1/129"}) {
        const std::vector<std::string> listed{entry};
        const auto hosts = LocalHosts::listing(listed);
        ASSERT_FALSE(hosts) << entry;
        EXPECT_NE(hosts.error().message().find("'" + entry + "'"), std::string::npos);
    }
}

TEST(LocalHosts, KnowsFromSomeNamesAloneWhatTheyReach)
{
    const std::vector<std::string> listed{"gpu.lan"};
    const auto hosts = LocalHosts::listing(listed).value();
    EXPECT_EQ(hosts.reach_by_name("localhost"), Reach::local);
    EXPECT_EQ(hosts.reach_by_name("Models.Localhost."), Reach::local);
    EXPECT_EQ(hosts.reach_by_name("127.0.0.1"), Reach::local);
    EXPECT_EQ(hosts.reach_by_name("[fd00::1]"), Reach::local);
    EXPECT_EQ(hosts.reach_by_name("8.8.8.8"), Reach::remote);
    EXPECT_EQ(hosts.reach_by_name("gpu.lan"), Reach::local);
    EXPECT_FALSE(hosts.reach_by_name("ollama").has_value());
    EXPECT_FALSE(hosts.reach_by_name("host.docker.internal").has_value());
    EXPECT_FALSE(hosts.reach_by_name("api.openai.com").has_value());
}

TEST(LocalHosts, YieldsToWhatADeploymentSaysOfItself)
{
    EXPECT_EQ(resolve(Reach::remote, Reach::local), Reach::remote);
    EXPECT_EQ(resolve(Reach::local, Reach::remote), Reach::local);
    EXPECT_EQ(resolve(std::nullopt, Reach::local), Reach::local);
}

}  // namespace
}  // namespace spillway::privacy
