#include "spillway/config/retention.hpp"

#include <gtest/gtest.h>

#include "spillway/config/budget.hpp"

namespace spillway::config {
namespace {

using std::chrono::hours;

TEST(Retention, IsForEverWhenNothingIsSaid)
{
    EXPECT_EQ(retention(Config{}), std::nullopt);
    EXPECT_EQ(retention_interval(Config{}), hours{1});
}

TEST(Retention, OfTheLedgerWinsOverLitellmsKey)
{
    Config config;
    config.general.spend_logs_retention = *parse_budget_period("7d");
    EXPECT_EQ(retention(config), hours{7 * 24});
    config.ledger.retention = *parse_budget_period("3mo");
    EXPECT_EQ(retention(config), hours{90 * 24});
}

TEST(Retention, IsLookedAfterNoOftenerThanEveryMinute)
{
    Config config;
    config.general.spend_logs_retention_interval = *parse_budget_period("1d");
    EXPECT_EQ(retention_interval(config), hours{24});
    config.ledger.retention_interval = *parse_budget_period("1s");
    EXPECT_EQ(retention_interval(config), std::chrono::minutes{1});
}

}  // namespace
}  // namespace spillway::config
