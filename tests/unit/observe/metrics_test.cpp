#include "spillway/observe/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "unit/printed_page.hpp"

namespace spillway::observe {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, PrintsACounterWithItsHelpAndValue)
{
    Metrics metrics;
    metrics.strangers->Increment(3);
    EXPECT_THAT(metrics.text(), HasSubstr("# TYPE spillway_strangers_total counter\n"
                                          "spillway_strangers_total 3\n"));
}

TEST(Metrics, CountsRefusalsByWhoseLimitItWas)
{
    Metrics metrics;
    metrics.rate_limited("team").Increment();
    metrics.rate_limited("anything").Increment();
    EXPECT_THAT(metrics.text(), HasSubstr("spillway_rate_limited_total{scope=\"team\"} 1"));
    EXPECT_THAT(metrics.text(), HasSubstr("spillway_rate_limited_total{scope=\"other\"} 1"));
}

TEST(Metrics, ShowsEveryOutcomeFromTheStart)
{
    const Metrics metrics;
    EXPECT_THAT(metrics.text(),
                HasSubstr("spillway_requests_total{endpoint=\"chat\",outcome=\"broken\"} 0"));
}

TEST(Metrics, CountsRequestsByEndpointAndOutcome)
{
    Metrics metrics;
    metrics.requests("embeddings", "refused").Increment();
    EXPECT_THAT(
        metrics.text(),
        HasSubstr("spillway_requests_total{endpoint=\"embeddings\",outcome=\"refused\"} 1"));
}

TEST(Metrics, NeverMakesASeriesFromAnUnknownWord)
{
    Metrics metrics;
    metrics.requests("made-up", "served").Increment();
    EXPECT_THAT(metrics.text(), Not(HasSubstr("made-up")));
}

TEST(Metrics, CountsAnUnknownEndpointAsOther)
{
    Metrics metrics;
    metrics.requests("made-up", "served").Increment();
    EXPECT_EQ(metrics.requests("other", "served").Value(), 1.0);
}

TEST(Metrics, GivesTheSameInstrumentsToADeploymentThatComesBack)
{
    Metrics metrics;
    metrics.deployment("a", "fast", "ollama").served->Increment(2);
    EXPECT_EQ(metrics.deployment("a", "fast", "ollama").served->Value(), 2.0);
}

TEST(Metrics, LabelsADeploymentWithIdGroupAndProvider)
{
    Metrics metrics;
    metrics.deployment("a", "fast", "ollama").failed->Increment();
    EXPECT_THAT(metrics.text(),
                HasSubstr("spillway_deployment_failed_total{deployment=\"a\",group=\"fast\","
                          "provider=\"ollama\"} 1"));
}

TEST(Metrics, ReadsTheMemoryOfTheProcess)
{
    const Metrics metrics;
    EXPECT_THAT(metrics.text(), Not(HasSubstr("process_resident_memory_bytes 0\n")));
}

TEST(MetricsManual, NamesEveryFamilyThatIsServed)
{
    Metrics metrics;
    (void)metrics.deployment("a", "g", "p");
    const auto manual = metrics_manual();
    std::istringstream lines(metrics.text());
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with("# TYPE "))
            continue;
        const auto name = line.substr(7, line.find(' ', 7) - 7);
        EXPECT_THAT(manual, HasSubstr("| `" + name + "` |"));
    }
}

TEST(MetricsManual, IsWhatDocsMetricsSays)
{
    expect_current("metrics.md", metrics_manual());
}

}  // namespace
}  // namespace spillway::observe
