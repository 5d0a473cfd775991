#include "spillway/app/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/environment.hpp"

namespace spillway::app {
namespace {

using config::environment;
using testing::HasSubstr;
using testing::Optional;

TEST(ChooseSource, PrefersTheFileThatWasNamed)
{
    const auto source = choose_source({.config = "a.yaml", .host = {}, .port = {}},
                                      environment({{"CONFIG_FILE_PATH", "b.yaml"}}));
    EXPECT_EQ(source.file, "a.yaml");
}

TEST(ChooseSource, TakesTheFileOfTheEnvironment)
{
    EXPECT_EQ(choose_source({}, environment({{"CONFIG_FILE_PATH", "b.yaml"}})).file, "b.yaml");
}

TEST(ChooseSource, LooksAroundWhenNothingIsNamed)
{
    EXPECT_EQ(choose_source({}, environment({{"CONFIG_FILE_PATH", ""}})).file, std::nullopt);
}

TEST(Load, LaysTheCommandLineOverTheConfiguration)
{
    const auto loaded =
        load({.file = {}, .host = "::1", .port = 4711}, "model_list: []", environment({}));
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.host, "::1");
    EXPECT_EQ(loaded.config->server.port, 4711U);
}

TEST(Load, KeepsTheLedgerInTheStateFolderWithoutAFile)
{
    const auto loaded = load({}, "model_list: []", environment({{"HOME", "/home/ann"}}));
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->ledger.path, "/home/ann/.local/state/spillway/spillway.db");
}

TEST(DefaultLedgerPath, HonoursTheStateHome)
{
    EXPECT_EQ(default_ledger_path(environment({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}})),
              "/s/spillway/spillway.db");
}

TEST(DefaultLedgerPath, IsTheWorkingFolderWithoutAHome)
{
    EXPECT_EQ(default_ledger_path(environment({})), "spillway.db");
}

TEST(Loopback, IsWhatOnlyThisMachineReaches)
{
    for (const auto* host : {"127.0.0.1", "127.8.9.1", "::1", "localhost", "LOCALHOST"})
        EXPECT_TRUE(is_loopback(host)) << host;
}

TEST(Loopback, IsNothingElse)
{
    for (const auto* host : {"0.0.0.0", "::", "10.0.0.1", "example.com", "", "127.0.0.1.evil.org"})
        EXPECT_FALSE(is_loopback(host)) << host;
}

TEST(Exposure, IsNoneOnLoopback)
{
    EXPECT_EQ(exposure({}, "127.0.0.1"), std::nullopt);
}

TEST(Exposure, NamesBothWaysOut)
{
    const auto reason = exposure({}, "0.0.0.0");
    EXPECT_THAT(reason, Optional(HasSubstr("master_key")));
    EXPECT_THAT(reason, Optional(HasSubstr("server.allow_open")));
}

TEST(Exposure, IsNoneBehindAMasterKey)
{
    config::Config config;
    config.general.master_key = Secret("sk-1");
    EXPECT_EQ(exposure(config, "0.0.0.0"), std::nullopt);
}

TEST(Exposure, IsNoneWhenAllowedByName)
{
    config::Config config;
    config.server.allow_open = true;
    EXPECT_EQ(exposure(config, "0.0.0.0"), std::nullopt);
}

}  // namespace
}  // namespace spillway::app
