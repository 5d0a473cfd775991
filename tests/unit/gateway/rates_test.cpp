#include "spillway/gateway/rates.hpp"

#include <gmock/gmock.h>

#include "spillway/gateway/services.hpp"
#include "unit/gateway/fixture.hpp"
#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class StillClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return now_; }
    [[nodiscard]] WallTime wall() const override { return WallTime{std::chrono::hours{100}}; }
    TimePoint now_{std::chrono::hours{1'000}};
};

class RatesTest : public ::testing::Test {
protected:
    InferenceRequest request(std::shared_ptr<const chat::Grant> grant = nullptr)
    {
        InferenceRequest request;
        if (!snapshot_)
            snapshot_ = testing::snapshot_of(config_, metrics_);
        request.arrival.snapshot = snapshot_;
        request.arrival.endpoint = chat::Endpoint::chat;
        request.arrival.caller.grant = std::move(grant);
        request.facts.model = "gpt-4";
        request.facts.text_bytes = 40;
        request.facts.max_tokens = Tokens{90};
        return request;
    }
    static std::shared_ptr<chat::Grant> grant(chat::ScopeRates rates)
    {
        auto made = std::make_shared<chat::Grant>();
        made->key_hash = "hash";
        rates.scope = {chat::ScopeKind::key, "hash"};
        made->rates.push_back(std::move(rates));
        return made;
    }
    Result<void> take(InferenceRequest& request) { return take_rates(request, services_); }

    ledger::testing::Folder folder_;
    std::unique_ptr<ledger::Store> store_ =
        *ledger::Store::open(ledger::testing::settings_for(folder_.file("ledger.db")));
    ledger::Writer writer_{*store_, config::Durability::process};
    observe::Metrics metrics_;
    Shared shared_;
    StillClock clock_;
    net::Shard shard_;
    Settlements settlements_{shard_, writer_, metrics_};
    guard::Budgets budgets_;
    std::unique_ptr<ledger::OpenCalls> open_calls_ =
        *ledger::OpenCalls::open(store_->path(), 10, config::Durability::process);
    ledger::ComparisonWriter comparisons_{store_->path()};
    Services services_{.shard = shard_,
                       .snapshot = nullptr,
                       .metrics = metrics_,
                       .shared = shared_,
                       .settlements = settlements_,
                       .budgets = budgets_,
                       .open_calls = *open_calls_,
                       .clock = clock_,
                       .comparisons = comparisons_};
    config::Config config_ = testing::small_config();
    std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(RatesTest, LeaveARequestWithoutLimitsAlone)
{
    auto free = request();
    EXPECT_TRUE(take(free));
    EXPECT_EQ(free.rates, nullptr);
    EXPECT_EQ(free.rate_lines(), "");
}

TEST_F(RatesTest, OfAKeyRefuseInLiteLlmsWordsWithTheTime)
{
    chat::ScopeRates rates;
    rates.requests_per_minute = 1;
    auto first = request(grant(rates));
    EXPECT_TRUE(take(first));
    auto second = request(grant(rates));
    const auto taken = take(second);
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code(), Errc::rate_limited);
    EXPECT_EQ(taken.error().retry_after(), 60s);
    EXPECT_EQ(taken.error().message(),
              "Rate limit exceeded for api_key: hash. Limit type: requests. Current limit: 1, "
              "Remaining: 0. Limit resets at: 1970-01-05 04:01:00 UTC");
    EXPECT_THAT(std::string(second.rate_lines()), HasSubstr("x-ratelimit-remaining-requests: 0"));
}

TEST_F(RatesTest, ShowTheClientWhatIsLeft)
{
    chat::ScopeRates rates;
    rates.requests_per_minute = 4;
    rates.tokens_per_minute = 1'000;
    auto one = request(grant(rates));
    EXPECT_TRUE(take(one));
    EXPECT_EQ(one.rate_lines(),
              "x-ratelimit-limit-requests: 4\r\nx-ratelimit-remaining-requests: 3\r\n"
              "x-ratelimit-reset-requests: 15s\r\nx-ratelimit-limit-tokens: 1000\r\n"
              "x-ratelimit-remaining-tokens: 900\r\nx-ratelimit-reset-tokens: 6s\r\n");
}

TEST_F(RatesTest, OfAKeyAndAModelHoldForItsNameAndItsGroups)
{
    chat::ScopeRates rates;
    rates.model_requests_per_minute = {{"cloud", 5}};
    auto one = request(grant(rates));
    EXPECT_TRUE(take(one));
    EXPECT_THAT(std::string(one.rate_lines()),
                HasSubstr("x-litellm-key-remaining-requests-gpt-4: 4\r\n"));
}

TEST_F(RatesTest, DefaultToTheModelsOwnForKeysThatNameNone)
{
    config_.deployments[1].key_rpm = 2;
    auto one = request(grant({}));
    EXPECT_TRUE(take(one));
    EXPECT_THAT(std::string(one.rate_lines()), HasSubstr("x-ratelimit-limit-requests: 2\r\n"));
    chat::ScopeRates own;
    own.model_requests_per_minute = {{"gpt-4", 50}};
    auto other = request(grant(own));
    EXPECT_TRUE(take(other));
    EXPECT_THAT(std::string(other.rate_lines()), HasSubstr("x-ratelimit-limit-requests: 50\r\n"));
}

TEST_F(RatesTest, OfKeysDoNotHoldForTheMasterKey)
{
    config_.deployments[1].key_rpm = 1;
    for (int i = 0; i < 3; ++i) {
        auto free = request();
        EXPECT_TRUE(take(free));
    }
}

TEST_F(RatesTest, OfAModelHoldForEverybody)
{
    config_.rate_limits.models["cloud"].rpm = 1;
    auto first = request();
    EXPECT_TRUE(take(first));
    auto second = request();
    const auto taken = take(second);
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message(), HasSubstr("for model: cloud."));
}

TEST_F(RatesTest, SayThatARequestIsTooLargeForEver)
{
    config_.rate_limits.tpm = 50;
    auto one = request();
    const auto taken = take(one);
    ASSERT_FALSE(taken);
    EXPECT_FALSE(taken.error().retry_after());
    EXPECT_THAT(
        taken.error().message(),
        HasSubstr("Request too large for proxy on tokens per min: Limit 50, Requested 100"));
}

TEST_F(RatesTest, CountTheTokensThatTheFileNames)
{
    config_.rate_limits.tpm = 50;
    config_.general.token_rate_type = config::TokenRateType::input;
    auto one = request();
    EXPECT_TRUE(take(one));
    EXPECT_THAT(std::string(one.rate_lines()), HasSubstr("x-ratelimit-remaining-tokens: 40"));
}

TEST_F(RatesTest, AreCorrectedByWhatWasUsed)
{
    config_.rate_limits.tpm = 1'000;
    auto one = request();
    EXPECT_TRUE(take(one));
    Outcome outcome;
    outcome.first_attempt = clock_.now();
    outcome.usage.prompt = Tokens{7};
    outcome.usage.completion = Tokens{3};
    outcome.usage.source = chat::UsageSource::exact;
    correct_rates(one, outcome, clock_.now());
    auto next = request();
    EXPECT_TRUE(take(next));
    EXPECT_THAT(std::string(next.rate_lines()), HasSubstr("x-ratelimit-remaining-tokens: 890"));
}

TEST_F(RatesTest, StaySetAsideForACallThatTellsNothingOfItsTokens)
{
    config_.rate_limits.tpm = 1'000;
    auto one = request();
    EXPECT_TRUE(take(one));
    Outcome outcome;
    outcome.first_attempt = clock_.now();
    outcome.end = ledger::Outcome::abandoned;
    correct_rates(one, outcome, clock_.now());
    auto next = request();
    EXPECT_TRUE(take(next));
    EXPECT_THAT(std::string(next.rate_lines()), HasSubstr("x-ratelimit-remaining-tokens: 800"));
}

TEST(ResetText, IsWrittenAsOpenAiWritesIt)
{
    EXPECT_EQ(reset_text(0ns), "0ms");
    EXPECT_EQ(reset_text(20ms), "20ms");
    EXPECT_EQ(reset_text(1s), "1s");
    EXPECT_EQ(reset_text(1500ms), "1.5s");
    EXPECT_EQ(reset_text(6min), "6m0s");
    EXPECT_EQ(reset_text(62'050ms), "1m2.05s");
    EXPECT_EQ(reset_text(1ns), "1ms");
}

}  // namespace
}  // namespace spillway::gateway
