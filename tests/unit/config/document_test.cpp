#include "spillway/config/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"
#include "unit/printed_page.hpp"

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Manual, IsCurrent)
{
    expect_current("configuration.md", configuration_manual());
}

TEST(Manual, NamesSettingsWithTypeDefaultAndMeaning)
{
    const auto manual = configuration_manual();
    EXPECT_THAT(manual, HasSubstr("| `port` | whole number from 0 to 65535 | `4000` | Port for "
                                  "clients; 0 takes a free one. *Takes a restart.* |"));
    EXPECT_THAT(manual, HasSubstr("| `max_body` | bytes, like 33554432 or 32MiB | `32MiB` |"));
    EXPECT_THAT(manual, HasSubstr("| `ollama_chat/` | http://localhost:11434/v1 |"));
}

TEST(CheckReport, ListsProblemsThenKeys)
{
    const auto report = check_report(load("server: {port: x}\nrouter_settings: {redis_host: h}\n"));
    EXPECT_THAT(report, testing::StartsWith("c.yaml: warning: model_list names no deployment"));
    EXPECT_THAT(report, HasSubstr("c.yaml:1:16: error: server.port: expected whole number from 0 "
                                  "to 65535, found text\n"));
    EXPECT_THAT(report, HasSubstr("1 error, 1 warning\n"));
    EXPECT_THAT(report, HasSubstr("KEY                         STATUS      NOTE\n"));
    EXPECT_THAT(report, HasSubstr("router_settings.redis_host  ignored     spillway keeps"));
    EXPECT_THAT(report, HasSubstr("server.port                 supported\n"));
}

TEST(CheckReport, CountsWhatWillBeServed)
{
    const auto report = check_report(load(one_row("model: openai/m, api_base: 'http://h'")));
    EXPECT_THAT(report, testing::StartsWith("0 errors, 0 warnings; 1 deployment in 1 group\n"));
}

TEST(CheckReport, HoldsNoSecret)
{
    const auto report = check_report(load(
        one_row("model: openai/m, api_base: 'http://h', api_key: sk-hidden") +
        "general_settings: {master_key: sk-hidden, database_url: 'postgresql://u:sk-hidden@h'}\n"));
    EXPECT_THAT(report, Not(HasSubstr("sk-hidden")));
}

Config config_of(std::string_view yaml)
{
    return load(yaml).config.value_or(Config{});
}

TEST(RestartOnlyChanges, AreThoseThatARunningDaemonCannotMake)
{
    EXPECT_THAT(restart_only_changes(config_of("server: {port: 1, max_body: 5MiB}\n"),
                                     config_of("server: {port: 2, max_body: 6MiB}\n"
                                               "ledger: {path: other.db}\n")),
                ElementsAre("ledger.path", "server.port"));
}

TEST(RestartOnlyChanges, AreNoneBetweenEquals)
{
    EXPECT_THAT(restart_only_changes(Config{}, Config{}), IsEmpty());
}

TEST(RestartOnlyChanges, SeeASecretThatChanged)
{
    EXPECT_THAT(restart_only_changes(config_of("general_settings: {database_url: a}\n"),
                                     config_of("general_settings: {database_url: b}\n")),
                ElementsAre("general_settings.database_url"));
}

}  // namespace
}  // namespace spillway::config
