#include "spillway/gateway/engine_turn.hpp"

#include <gtest/gtest.h>

#include "spillway/gateway/settle.hpp"
#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using engine::Priority;

class PriorityOf : public ::testing::Test {
protected:
    Result<Priority> read()
    {
        net::Fields fields;
        if (!header_.empty()) {
            EXPECT_TRUE(fields.add({"x-spillway-priority", header_}));
        }
        return priority_of(request_, plan_, fields);
    }
    void say_in_body(std::string_view value)
    {
        body_ = "{\"priority\":" + std::string(value) + "}";
        request_.body = body_;
        request_.facts.members = {{"priority", {1, body_.size() - 2}, {12, value.size()}}};
    }
    void say_of_key(std::string metadata)
    {
        auto grant = std::make_shared<chat::Grant>();
        grant->metadata = std::move(metadata);
        request_.arrival.caller.grant = std::move(grant);
    }

    InferenceRequest request_;
    route::Plan plan_;
    std::string header_;
    std::string body_;
};

TEST_F(PriorityOf, IsInteractiveUnlessSomebodySaysOtherwise)
{
    EXPECT_EQ(read().value(), Priority::interactive);
    header_ = "Interactive";
    say_in_body("0");
    say_of_key(R"({"priority": "interactive", "team": "batch"})");
    plan_.priority = config::Urgency::interactive;
    EXPECT_EQ(read().value(), Priority::interactive);
}

TEST_F(PriorityOf, IsLoweredByTheHeader)
{
    header_ = "BATCH";
    EXPECT_EQ(read().value(), Priority::batch);
}

TEST_F(PriorityOf, IsLoweredByTheBody)
{
    say_in_body("10");
    EXPECT_EQ(read().value(), Priority::batch);
}

TEST_F(PriorityOf, IsLoweredByTheRule)
{
    plan_.priority = config::Urgency::batch;
    header_ = "interactive";
    EXPECT_EQ(read().value(), Priority::batch);
}

TEST_F(PriorityOf, IsLoweredByTheKeyForGood)
{
    say_of_key(R"({"priority": "batch"})");
    header_ = "interactive";
    EXPECT_EQ(read().value(), Priority::batch);
}

TEST_F(PriorityOf, RefusesOtherWords)
{
    header_ = "urgent";
    const auto refused = read();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::invalid_request);
    EXPECT_EQ(refused.error().message().find("urgent"), std::string::npos);
}

config::Deployment ollama(std::string id, std::string base)
{
    config::Deployment row;
    row.group = "m";
    row.model = "ollama/llama3";
    row.id = std::move(id);
    row.api_base = std::move(base);
    row.where = "test.yaml:2:5";
    return row;
}

TEST(EnginesOfASnapshot, AreThoseThatAreLocalAndOfAKnownKind)
{
    auto config = testing::small_config();
    config.deployments.push_back(ollama("here", "http://127.0.0.1:11434"));
    config.deployments.push_back(ollama("same", "http://localhost:11434"));
    config.deployments.push_back(ollama("away", "https://ollama.example.com"));
    config.deployments.back().local = false;
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(config, metrics);
    ASSERT_TRUE(snapshot);
    const auto gate_of = [&](std::string_view id) {
        return snapshot->engines->of(snapshot->table.resolve(id)->pinned.value());
    };
    EXPECT_EQ(gate_of("id-cloud"), nullptr);
    EXPECT_EQ(gate_of("id-local"), nullptr) << "`openai/` may be anything";
    EXPECT_EQ(gate_of("away"), nullptr);
    ASSERT_NE(gate_of("here"), nullptr);
    EXPECT_EQ(gate_of("here"), gate_of("same"));
    EXPECT_EQ(gate_of("here")->address(), "127.0.0.1:11434");
    const auto here = snapshot->table.resolve("here")->pinned.value();
    EXPECT_TRUE(snapshot->table[here].queued);
    EXPECT_TRUE(snapshot->upstreams[at(here)].engine.has_value());
    EXPECT_FALSE(snapshot->table[DeploymentIndex{1}].queued);
}

TEST(EnginesOfASnapshot, OutliveIt)
{
    auto config = testing::small_config();
    config.deployments.push_back(ollama("here", "http://127.0.0.1:11434"));
    observe::Metrics metrics;
    const auto first = testing::snapshot_of(config, metrics);
    config.queue.size = 3;
    const auto second = testing::snapshot_of(config, metrics, first.get());
    ASSERT_EQ(first->engines->all().size(), 1u);
    EXPECT_EQ(first->engines->all(), second->engines->all());
    EXPECT_EQ(second->engines->all().front()->health().most_waiting, 3u);
}

TEST(RecordOfATurn, HasWhatTheQueueToldAndWhomItDidNotWaitFor)
{
    observe::Metrics metrics;
    InferenceRequest request;
    request.arrival.snapshot = testing::snapshot_of(testing::small_config(), metrics);
    request.asked = *request.arrival.snapshot->table.resolve("fast-local");
    Outcome outcome;
    route::Target target;
    target.deployment = DeploymentIndex{1};
    target.group = request.arrival.snapshot->table.resolve("cloud")->group;
    outcome.served_by = target;
    outcome.spilled.push_back(
        {request.asked.group, DeploymentIndex{0}, "over_patience", Millis{12'300}});
    outcome.engine.queued = Millis{40};
    outcome.engine.position = 2;
    const auto record = make_record(request, outcome, TimePoint{});
    EXPECT_EQ(record.why,
              "fast-local/id-local: not waited for, over_patience (12300 ms); cloud/id-cloud: "
              "served");
    EXPECT_EQ(record.attempts, 1);
    EXPECT_EQ(record.engine, R"({"queued_ms":40,"queue_position":2})");
}

}  // namespace
}  // namespace spillway::gateway
