#include "spillway/app/health_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spillway::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

const TimePoint noon{std::chrono::hours{1'000}};
constexpr Millis interval{30'000};

admin::Deployment deployment_of(const std::string& provider, const std::string& host = "127.0.0.1")
{
    admin::Deployment deployment;
    deployment.provider = provider;
    deployment.origin.host = host;
    deployment.base_path = "/v1";
    deployment.header_block = "host: h\r\nauthorization: Bearer k\r\n";
    return deployment;
}

TEST(CheckPath, IsTheEnginesOwn)
{
    EXPECT_EQ(check_path(deployment_of("ollama")), "/api/version");
    EXPECT_EQ(check_path(deployment_of("ollama_chat")), "/api/version");
    EXPECT_EQ(check_path(deployment_of("hosted_vllm")), "/health");
    EXPECT_EQ(check_path(deployment_of("llama_cpp")), "/health");
    EXPECT_EQ(check_path(deployment_of("lm_studio")), "/v1/models");
    EXPECT_EQ(check_path(deployment_of("openai")), "/v1/models");
}

TEST(CheckPath, KeepsThePathOfAProxyInFront)
{
    auto deployment = deployment_of("ollama");
    deployment.base_path = "/engines/one/v1";
    EXPECT_EQ(check_path(deployment), "/engines/one/api/version");
}

TEST(QuestionHead, HoldsTheDeploymentsHeadersAndNothingElse)
{
    EXPECT_EQ(question_head(deployment_of("ollama"), "/api/version"),
              "GET /api/version HTTP/1.1\r\nhost: h\r\nauthorization: Bearer k\r\n\r\n");
    EXPECT_EQ(question_head(deployment_of("openai"), "/v1/models"),
              "GET /v1/models HTTP/1.1\r\nhost: h\r\nauthorization: Bearer k\r\n\r\n");
}

TEST(TroubleOf, TakesARefusalForASignOfLife)
{
    for (const int status : {200, 204, 301, 401, 403, 404, 429})
        EXPECT_EQ(trouble_of(status), "") << status;
    EXPECT_EQ(trouble_of(503), "answered 503");
}

TEST(FactsOf, TakeALoadForAStateAndNotForSilence)
{
    constexpr auto loading = R"({"error":{"code":503,"message":"Loading model"}})";
    const auto facts = facts_of(engine::Kind::llama_cpp, 503, loading, "m", {});
    EXPECT_EQ(facts.loading, true);
    EXPECT_EQ(facts.loaded, false);
    EXPECT_EQ(facts_of(engine::Kind::llama_cpp, 503, "{}", "m", {}), chat::ModelFacts{});
    EXPECT_EQ(facts_of(engine::Kind::llama_cpp, 0, "", "m", {}), chat::ModelFacts{});
}

TEST(FactsOf, AddTheLoadOfTheEngineToItsReport)
{
    constexpr auto props = R"({"default_generation_settings":{"n_ctx":64},"total_slots":4})";
    chat::ModelFacts load;
    load.slots = 2;
    load.running = 3;
    load.waiting = 1;
    const auto facts = facts_of(engine::Kind::llama_cpp, 200, props, "m", load);
    EXPECT_EQ(facts.loaded, true);
    EXPECT_EQ(facts.loading, false);
    EXPECT_EQ(facts.slots, 4U) << "the engine's settings win";
    EXPECT_EQ(facts.running, 3U);
    EXPECT_EQ(facts.waiting, 1U);
}

TEST(FactsOf, LeaveOpenWhetherWhatOllamaListsStillLoads)
{
    const auto facts =
        facts_of(engine::Kind::ollama, 200, R"({"models":[{"name":"m:latest"}]})", "m", {});
    EXPECT_EQ(facts.loaded, true);
    EXPECT_FALSE(facts.loading);
}

TEST(FactsOf, SayNothingOfAModelThatIsNotThere)
{
    chat::ModelFacts load;
    load.running = 3;
    const auto facts = facts_of(engine::Kind::vllm, 200, R"({"data":[{"id":"a"}]})", "b", load);
    EXPECT_EQ(facts.loaded, false);
    EXPECT_FALSE(facts.running);
}

class IsDue : public testing::Test {
protected:
    void checked(Millis ago, const std::string& trouble = {})
    {
        known.check = guard::HealthCheck{noon - ago, 3ms, trouble};
        known.state.unreachable = !trouble.empty();
    }
    [[nodiscard]] bool due() const { return is_due(known, interval, noon); }
    guard::Health known;
};

TEST_F(IsDue, AtFirst)
{
    EXPECT_TRUE(due());
}

TEST_F(IsDue, NeverWhenChecksAreOff)
{
    EXPECT_FALSE(is_due(known, Millis{0}, noon));
}

TEST_F(IsDue, OnceAnInterval)
{
    checked(29s);
    EXPECT_FALSE(due());
    checked(30s);
    EXPECT_TRUE(due());
}

TEST_F(IsDue, NotWhenItHasAnsweredWithinTheInterval)
{
    known.answered = noon - 29s;
    EXPECT_FALSE(due());
    known.answered = noon - 30s;
    EXPECT_TRUE(due());
}

TEST_F(IsDue, NotWhileARequestIsOut)
{
    known.state.in_flight = 1;
    EXPECT_FALSE(due());
}

TEST_F(IsDue, SoonWhenItWasNotThere)
{
    checked(4s, "connection refused");
    EXPECT_FALSE(due());
    checked(5s, "connection refused");
    EXPECT_TRUE(due());
    known.state.in_flight = 1;
    EXPECT_TRUE(due());
}

class QuestionsDue : public testing::Test {
protected:
    /// The deployments of each question whether they are there.
    [[nodiscard]] std::vector<std::vector<std::size_t>> asked()
    {
        known.resize(view.deployments.size());
        local.resize(view.deployments.size(), true);
        std::vector<std::vector<std::size_t>> out;
        for (const auto& question : questions_due(view, known, local, settings, round, noon)) {
            if (question.check)
                out.push_back(question.deployments);
        }
        return out;
    }
    /// The deployments of each question what their engine knows.
    [[nodiscard]] std::vector<std::vector<std::size_t>> reports()
    {
        known.resize(view.deployments.size());
        local.resize(view.deployments.size(), true);
        std::vector<std::vector<std::size_t>> out;
        for (const auto& question : questions_due(view, known, local, settings, round, noon)) {
            if (question.report)
                out.push_back(question.deployments);
        }
        return out;
    }
    admin::View view;
    std::vector<guard::Health> known;
    std::vector<bool> local;
    config::HealthChecks settings;
    HealthRound round = HealthRound::checks_and_reports;
};

TEST_F(QuestionsDue, AreOnePerProviderAndCredential)
{
    view.deployments = {deployment_of("ollama"), deployment_of("ollama"),
                        deployment_of("ollama", "10.0.0.2")};
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0, 1), ElementsAre(2)));
    view.deployments[1].header_block = "host: h\r\n";
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
}

TEST_F(QuestionsDue, LeaveCloudsAloneUnlessTold)
{
    view.deployments = {deployment_of("ollama"), deployment_of("openai", "api.example.com")};
    local = {true, false};
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0)));
    settings.clouds = true;
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST_F(QuestionsDue, AreNotAskedWhenANeighbourHasJustAnswered)
{
    view.deployments = {deployment_of("ollama"), deployment_of("ollama")};
    known.resize(2);
    known[1].answered = noon - 1s;
    EXPECT_THAT(asked(), IsEmpty());
}

TEST_F(QuestionsDue, AreAskedForAMissingOneWhateverItsNeighboursDo)
{
    view.deployments = {deployment_of("ollama"), deployment_of("ollama")};
    known.resize(2);
    known[0].state.unreachable = true;
    known[1].answered = noon - 1s;
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0, 1)));
}

TEST_F(QuestionsDue, AreNoneWhenChecksAreOff)
{
    view.deployments = {deployment_of("ollama")};
    settings.interval = Millis{0};
    EXPECT_THAT(asked(), IsEmpty());
    EXPECT_THAT(reports(), IsEmpty());
}

TEST_F(QuestionsDue, AskEnginesForReportsFromTheFirstRoundOn)
{
    view.deployments = {deployment_of("ollama"), deployment_of("ollama"),
                        deployment_of("lm_studio"), deployment_of("hosted_vllm")};
    round = HealthRound::reports;
    EXPECT_THAT(asked(), IsEmpty());
    EXPECT_THAT(reports(), ElementsAre(ElementsAre(0, 1), ElementsAre(3)));
}

TEST_F(QuestionsDue, AskAnEngineThatIsUsedEveryFewSeconds)
{
    view.deployments = {deployment_of("ollama")};
    settings.interval = Millis{60'000};
    known.resize(1);
    known[0].report = guard::ModelReport{noon - 6s, {}};
    EXPECT_THAT(reports(), IsEmpty());
    known[0].answered = noon - 1s;
    EXPECT_THAT(reports(), ElementsAre(ElementsAre(0)));
    known[0].report->when = noon - 4s;
    EXPECT_THAT(reports(), IsEmpty());
    known[0].answered.reset();
    known[0].report->when = noon - 60s;
    EXPECT_THAT(reports(), ElementsAre(ElementsAre(0)));
}

TEST_F(QuestionsDue, AskAnEngineThatIsNotThereForItsReportBehindACheckOnly)
{
    view.deployments = {deployment_of("ollama")};
    known.resize(1);
    known[0].state.unreachable = true;
    EXPECT_THAT(reports(), ElementsAre(ElementsAre(0)));
    EXPECT_THAT(asked(), ElementsAre(ElementsAre(0)));
    round = HealthRound::reports;
    EXPECT_THAT(reports(), IsEmpty());
    round = HealthRound::checks_and_reports;
    known[0].check = guard::HealthCheck{noon, {}, "refused"};
    EXPECT_THAT(reports(), IsEmpty());
}

TEST(ReportPath, IsTheEnginesOwn)
{
    EXPECT_EQ(report_path(deployment_of("ollama")), "/api/ps");
    EXPECT_EQ(card_path(deployment_of("ollama_chat")), "/api/show");
    EXPECT_EQ(card_path(deployment_of("llama_cpp")), "");
    EXPECT_EQ(question_head(deployment_of("ollama"), "/api/show", 7),
              "POST /api/show HTTP/1.1\r\n" + deployment_of("ollama").header_block +
                  "content-type: application/json\r\ncontent-length: 7\r\n\r\n");
    EXPECT_EQ(report_path(deployment_of("llama_cpp")), "/props");
    EXPECT_EQ(report_path(deployment_of("hosted_vllm")), "/v1/models");
    EXPECT_EQ(report_path(deployment_of("openai")), "");
}

TEST(HealthPause, IsTheIntervalAndUpToAQuarterMore)
{
    EXPECT_EQ(pause_after(Millis{1'000}, 0), Millis{1'000});
    EXPECT_EQ(pause_after(Millis{1'000}, 250), Millis{1'250});
    EXPECT_EQ(pause_after(Millis{1'000}, 251), Millis{1'000});
    for (std::uint64_t draw = 1; draw != 0; draw <<= 1U) {
        EXPECT_GE(pause_after(Millis{1'000}, draw), Millis{1'000}) << draw;
        EXPECT_LE(pause_after(Millis{1'000}, draw), Millis{1'250}) << draw;
    }
}

TEST(HealthPause, StaysWithinItsBounds)
{
    EXPECT_EQ(pause_after(Millis{1}, 0), Millis{200});
    EXPECT_EQ(pause_after(Millis{60'000}, 0), Millis{5'000});
    EXPECT_EQ(pause_after(Millis{0}, 0), Millis{5'000});
    EXPECT_EQ(pause_after(Millis{0}, 1'250), Millis{6'250});
}

}  // namespace
}  // namespace spillway::app
