#include "spillway/admin/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spillway/admin/pages.hpp"

namespace spillway::admin {
namespace {

using testing::HasSubstr;
using testing::Optional;

Deployment ollama(const std::string& model)
{
    Deployment deployment;
    deployment.provider = "ollama_chat";
    deployment.upstream_model = model;
    deployment.api_base = "http://127.0.0.1:11434/v1";
    return deployment;
}

Deployment cloud()
{
    Deployment deployment;
    deployment.provider = "openai";
    deployment.upstream_model = "gpt-5";
    deployment.api_base = "https://api.example.com/v1";
    return deployment;
}

nlohmann::json read(const Reply& reply)
{
    return nlohmann::json::parse(reply.body);
}

TEST(Readiness, IsHealthyWithoutADatabase)
{
    const auto reply = readiness(View{}, Vitals{});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(read(reply)["status"], "healthy");
    EXPECT_EQ(read(reply)["db"], "not configured");
}

TEST(Readiness, IsConnectedWithADatabase)
{
    Vitals vitals;
    vitals.shipper = ledger::ShipperState{};
    vitals.shipper->connected = true;
    EXPECT_EQ(read(readiness(View{}, vitals))["status"], "connected");
    EXPECT_EQ(read(readiness(View{}, vitals))["db"], "connected");
}

TEST(Readiness, StaysReadyWhenTheDatabaseIsDown)
{
    Vitals vitals;
    vitals.shipper = ledger::ShipperState{};
    vitals.shipper->waiting = 12;
    const auto reply = readiness(View{}, vitals);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(read(reply)["db"], "Not connected");
    EXPECT_EQ(read(reply)["outbox_waiting"], 12);
}

TEST(Readiness, TurnsWhileDraining)
{
    Vitals vitals;
    vitals.phase = Vitals::Phase::draining;
    const auto reply = readiness(View{}, vitals);
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(read(reply)["status"], "draining");
}

TEST(Readiness, TellsThatTheLedgerFails)
{
    Vitals vitals;
    vitals.ledger = Vitals::Disk::failing;
    EXPECT_EQ(read(readiness(View{}, vitals))["ledger"], "failing");
}

TEST(ProbeHead, AsksForTheListWithTheDeploymentsOwnHeaders)
{
    auto deployment = cloud();
    deployment.base_path = "/v1";
    deployment.header_block = "host: h\r\nauthorization: Bearer k\r\n";
    EXPECT_EQ(probe_head(deployment),
              "GET /v1/models HTTP/1.1\r\nhost: h\r\nauthorization: Bearer k\r\n\r\n");
}

TEST(ProbeHead, SpeaksAnthropicsOwnLanguage)
{
    auto deployment = cloud();
    deployment.provider = "anthropic";
    deployment.base_path = "/v1";
    deployment.header_block = "host: h\r\nauthorization: Bearer k\r\n";
    EXPECT_EQ(probe_head(deployment),
              "GET /v1/models HTTP/1.1\r\nhost: h\r\nx-api-key: k\r\n"
              "anthropic-version: 2023-06-01\r\n\r\n");
}

TEST(Diagnose, IsContentWithAList)
{
    EXPECT_EQ(diagnose(cloud(), {200, "", R"({"data":[]})"}), std::nullopt);
}

TEST(Diagnose, NamesTheUrlThatDoesNotAnswer)
{
    EXPECT_THAT(diagnose(cloud(), {0, "connection refused", ""}),
                Optional(HasSubstr("GET https://api.example.com/v1/models: connection refused")));
}

TEST(Diagnose, PointsAtTheKeyWhenItIsRefused)
{
    EXPECT_THAT(diagnose(cloud(), {401, "", ""}), Optional(HasSubstr("api_key")));
}

TEST(Diagnose, PointsAtTheBaseWhenThereIsNoSuchPath)
{
    EXPECT_THAT(diagnose(cloud(), {404, "", ""}), Optional(HasSubstr("api_base")));
}

TEST(Diagnose, TakesARateLimitForHealth)
{
    EXPECT_EQ(diagnose(cloud(), {429, "", ""}), std::nullopt);
}

TEST(Diagnose, IsNotContentWithAServerError)
{
    EXPECT_THAT(diagnose(cloud(), {503, "", ""}), Optional(HasSubstr("503")));
}

TEST(Diagnose, MissesAModelThatOllamaDoesNotHave)
{
    EXPECT_THAT(diagnose(ollama("llama3.2"), {200, "", R"({"data":[{"id":"other:latest"}]})"}),
                Optional(HasSubstr("ollama pull llama3.2")));
}

TEST(Diagnose, KnowsThatOllamaAddsLatest)
{
    EXPECT_EQ(diagnose(ollama("llama3.2"), {200, "", R"({"data":[{"id":"llama3.2:latest"}]})"}),
              std::nullopt);
}

TEST(Diagnose, DoesNotMissAModelInAListItCannotRead)
{
    EXPECT_EQ(diagnose(ollama("llama3.2"), {200, "", "<html>"}), std::nullopt);
    EXPECT_EQ(diagnose(ollama("llama3.2"), {200, "", R"({"data":[1, {"id":2}]})"}),
              std::string("Ollama does not have 'llama3.2'; try: ollama pull llama3.2"));
}

TEST(Diagnose, DoesNotMissAWildcard)
{
    EXPECT_EQ(diagnose(ollama("*"), {200, "", R"({"data":[]})"}), std::nullopt);
}

}  // namespace
}  // namespace spillway::admin
