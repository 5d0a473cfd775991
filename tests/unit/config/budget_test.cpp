#include "spillway/config/budget.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "spillway/base/text.hpp"
#include "spillway/config/load.hpp"

namespace spillway::config {
namespace {

using namespace std::chrono;

/// 2026-11-21, a Saturday, 15:28:36.123456 UTC.
constexpr WallTime saturday{microseconds{1'795'274'916'123'456}};

std::string begin_of(std::string_view period, WallTime now = saturday)
{
    const auto parsed = parse_budget_period(period);
    return parsed ? rfc3339(window_of(*parsed, now).began) : "no period";
}

TEST(BudgetPeriod, IsReadInTheGrammarOfLiteLlm)
{
    EXPECT_EQ(parse_budget_period("30s"), (BudgetPeriod{30, BudgetPeriod::Unit::second}));
    EXPECT_EQ(parse_budget_period("1mo"), (BudgetPeriod{1, BudgetPeriod::Unit::month}));
    for (const auto* text : {"30s", "30m", "30h", "30d", "2w", "1mo"})
        EXPECT_EQ(text_of(*parse_budget_period(text)), text);
}

TEST(BudgetPeriod, IsNotReadFromAnythingElse)
{
    for (const auto* text : {"", "d", "30", "0d", "-1d", "1.5h", "30 d", "1M", "1mon", "1d ",
                             "99999999999d", "1000000d"})
        EXPECT_EQ(parse_budget_period(text), std::nullopt) << text;
}

TEST(BudgetPeriod, OfPartsOfADayBeginsAtAWholeOne)
{
    EXPECT_EQ(begin_of("30s"), "2026-11-21T15:28:30.000000Z");
    EXPECT_EQ(begin_of("30m"), "2026-11-21T15:00:00.000000Z");
    EXPECT_EQ(begin_of("6h"), "2026-11-21T12:00:00.000000Z");
    EXPECT_EQ(begin_of("24h"), "2026-11-21T00:00:00.000000Z");
}

TEST(BudgetPeriod, OfDaysBeginsByTheCalendar)
{
    EXPECT_EQ(begin_of("1d"), "2026-11-21T00:00:00.000000Z");
    EXPECT_EQ(begin_of("7d"), "2026-11-16T00:00:00.000000Z");
    EXPECT_EQ(begin_of("1w"), "2026-11-16T00:00:00.000000Z");
    EXPECT_EQ(begin_of("30d"), "2026-11-01T00:00:00.000000Z");
}

TEST(BudgetPeriod, OfMonthsBeginsOnTheFirst)
{
    EXPECT_EQ(begin_of("1mo"), "2026-11-01T00:00:00.000000Z");
    EXPECT_EQ(begin_of("3mo"), "2026-10-01T00:00:00.000000Z");
    EXPECT_EQ(begin_of("12mo"), "2026-01-01T00:00:00.000000Z");
}

TEST(BudgetPeriod, BeginsAtItsVeryFirstMoment)
{
    const WallTime monday{sys_days{2026y / November / 16}};
    EXPECT_EQ(begin_of("7d", monday), "2026-11-16T00:00:00.000000Z");
    EXPECT_EQ(begin_of("7d", monday - microseconds{1}), "2026-11-09T00:00:00.000000Z");
    const WallTime first{sys_days{2027y / January / 1}};
    EXPECT_EQ(begin_of("1mo", first), "2027-01-01T00:00:00.000000Z");
    EXPECT_EQ(begin_of("1mo", first - microseconds{1}), "2026-12-01T00:00:00.000000Z");
}

TEST(BudgetPeriod, ThatIsNeverRenewedHoldsAllThereIs)
{
    EXPECT_EQ(window_of(BudgetPeriod{}, saturday), BudgetWindow{});
}

TEST(BudgetPeriod, EndsWhereTheNextBegins)
{
    for (const auto* text :
         {"30s", "7m", "5h", "24h", "1d", "3d", "7d", "30d", "2w", "1mo", "5mo"}) {
        const auto period = *parse_budget_period(text);
        const auto window = window_of(period, saturday);
        ASSERT_TRUE(window.ends);
        EXPECT_GT(*window.ends, saturday) << text;
        EXPECT_LE(window.began, saturday) << text;
        EXPECT_EQ(window_of(period, *window.ends).began, *window.ends) << text;
        EXPECT_EQ(window_of(period, *window.ends - microseconds{1}), window) << text;
    }
}

TEST(BudgetPeriod, BeginsAtTheMidnightOfItsTimeZone)
{
    const auto berlin = *TimeZone::named("Europe/Berlin");
    const auto window = window_of(*parse_budget_period("1d"), saturday, berlin);
    EXPECT_EQ(rfc3339(window.began), "2026-11-20T23:00:00.000000Z");
    const auto kathmandu = *TimeZone::named("Asia/Kathmandu");
    EXPECT_EQ(rfc3339(window_of(*parse_budget_period("1h"), saturday, kathmandu).began),
              "2026-11-21T15:15:00.000000Z");
    EXPECT_EQ(rfc3339(window_of(*parse_budget_period("1mo"), saturday, kathmandu).began),
              "2026-10-31T18:15:00.000000Z");
}

TEST(BudgetPeriod, NeverOverlapsItselfWhenClocksAreChanged)
{
    const auto berlin = *TimeZone::named("Europe/Berlin");
    for (const auto* text : {"7s", "30m", "5h", "1d", "7d", "36h"}) {
        const auto period = *parse_budget_period(text);
        for (const auto day : {2026y / March / 28, 2026y / October / 24}) {
            auto window = window_of(period, WallTime{sys_days{day}}, berlin);
            for (int step = 1; step < 3 * 24 * 12; ++step) {
                const WallTime now = sys_days{day} + step * minutes{5} + seconds{step};
                const auto next = window_of(period, now, berlin);
                ASSERT_TRUE(next == window || next.began >= *window.ends) << text << " " << step;
                window = next;
            }
        }
    }
}

TEST(BudgetPeriod, OfADayLastsTwentyFiveHoursWhenTheClocksGoBack)
{
    const auto berlin = *TimeZone::named("Europe/Berlin");
    const auto window = window_of(*parse_budget_period("1d"),
                                  WallTime{sys_days{2026y / October / 25} + 12h}, berlin);
    EXPECT_EQ(*window.ends - window.began, hours{25});
}

Loaded load_settings(const std::string& settings)
{
    return load_text("model_list: []\n" + settings, "test.yaml",
                     [](const std::string&) { return std::nullopt; });
}

TEST(ProxyCaps, AreReadFromLiteLlmSettings)
{
    const auto loaded =
        load_settings("litellm_settings: {max_budget: 12.5, budget_duration: 30d}\n");
    ASSERT_TRUE(loaded.config);
    const auto caps = proxy_caps(*loaded.config);
    ASSERT_EQ(caps.windows.size(), 1U);
    EXPECT_EQ(caps.windows[0].most, NanoUsd{12'500'000'000});
    EXPECT_EQ(text_of(caps.windows[0].period), "30d");
}

TEST(ProxyCaps, OfGeneralSettingsHold)
{
    const auto loaded =
        load_settings("litellm_settings: {max_budget: 1}\ngeneral_settings: {max_budget: 2}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(proxy_caps(*loaded.config).windows.at(0).most, NanoUsd{2'000'000'000});
}

TEST(ProxyCaps, MayBeSeveralWindows)
{
    const auto loaded = load_settings(
        "general_settings: {max_budget: 20, budget_duration: 30d, soft_budget: 10,\n"
        "  budget_limits: [{max_budget: 2, budget_duration: 1d}]}\n"
        "budgets: {proxy: {budget_limit: 1, time_period: 1h}}\n");
    ASSERT_TRUE(loaded.config);
    const auto caps = proxy_caps(*loaded.config);
    ASSERT_EQ(caps.windows.size(), 3U);
    EXPECT_EQ(text_of(caps.windows[0].period), "30d");
    EXPECT_EQ(text_of(caps.windows[1].period), "1h");
    EXPECT_EQ(text_of(caps.windows[2].period), "1d");
    EXPECT_EQ(caps.soft, NanoUsd{10'000'000'000});
}

TEST(ProxyCaps, AreHonouredAsTheyAreWritten)
{
    const auto loaded = load_settings("litellm_settings: {max_budget: 1}\n");
    const auto& keys = loaded.keys_seen;
    const auto found = std::find_if(keys.begin(), keys.end(), [](const KeySeen& key) {
        return key.path == "litellm_settings.max_budget";
    });
    ASSERT_NE(found, keys.end());
    EXPECT_EQ(found->support, Support::supported);
}

class BadBudget : public ::testing::TestWithParam<const char*> {};

TEST_P(BadBudget, IsAnErrorWithItsPlace)
{
    const auto loaded = load_settings(GetParam());
    EXPECT_FALSE(loaded.config);
    const auto error =
        std::find_if(loaded.problems.begin(), loaded.problems.end(),
                     [](const Problem& problem) { return problem.level == Problem::Level::error; });
    ASSERT_NE(error, loaded.problems.end());
    EXPECT_NE(error->where.find("test.yaml:2:"), std::string::npos) << error->where;
}

INSTANTIATE_TEST_SUITE_P(
    Settings, BadBudget,
    ::testing::Values(
        "litellm_settings: {budget_duration: monthly}\n", "general_settings: {max_budget: -1}\n",
        "general_settings: {max_budget: 1e10}\n", "general_settings: {max_budget: lots}\n",
        "litellm_settings: {timezone: Mars/Olympus}\n",
        "litellm_settings: {tag_budget_config: {blue: {max_budget: -2}}}\n",
        "router_settings: {provider_budget_config: {openai: {budget_limit: x}}}\n",
        "budgets: {proxy: [{max_budget: 1, per: 1d}]}\n",
        "budgets: {groups: {a: {budget_duration: 1d}}}\n",
        "budgets: {groups: {nobody: {max_budget: 1}}}\n",
        "budgets: {on_budget: {120%: local-only}}\n", "budgets: {unknown_prices: maybe}\n"));

TEST(BudgetsSection, NamesCapsOfEveryKindOfScope)
{
    const auto loaded = load_text(
        "model_list: [{model_name: a, litellm_params: {model: openai/x, api_base: "
        "'http://h/v1'}}]\n"
        "litellm_settings: {tag_budget_config: {blue: {max_budget: 1, budget_duration: 1d}},\n"
        "  max_end_user_budget: 3, max_end_user_budget_id: visitors}\n"
        "router_settings: {provider_budget_config: {openai: {budget_limit: 2, time_period: 7d}}}\n"
        "budgets: {groups: {a: [{max_budget: 1}, {max_budget: 2, budget_duration: 1d}]},\n"
        "  on_budget: {100%: local-only, 80%: local-first}, unknown_prices: allow}\n",
        "test.yaml", [](const std::string&) { return std::nullopt; });
    ASSERT_TRUE(loaded.config);
    const auto& config = *loaded.config;
    EXPECT_EQ(config.router.tag_budgets.at("blue").most, NanoUsd{1'000'000'000});
    EXPECT_EQ(text_of(config.router.provider_budgets.at("openai").period), "7d");
    EXPECT_EQ(config.router.max_end_user_budget, NanoUsd{3'000'000'000});
    EXPECT_EQ(config.router.end_user_budget_id, "visitors");
    EXPECT_EQ(config.budgets.groups.at("a").windows.size(), 2U);
    EXPECT_EQ(config.budgets.on_budget, (std::vector<BudgetStep>{{0.8, BudgetTurn::local_first},
                                                                 {1, BudgetTurn::local_only}}));
    EXPECT_EQ(config.budgets.unknown_prices, UnknownPrices::allow);
}

}  // namespace
}  // namespace spillway::config
