#include "spend_pages.hpp"

#include <gtest/gtest.h>

#include "json.hpp"
#include "spend_questions.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/upkeep.hpp"
#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::admin {
namespace {

using ledger::testing::at_micros;
using ledger::testing::full_record;
using ledger::testing::places_of;
using ledger::testing::settings_for;

constexpr std::int64_t day = 86'400'000'000;
constexpr std::int64_t nov_20 = 1'795'132'800'000'000;  // 2026-11-20T00:00:00Z

/// Pages over a small ledger; every page is asked before and behind the mark of the sums.
class SpendPagesTest : public ::testing::Test {
protected:
    SpendPagesTest()
    {
        store_ = std::move(*ledger::Store::open(settings_for(path_)));
        auto other = record(nov_20 + day, 7'000'000'000);
        other.key_hash = other_key_;
        other.team_id = "sales";
        other.user_id = "u-8";
        other.end_user = "bert";
        other.tags = R"(["green"])";
        other.upstream_model = "claude-sonnet";
        other.group = other.asked_model = "best";
        other.provider = "anthropic";
        auto refused = record(nov_20, 0);
        refused.cost.reset();
        refused.outcome = ledger::Outcome::refused;
        refused.usage = {};
        records_ = {record(nov_20, 2'500'000'000), record(nov_20 + 5, 500'000'000), other, refused};
        EXPECT_TRUE(store_->append(places_of(records_)));
        query_ = std::move(*ledger::Query::open(path_));
    }

    ledger::SpendRecord record(std::int64_t started, std::int64_t nanos)
    {
        auto out = full_record(ids_, at_micros(started));
        out.cost = NanoUsd{nanos};
        return out;
    }
    Request asking(Page page, std::vector<Parameter> query)
    {
        Request request{page, std::move(query)};
        request.caller.privilege = chat::Privilege::operator_;
        return request;
    }
    /// As the holder of the other record's key.
    Request asking_as_holder(Page page, std::vector<Parameter> query)
    {
        auto request = asking(page, std::move(query));
        request.caller.privilege = chat::Privilege::user;
        request.caller.key_hash = other_key_;
        return request;
    }
    using Make = Result<std::string> (*)(const Request&, ledger::Query&);
    /// The page, which is the same when all is rolled up.
    Json page(Make make, const Request& request)
    {
        const auto before = make(request, *query_);
        EXPECT_TRUE(before) << before.error().message();
        ledger::Upkeep upkeep(path_, {});
        upkeep.work(at_micros(nov_20));
        const auto behind = make(request, *query_);
        EXPECT_TRUE(behind);
        EXPECT_EQ(*before, *behind);
        return Json::parse(*behind);
    }
    static std::vector<Parameter> both_days()
    {
        return {{"start_date", "2026-11-20"}, {"end_date", "2026-11-21"}};
    }

    ledger::testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<ledger::Store> store_;
    std::unique_ptr<ledger::Query> query_;
    std::string key_ = std::string(64, 'a');
    std::string other_key_ = sha256_hex("sk-other");
    std::vector<ledger::SpendRecord> records_;
};

TEST_F(SpendPagesTest, LogsSumUpByDay)
{
    const auto days = page(spend_logs, asking(Page::spend_logs, both_days()));
    ASSERT_EQ(days.size(), 2U);
    EXPECT_EQ(days[0]["startTime"], "2026-11-20");
    EXPECT_EQ(days[0]["spend"], 3.0);
    EXPECT_EQ(days[0]["api_keys"][key_], 3.0);
    EXPECT_EQ(days[1]["models"]["claude-sonnet"], 7.0);
    EXPECT_EQ(days[1]["users"]["u-8"], 7.0);
}

TEST_F(SpendPagesTest, LogsOfAHolderAreHisOwn)
{
    EXPECT_EQ(page(spend_logs, asking_as_holder(Page::spend_logs, {})).size(), 1U);
    EXPECT_EQ(page(spend_logs, asking_as_holder(Page::spend_logs, {{"api_key", key_}})).size(), 1U);
    const std::vector<Parameter> foreign{{"request_id", records_[0].id.text()}};
    EXPECT_EQ(page(spend_logs, asking_as_holder(Page::spend_logs, foreign)).size(), 0U);
    const std::vector<Parameter> own{{"request_id", records_[2].id.text()}};
    EXPECT_EQ(page(spend_logs, asking_as_holder(Page::spend_logs, own)).size(), 1U);
}

TEST_F(SpendPagesTest, AnyoneWithoutAKeyOfHisOwnSeesNothing)
{
    auto request = asking_as_holder(Page::spend_logs, {});
    request.caller.key_hash = "";
    EXPECT_EQ(page(spend_logs, request).size(), 0U);
    EXPECT_EQ(page(spend_keys, request).size(), 0U);
}

TEST_F(SpendPagesTest, LogsComeByPages)
{
    const auto request =
        asking(Page::spend_logs_page, {{"page", "2"}, {"page_size", "3"}, {"start_date", ""}});
    const auto second = page(spend_logs_page, request);
    EXPECT_EQ(second["total"], 4);
    EXPECT_EQ(second["total_pages"], 2);
    EXPECT_EQ(second["page"], 2);
    ASSERT_EQ(second["data"].size(), 1U);
    EXPECT_EQ(second["data"][0]["request_id"], records_[0].id.text());
}

TEST_F(SpendPagesTest, PagesCountWhatTheyRestrictTo)
{
    for (const Parameter& one :
         {Parameter{"model", "best"}, Parameter{"team_id", "sales"}, Parameter{"user_id", "u-8"},
          Parameter{"end_user", "bert"}, Parameter{"api_key", other_key_}}) {
        const auto found = page(spend_logs_page, asking(Page::spend_logs_page, {one}));
        EXPECT_EQ(found["total"], 1) << one.name;
        EXPECT_EQ(found["data"].size(), 1U) << one.name;
    }
}

TEST_F(SpendPagesTest, KeysAreRankedWithTeamAndUser)
{
    const auto keys = page(spend_keys, asking(Page::spend_keys, {}));
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0]["token"], other_key_);
    EXPECT_EQ(keys[0]["spend"], 7.0);
    EXPECT_EQ(keys[0]["team_id"], "sales");
    EXPECT_EQ(keys[1]["user_id"], "u-7");
    EXPECT_EQ(page(spend_keys, asking(Page::spend_keys, {{"limit", "1"}})).size(), 1U);
    EXPECT_EQ(page(spend_keys, asking_as_holder(Page::spend_keys, {})).size(), 1U);
}

TEST_F(SpendPagesTest, UsersAndTagsAreRanked)
{
    const auto users = page(spend_users, asking(Page::spend_users, {}));
    ASSERT_EQ(users.size(), 2U);
    EXPECT_EQ(users[0]["user_id"], "u-8");
    EXPECT_EQ(page(spend_users, asking(Page::spend_users, {{"user_id", "u-7"}}))[0]["spend"], 3.0);
    const auto tags = page(spend_tags, asking(Page::spend_tags, {}));
    ASSERT_EQ(tags.size(), 3U);
    EXPECT_EQ(tags[0]["individual_request_tag"], "green");
    EXPECT_EQ(tags[1]["log_count"], 3);
    EXPECT_EQ(tags[1]["total_spend"], 3.0);
}

TEST_F(SpendPagesTest, GlobalSpendIsThatOfThirtyDaysWithTheCap)
{
    const auto now = SystemClock{}.wall().time_since_epoch().count();
    const std::vector<ledger::SpendRecord> recent{record(now, 4), record(now - 40 * day, 100)};
    ASSERT_TRUE(store_->append(places_of(recent)));
    const auto old = now - nov_20 > 31 * day ? 0.0 : 10.0;
    const auto shown = Json::parse(*global_spend(NanoUsd{12'500'000'000}, *query_));
    EXPECT_EQ(shown["spend"], ledger::Spend({static_cast<std::int64_t>(old), 4}).usd());
    EXPECT_EQ(shown["max_budget"], 12.5);
    EXPECT_TRUE(Json::parse(*global_spend({}, *query_))["max_budget"].is_null());
}

TEST_F(SpendPagesTest, GlobalSpendByDayCanBeThatOfAModelOrAGroup)
{
    const auto days = page(global_spend_logs, asking(Page::global_spend_logs, both_days()));
    ASSERT_EQ(days.size(), 2U);
    EXPECT_EQ(days[1]["date"], "2026-11-21");
    EXPECT_EQ(days[1]["spend"], 7.0);
    for (const auto* model : {"best", "claude-sonnet"}) {
        auto query = both_days();
        query.push_back({"model", model});
        const auto own = page(global_spend_logs, asking(Page::global_spend_logs, query));
        ASSERT_EQ(own.size(), 1U);
        EXPECT_EQ(own[0]["spend"], 7.0);
    }
}

TEST_F(SpendPagesTest, RankingsNameTheDearestFirst)
{
    const auto keys = page(global_spend_keys, asking(Page::global_spend_keys, both_days()));
    EXPECT_EQ(keys[0]["api_key"], other_key_);
    EXPECT_EQ(keys[0]["total_spend"], 7.0);
    const auto models = page(global_spend_models, asking(Page::global_spend_models, both_days()));
    EXPECT_EQ(models[0]["model"], "claude-sonnet");
    const auto providers =
        page(global_spend_provider, asking(Page::global_spend_provider, both_days()));
    EXPECT_EQ(providers[0]["provider"], "anthropic");
    EXPECT_EQ(providers[1]["spend"], 3.0);
    auto query = both_days();
    query.push_back({"tags", "green,none"});
    const auto tags = page(global_spend_tags, asking(Page::global_spend_tags, query));
    ASSERT_EQ(tags["spend_per_tag"].size(), 1U);
    EXPECT_EQ(tags["spend_per_tag"][0]["name"], "green");
}

TEST_F(SpendPagesTest, EndUsersAreRankedAsTheBodyAsks)
{
    const auto users = [this](std::string body) {
        auto request = asking(Page::global_spend_end_users, {});
        request.body = std::move(body);
        EXPECT_TRUE(take_end_users_question(request));
        return page(global_spend_end_users, request);
    };
    const auto all = users(R"({"startTime": "2026-11-20T08:00:00Z", "endTime": "2026-11-21"})");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0], Json::parse(R"({"end_user": "bert", "total_count": 1, "total_spend": 7.0})"));
    EXPECT_EQ(all[1], Json::parse(R"({"end_user": "anna", "total_count": 3, "total_spend": 3.0})"));
    const auto one_day = users(R"({"startTime": "2026-11-20", "endTime": "2026-11-20 23:00"})");
    ASSERT_EQ(one_day.size(), 1U);
    EXPECT_EQ(one_day[0]["end_user"], "anna");
    const auto one_key = users(R"({"startTime": "2026-11-20", "api_key": "sk-other"})");
    ASSERT_EQ(one_key.size(), 1U);
    EXPECT_EQ(one_key[0]["end_user"], "bert");
}

TEST_F(SpendPagesTest, EndUsersAreNotGuessedFromAMalformedBody)
{
    for (const char* body : {"[]", "{", R"({"startTime": 5})", R"({"endTime": "yesterday"})",
                             R"({"startTime": "2026-11-20x"})", R"({"api_key": []})"}) {
        auto request = asking(Page::global_spend_end_users, {});
        request.body = body;
        EXPECT_FALSE(take_end_users_question(request)) << body;
    }
    auto request = asking(Page::global_spend_end_users, {});
    ASSERT_TRUE(take_end_users_question(request));
    EXPECT_EQ(request["start_date"], ledger::day_text(last_month().first)) << "as LiteLLM has it";
}

TEST_F(SpendPagesTest, TeamsComeByDayAndInTotal)
{
    const auto teams = page(global_spend_teams, asking(Page::global_spend_teams, both_days()));
    EXPECT_EQ(teams["teams"], Json::array({"research", "sales"}));
    EXPECT_EQ(teams["daily_spend"][0]["research"], 3.0);
    EXPECT_EQ(teams["daily_spend"][1]["sales"], 7.0);
    EXPECT_EQ(teams["total_spend_per_team"][1]["total_spend"], 7.0);
}

TEST_F(SpendPagesTest, TheReportGroupsByTeamAndByCustomer)
{
    const auto teams = page(spend_report, asking(Page::spend_report, both_days()));
    ASSERT_EQ(teams.size(), 2U);
    EXPECT_EQ(teams[0]["group_by_day"], "2026-11-20T00:00:00+00:00");
    EXPECT_EQ(teams[0]["teams"][0]["team_name"], "research");
    EXPECT_EQ(teams[0]["teams"][0]["total_spend"], 3.0);
    const auto& detail = teams[0]["teams"][0]["metadata"][0];
    EXPECT_EQ(detail["model"], "gpt-4o");
    EXPECT_EQ(detail["total_tokens"], 3'000);
    EXPECT_EQ(detail["api_key"], key_);
    auto query = both_days();
    query.push_back({"group_by", "customer"});
    const auto customers = page(spend_report, asking(Page::spend_report, query));
    EXPECT_EQ(customers[1]["customers"][0]["customer"], "bert");
}

TEST_F(SpendPagesTest, TheReportOfAKeyOrAUserHasItsModels)
{
    for (const Parameter& one :
         {Parameter{"api_key", "sk-other"}, Parameter{"internal_user_id", "u-8"}}) {
        auto query = both_days();
        query.push_back(one);
        const auto report = page(spend_report, asking(Page::spend_report, query));
        ASSERT_EQ(report.size(), 1U);
        EXPECT_EQ(report[0]["api_key"], other_key_);
        EXPECT_EQ(report[0]["total_cost"], 7.0);
        EXPECT_EQ(report[0]["total_input_tokens"], 1'200);
        EXPECT_EQ(report[0]["model_details"][0]["model"], "claude-sonnet");
    }
    auto query = both_days();
    query.push_back({"group_by", "api_key"});
    EXPECT_EQ(page(spend_report, asking(Page::spend_report, query)).size(), 2U);
}

TEST_F(SpendPagesTest, TheReportRefusesWhatItCannotGroupBy)
{
    auto query = both_days();
    query.push_back({"group_by", "moon"});
    const auto refused = spend_report(asking(Page::spend_report, query), *query_);
    EXPECT_EQ(refused.error().code(), Errc::invalid_request);
    EXPECT_EQ(refused.error().param(), "group_by");
}

TEST_F(SpendPagesTest, ReportsNeedTheirDates)
{
    for (const auto make : {spend_report, activity, activity_by_model, daily_activity}) {
        const auto none = make(asking(Page::user_activity, {}), *query_);
        EXPECT_EQ(none.error().code(), Errc::invalid_request);
        const auto wrong = make(
            asking(Page::user_activity, {{"start_date", "yesterday"}, {"end_date", "2026-11-21"}}),
            *query_);
        EXPECT_EQ(wrong.error().param(), "start_date");
    }
}

TEST_F(SpendPagesTest, ActivityCountsRequestsAndTokens)
{
    const auto all = page(activity, asking(Page::activity, both_days()));
    EXPECT_EQ(all["sum_api_requests"], 4);
    EXPECT_EQ(all["sum_total_tokens"], 4'500);
    EXPECT_EQ(all["daily_data"][0]["date"], "Nov 20");
    EXPECT_EQ(all["daily_data"][0]["api_requests"], 3);
    const auto models = page(activity_by_model, asking(Page::activity_by_model, both_days()));
    ASSERT_EQ(models.size(), 2U);
    EXPECT_EQ(models[0]["model"], "best");
    EXPECT_EQ(models[0]["sum_total_tokens"], 1'500);
}

TEST_F(SpendPagesTest, DailyActivityBreaksDaysDown)
{
    const auto all = page(daily_activity, asking(Page::user_activity, both_days()));
    ASSERT_EQ(all["results"].size(), 2U);
    const auto& first = all["results"][0];
    EXPECT_EQ(first["date"], "2026-11-20");
    EXPECT_EQ(first["metrics"]["spend"], 3.0);
    EXPECT_EQ(first["metrics"]["api_requests"], 3);
    EXPECT_EQ(first["metrics"]["failed_requests"], 1);
    EXPECT_EQ(first["breakdown"]["models"]["gpt-4o"]["metrics"]["spend"], 3.0);
    EXPECT_EQ(first["breakdown"]["providers"]["openai"]["metrics"]["spend"], 3.0);
    EXPECT_EQ(first["breakdown"]["api_keys"][key_]["metrics"]["spend"], 3.0);
    EXPECT_EQ(all["metadata"]["total_spend"], 10.0);
    EXPECT_EQ(all["metadata"]["total_api_requests"], 4);
    EXPECT_EQ(all["metadata"]["has_more"], false);
}

TEST_F(SpendPagesTest, DailyActivityOfAUserATeamAndATag)
{
    const auto asked = [&](Page which, const char* name, const char* value) {
        auto query = both_days();
        query.push_back({name, value});
        return page(daily_activity, asking(which, query));
    };
    EXPECT_EQ(asked(Page::user_activity, "user_id", "u-8")["metadata"]["total_spend"], 7.0);
    const auto team = asked(Page::team_activity, "team_ids", "sales,none");
    EXPECT_EQ(team["metadata"]["total_spend"], 7.0);
    EXPECT_EQ(team["results"][0]["breakdown"]["entities"]["sales"]["metrics"]["spend"], 7.0);
    const auto tag = asked(Page::tag_activity, "tags", "green");
    EXPECT_EQ(tag["metadata"]["total_spend"], 7.0);
    EXPECT_EQ(tag["results"][0]["breakdown"]["entities"]["green"]["metrics"]["api_requests"], 1);
    const auto own = page(daily_activity, asking_as_holder(Page::user_activity, both_days()));
    EXPECT_EQ(own["metadata"]["total_spend"], 7.0);
}

class CalculateTest : public ::testing::Test {
protected:
    CalculateTest()
    {
        Deployment deployment;
        deployment.group = "smart";
        deployment.model = "openai/gpt-4.1";
        deployment.rate.prices.input = PicoUsdPerToken{2'000'000};
        deployment.rate.prices.output = PicoUsdPerToken{8'000'000};
        view_.deployments.push_back(deployment);
        view_.count_tokens = [](const std::string&, std::string_view text) {
            return Tokens{static_cast<std::int64_t>(text.size())};
        };
    }
    Result<std::string> calculate(const std::string& body)
    {
        Request request{Page::calculate_spend, {}};
        request.body = body;
        return calculate_spend(request, view_);
    }
    View view_;
};

TEST_F(CalculateTest, PricesTheUsageOfAnAnswer)
{
    const auto cost = calculate(R"({"completion_response": {"model": "smart",
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100}}})");
    ASSERT_TRUE(cost);
    EXPECT_EQ(*cost, R"({"cost":0.0028})");
}

TEST_F(CalculateTest, EstimatesThePromptOfMessages)
{
    const auto cost = calculate(
        R"({"model": "openai/gpt-4.1", "messages": [{"role": "user", "content": "123456789"}]})");
    ASSERT_TRUE(cost);
    EXPECT_EQ(*cost, R"({"cost":2e-05})");
}

TEST_F(CalculateTest, RefusesWhatHasNoModelNoUsageOrNoPrice)
{
    for (const auto* body : {"{}", R"({"model": "smart"})", R"({"model": 5})", "[]", "{",
                             R"({"model": "unheard-of", "messages": []})"})
        EXPECT_FALSE(calculate(body)) << body;
}

}  // namespace
}  // namespace spillway::admin
