#include "spillway/admin/pages.hpp"

#include <gtest/gtest.h>

namespace spillway::admin {
namespace {

TEST(ReadQuery, DecodesNamesAndValues)
{
    const auto query = read_query("api%5Fkey=sk-a%2Bb&model=two+words");
    ASSERT_TRUE(query);
    ASSERT_EQ(query->size(), 2U);
    EXPECT_EQ((*query)[0].name, "api_key");
    EXPECT_EQ((*query)[0].value, "sk-a+b");
    EXPECT_EQ((*query)[1].value, "two words");
}

TEST(ReadQuery, ReadsNothingFromNothing)
{
    const auto query = read_query("");
    ASSERT_TRUE(query);
    EXPECT_TRUE(query->empty());
}

TEST(ReadQuery, TakesANameWithoutAValue)
{
    const auto query = read_query("&flag&&");
    ASSERT_TRUE(query);
    ASSERT_EQ(query->size(), 1U);
    EXPECT_EQ((*query)[0].name, "flag");
    EXPECT_EQ((*query)[0].value, "");
}

TEST(ReadQuery, RefusesAMalformedEscape)
{
    const auto query = read_query("model=%zz");
    ASSERT_FALSE(query);
    EXPECT_EQ(query.error().code(), Errc::invalid_request);
}

TEST(Request, GivesTheFirstValueOfAName)
{
    const Request request{Page::spend_logs, {{"a", "1"}, {"a", "2"}}};
    EXPECT_EQ(request["a"], "1");
    EXPECT_EQ(request["b"], "");
}

/// `answer` on a shard of its own that never runs: these pages need no waiting.
class AnswerTest : public testing::Test {
protected:
    Result<Reply> ask(Request request)
    {
        std::optional<Result<Reply>> reply;
        net::spawn([](AnswerTest& self, Request asked,
                      std::optional<Result<Reply>>& out) -> net::Task<void> {
            auto answered = co_await answer(std::move(asked), self.desk_);
            out.emplace(std::move(answered));
        }(*this, std::move(request), reply));
        EXPECT_TRUE(reply);
        return std::move(*reply);
    }

    Vitals vitals_;
    observe::Metrics metrics_;
    net::Shard shard_;
    Archive archive_{"/nonexistent/ledger.db"};
    keys::KeyBook book_{nullptr, nullptr};
    guard::Budgets budgets_;
    SystemClock clock_;
    KeyDesk key_desk_{{book_, budgets_, clock_, "/nonexistent/ledger.db"}};
    std::function<Vitals()> read_vitals_ = [this] { return vitals_; };
    Desk desk_{shard_, metrics_, archive_, key_desk_, read_vitals_, std::make_shared<View>()};
};

TEST_F(AnswerTest, IsAlive)
{
    const auto reply = ask({Page::liveness, {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "\"I'm alive!\"");
}

TEST_F(AnswerTest, IsReadyWithADeadDatabase)
{
    vitals_.shipper = ledger::ShipperState{};
    const auto reply = ask({Page::readiness, {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 200);
}

TEST_F(AnswerTest, ShowsConnectionsInTheMetrics)
{
    vitals_.connections = 7;
    const auto reply = ask({Page::metrics, {}});
    ASSERT_TRUE(reply);
    EXPECT_NE(reply->body.find("spillway_connections 7\n"), std::string::npos);
}

TEST_F(AnswerTest, SaysWhatFormatTheMetricsHave)
{
    const auto reply = ask({Page::metrics, {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(AnswerTest, NeverResetsSpend)
{
    const auto reply = ask({Page::reset_spend, {}});
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().code(), Errc::not_implemented);
}

TEST_F(AnswerTest, ShowsRecordsThatWaitForTheDisk)
{
    vitals_.ledger_waiting = 3;
    const auto metrics = ask({Page::metrics, {}});
    ASSERT_TRUE(metrics);
    EXPECT_NE(metrics->body.find("spillway_ledger_waiting 3\n"), std::string::npos);
    const auto readiness = ask({Page::readiness, {}});
    ASSERT_TRUE(readiness);
    EXPECT_NE(readiness->body.find(R"("ledger_waiting":3)"), std::string::npos);
}

TEST_F(AnswerTest, ProbesNothingWhenThereIsNothing)
{
    const auto reply = ask({Page::health, {}});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, R"({"healthy_endpoints":[],"unhealthy_endpoints":[],)"
                           R"("healthy_count":0,"unhealthy_count":0})");
}

}  // namespace
}  // namespace spillway::admin
