#include "spillway/gateway/settle.hpp"

#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using namespace std::chrono_literals;

class Settle : public ::testing::Test {
protected:
    InferenceRequest request() const
    {
        InferenceRequest request;
        request.arrival.snapshot = snapshot_;
        request.arrival.endpoint = chat::Endpoint::chat;
        request.arrival.began = start_;
        request.received = start_ + 2ms;
        request.facts.model = "gpt-4";
        request.facts.tags = {"a", "b\"c"};
        request.asked = *snapshot_->table.resolve("cloud");
        return request;
    }
    Outcome served_by_cloud() const
    {
        Outcome outcome;
        route::Target target;
        target.deployment = DeploymentIndex{1};
        target.group = snapshot_->table.resolve("cloud")->group;
        outcome.served_by = target;
        outcome.parting = WholeReply{};
        outcome.usage.prompt = Tokens{1000};
        outcome.usage.completion = Tokens{100};
        outcome.usage.source = chat::UsageSource::exact;
        outcome.first_attempt = start_ + 3ms;
        outcome.first_token = start_ + 40ms;
        outcome.upstream_time = 90ms;
        return outcome;
    }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_ =
        testing::snapshot_of(testing::small_config(), metrics_);
    TimePoint start_{1h};
};

TEST_F(Settle, WritesWhatAServedRequestCost)
{
    const auto record = make_record(request(), served_by_cloud(), start_ + 100ms);
    EXPECT_EQ(record.outcome, ledger::Outcome::served);
    EXPECT_EQ(record.status, 200);
    EXPECT_EQ(record.asked_model, "gpt-4");
    EXPECT_EQ(record.group, "cloud");
    EXPECT_EQ(record.deployment_id, "id-cloud");
    EXPECT_EQ(record.attempts, 1);
    EXPECT_EQ(record.cost, NanoUsd{1000 * 2500 + 100 * 10000});
    EXPECT_FALSE(record.at_least);
    EXPECT_EQ(record.queue, 1ms);
    EXPECT_EQ(record.first_token, 40ms);
    EXPECT_EQ(record.total, 100ms);
    EXPECT_EQ(record.tags, R"(["a","b\"c"])");
}

TEST_F(Settle, SaysAtLeastWhenTheAnswerWasCut)
{
    auto outcome = served_by_cloud();
    outcome.end = ledger::Outcome::broken;
    outcome.parting = StreamEnd{};
    outcome.error = Errc::stream_broken;
    const auto record = make_record(request(), outcome, start_ + 100ms);
    EXPECT_TRUE(record.at_least);
    EXPECT_EQ(record.error, describe(Errc::stream_broken).name);
    EXPECT_EQ(record.status, 200);
}

TEST_F(Settle, LeavesTheCostEmptyWhenTheUsageIsUnknown)
{
    auto outcome = served_by_cloud();
    outcome.usage = {};
    EXPECT_EQ(make_record(request(), outcome, start_).cost, std::nullopt);
}

TEST_F(Settle, ExplainsAttemptsWithoutTheWordsOfUpstreams)
{
    Outcome outcome;
    route::FailedAttempt failed;
    failed.deployment = DeploymentIndex{0};
    failed.group = snapshot_->table.resolve("fast-local")->group;
    failed.failure.kind = chat::FailureClass::rejected;
    failed.failure.status = 422;
    failed.failure.message = "your prompt 'my secret diary' is bad";
    outcome.failures.push_back(failed);
    outcome.end = ledger::Outcome::refused;
    outcome.error = Errc::upstream_rejected;
    outcome.parting = ErrorReply{Error(Errc::upstream_rejected, "no"), 422};
    const auto record = make_record(request(), outcome, start_);
    EXPECT_EQ(record.why, "fast-local/id-local: rejected 422; ");
    EXPECT_EQ(record.status, 422);
    EXPECT_EQ(record.attempts, 1);
    EXPECT_EQ(record.cost, std::nullopt);
}

TEST_F(Settle, MakesARefusalFromTheHeadAlone)
{
    auto refused = request();
    refused.facts.model = "odd\nmodel";
    const auto record = make_refusal(refused, Error(Errc::invalid_json, "bad"), start_ + 5ms);
    EXPECT_EQ(record.outcome, ledger::Outcome::refused);
    EXPECT_EQ(record.status, 400);
    EXPECT_EQ(record.asked_model.find('\n'), std::string::npos);
    EXPECT_TRUE(record.deployment_id.empty());
    EXPECT_EQ(record.why, "refused before routing: invalid_json");
}

TEST_F(Settle, RecordsNoRoutingWhereThereWasNoneToDecide)
{
    EXPECT_EQ(make_record(request(), served_by_cloud(), start_).routing, nullptr);
}

TEST_F(Settle, RecordsHowARefusalCameToBe)
{
    auto refused = request();
    auto taken = std::make_shared<ledger::RouteTaken>();
    taken->route = "auto";
    taken->rule = "private";
    auto routing = std::make_unique<Routing>();
    routing->taken = taken;
    refused.routing = std::move(routing);
    const auto record = make_refusal(refused, Error(Errc::no_local_deployment, "no"), start_);
    EXPECT_EQ(record.routing, taken);
    EXPECT_EQ(record.why, "refused by routing: no_local_deployment");
    EXPECT_EQ(record.status, 503);
}

TEST_F(Settle, ChargesNothingButTheCostOfWhatIsKnownExactly)
{
    auto outcome = served_by_cloud();
    outcome.bill.reserved = NanoUsd{90'000'000};
    const auto record = make_record(request(), outcome, start_);
    EXPECT_EQ(record.charged, std::nullopt);
    EXPECT_EQ(record.charged_at, std::nullopt);
}

TEST_F(Settle, ChargesWhatWasReservedForAnAnswerThatBroke)
{
    auto outcome = served_by_cloud();
    outcome.end = ledger::Outcome::broken;
    outcome.bill.reserved = NanoUsd{90'000'000};
    const auto record = make_record(request(), outcome, start_);
    EXPECT_EQ(record.cost, NanoUsd{3'500'000});
    EXPECT_EQ(record.charged, NanoUsd{90'000'000});
}

TEST_F(Settle, ChargesWhatEarlierAttemptsMayHaveCostBesideTheCost)
{
    auto outcome = served_by_cloud();
    outcome.bill.doubtful = NanoUsd{1'000};
    outcome.bill.charged_at = WallTime{std::chrono::hours{5}};
    const auto record = make_record(request(), outcome, start_);
    EXPECT_EQ(record.cost, NanoUsd{3'500'000});
    EXPECT_EQ(record.charged, NanoUsd{3'501'000});
    EXPECT_EQ(record.charged_at, WallTime{std::chrono::hours{5}});
    EXPECT_TRUE(record.at_least);
}

TEST_F(Settle, NamesTheDeploymentThatIsChargedWhenNobodyServed)
{
    Outcome outcome;
    outcome.end = ledger::Outcome::refused;
    outcome.parting = ErrorReply{Error(Errc::upstream_timeout, "late"), 504};
    outcome.bill.doubtful = NanoUsd{1'000};
    outcome.bill.payer = Payer{snapshot_->table.resolve("cloud")->group, DeploymentIndex{1}};
    const auto record = make_record(request(), outcome, start_);
    EXPECT_EQ(record.deployment_id, "id-cloud");
    EXPECT_EQ(record.cost, std::nullopt);
    EXPECT_EQ(record.charged, NanoUsd{1'000});
}

TEST_F(Settle, SaysWhatTheReferenceModelWouldHaveCost)
{
    auto config = testing::small_config();
    config.prices.push_back({"elsewhere",
                             {PicoUsdPerToken{1'000'000}, PicoUsdPerToken{2'000'000}, {}, {}},
                             {},
                             {},
                             {},
                             {}});
    config.ledger.reference_model = "elsewhere";
    snapshot_ = testing::snapshot_of(config, metrics_);
    EXPECT_EQ(make_record(request(), served_by_cloud(), start_).reference_cost,
              NanoUsd{1'000 * 1'000 + 100 * 2'000});
}

std::unique_ptr<const Superseded> first_answer(Superseded::Extent extent)
{
    auto first = std::make_unique<Superseded>();
    first->deployment = DeploymentIndex{1};
    first->fault = "looping";
    first->usage.prompt = Tokens{10};
    first->usage.completion = Tokens{1};
    first->usage.source = chat::UsageSource::exact;
    first->reserved = NanoUsd{500'000};
    first->extent = extent;
    return first;
}

TEST_F(Settle, AddsTheCostOfAnAnswerThatTheClientDidNotGet)
{
    auto outcome = served_by_cloud();
    outcome.superseded = first_answer(Superseded::Extent::whole);
    outcome.engine.cascade = "escalated:looping";
    const auto record = make_record(request(), outcome, start_ + 100ms);
    EXPECT_EQ(record.cost, NanoUsd{1010 * 2500 + 101 * 10000});
    EXPECT_EQ(record.charged, std::nullopt);
    EXPECT_FALSE(record.at_least);
    EXPECT_EQ(record.attempts, 2);
    EXPECT_EQ(record.why,
              "fast-local/id-cloud: doubted, looping; cloud/id-cloud: served, "
              "escalated:looping");
    EXPECT_EQ(record.usage.prompt, Tokens{1000});
}

TEST_F(Settle, ChargesWhatWasSetAsideForAnAnswerThatWasCutOff)
{
    auto outcome = served_by_cloud();
    outcome.superseded = first_answer(Superseded::Extent::begun);
    const auto record = make_record(request(), outcome, start_ + 100ms);
    EXPECT_EQ(record.charged, NanoUsd{1000 * 2500 + 100 * 10000 + 500'000});
    EXPECT_TRUE(record.at_least);
}

}  // namespace
}  // namespace spillway::gateway
