#include "health_facts.hpp"

#include <gtest/gtest.h>

#include "spillway/base/text.hpp"

namespace spillway::admin {
namespace {

using namespace std::chrono_literals;

/// 2026-11-21T10:00:00Z, which the monotonic clock calls an hour.
const Instant instant{TimePoint{1h}, WallTime{std::chrono::seconds{1'795'255'200}}};

class HealthFacts : public testing::Test {
protected:
    [[nodiscard]] Json facts() const { return health_facts(deployment, health, instant); }

    Deployment deployment;
    guard::Health health;
};

TEST_F(HealthFacts, KnowLittleAtFirst)
{
    EXPECT_EQ(facts(), Json::parse(R"({"state": "healthy", "in_flight": 0,
        "max_parallel_requests": null, "warm": false, "window": null,
        "engine": null, "expected_wait_ms": null, "first_token_ms": null,
        "tokens_per_second": null, "requests_last_minute": 0, "tokens_last_minute": 0.0,
        "last_answer": null, "last_check": null, "quota": {}})"));
}

TEST_F(HealthFacts, TellWhyAndUntilWhenItRests)
{
    health.standing = guard::Standing::resting;
    health.state.rests_until = instant.now + 5s;
    health.failure = chat::FailureClass::rate_limited;
    EXPECT_EQ(facts()["state"], "resting");
    EXPECT_EQ(facts()["resting_until"], rfc3339(instant.wall + 5s));
    EXPECT_EQ(facts()["resting_for"], "rate_limited");
}

TEST_F(HealthFacts, TellThatItRestsForBeingSlow)
{
    health.standing = guard::Standing::resting;
    health.cause = guard::RestCause::slowness;
    EXPECT_EQ(facts()["resting_for"], "slower than its group");
}

TEST_F(HealthFacts, NameEveryState)
{
    deployment.max_parallel = 2;
    health.state.in_flight = 2;
    EXPECT_EQ(facts()["state"], "saturated");
    health.state.requests_spent_until = instant.now + 1s;
    EXPECT_EQ(facts()["state"], "quota_spent");
    health.standing = guard::Standing::half_open;
    EXPECT_EQ(facts()["state"], "half_open");
    health.standing = guard::Standing::probing;
    EXPECT_EQ(facts()["state"], "probing");
    health.state.loading = true;
    EXPECT_EQ(facts()["state"], "loading");
    health.state.unreachable = true;
    EXPECT_EQ(facts()["state"], "unreachable");
}

TEST_F(HealthFacts, ShowLoadAndPace)
{
    deployment.max_parallel = 4;
    health.state.in_flight = 3;
    health.state.warm = true;
    health.state.first_token_ms = 212.345;
    health.state.tokens_per_second = 41.06;
    health.answered = instant.now - 2s;
    EXPECT_EQ(facts()["in_flight"], 3);
    EXPECT_EQ(facts()["max_parallel_requests"], 4);
    EXPECT_EQ(facts()["warm"], true);
    EXPECT_DOUBLE_EQ(facts()["first_token_ms"].get<double>(), 212.3);
    EXPECT_DOUBLE_EQ(facts()["tokens_per_second"].get<double>(), 41.1);
    EXPECT_EQ(facts()["last_answer"], rfc3339(instant.wall - 2s));
}

TEST_F(HealthFacts, ShowWhatTheEngineSaid)
{
    health.state.window = Tokens{8192};
    health.report = guard::ModelReport{instant.now - 2s, {}};
    health.report->facts.loaded = true;
    health.report->facts.slots = 4;
    EXPECT_EQ(facts()["window"], 8192);
    const Json expected{{"at", rfc3339(instant.wall - 2s)},
                        {"loaded", true},
                        {"loading", nullptr},
                        {"slots", 4},
                        {"running", nullptr},
                        {"waiting", nullptr},
                        {"memory_bytes", nullptr},
                        {"memory_gpu_bytes", nullptr}};
    EXPECT_EQ(facts()["engine"], expected);
}

TEST_F(HealthFacts, ShowTheLastCheck)
{
    health.check = guard::HealthCheck{instant.now - 9s, 4ms, "connection refused"};
    EXPECT_EQ(facts()["last_check"]["at"], rfc3339(instant.wall - 9s));
    EXPECT_EQ(facts()["last_check"]["took_ms"], 4);
    EXPECT_EQ(facts()["last_check"]["error"], "connection refused");
    health.check->trouble.clear();
    EXPECT_EQ(facts()["last_check"]["error"], nullptr);
}

TEST_F(HealthFacts, ShowWhatIsLeftOfTheQuota)
{
    health.requests = guard::QuotaLeft{-2, instant.now + 7s};
    health.tokens = guard::QuotaLeft{900, instant.now + 9s};
    EXPECT_EQ(facts()["quota"]["requests_left"], 0);
    EXPECT_EQ(facts()["quota"]["requests_until"], rfc3339(instant.wall + 7s));
    EXPECT_EQ(facts()["quota"]["tokens_left"], 900);
    EXPECT_EQ(facts()["quota"]["tokens_until"], rfc3339(instant.wall + 9s));
}

}  // namespace
}  // namespace spillway::admin
