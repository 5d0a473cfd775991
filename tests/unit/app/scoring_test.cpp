#include "spillway/app/scoring.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace spillway::app {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Printed {
    int exit_code;
    std::string out;
    std::string problems;
};

Printed scores(const std::string& lines, const PrintScores& wish = {})
{
    std::istringstream in(lines);
    std::ostringstream out;
    std::ostringstream problems;
    const int code = print_scores(wish, in, out, problems);
    return {code, out.str(), problems.str()};
}

Printed train(const std::string& lines, TrainWeights wish)
{
    std::istringstream in(lines);
    std::ostringstream out;
    std::ostringstream problems;
    wish.labels = {"-"};
    const int code = train_weights(wish, in, out, problems);
    return {code, out.str(), problems.str()};
}

TrainWeights into(const std::string& path)
{
    TrainWeights wish;
    wish.out = path;
    return wish;
}

TrainWeights only(const char* dataset)
{
    TrainWeights wish;
    wish.dataset = dataset;
    return wish;
}

/// Sixty labelled lines of which every other one gains from the strong model.
std::string labelled()
{
    std::string lines;
    for (int i = 0; i < 60; ++i) {
        const bool hard = i % 2 == 0;
        lines += std::string("{\"prompt\":\"") + (hard ? "prove theorem " : "greet person ") +
                 std::to_string(i) + "\",\"weak\":" + (hard ? "0" : "1") +
                 ",\"strong\":1,\"dataset\":\"" + (i < 55 ? "a" : "b") + "\"}\n";
    }
    return lines;
}

TEST(PrintScores, PrintsIdAndScorePerLine)
{
    const auto printed = scores(
        "{\"id\":\"x7\",\"prompt\":\"What is a ring?\"}\n\n{\"prompt\":\"hi\"}\n"
        "{\"id\":12,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n");
    EXPECT_EQ(printed.exit_code, 0);
    EXPECT_THAT(printed.out,
                testing::MatchesRegex("x7\t-?[0-9.e-]+\n3\t-?[0-9.e-]+\n12\t-?[0-9.e-]+\n"));
}

TEST(PrintScores, TakesTheLastUserTurnOfAConversation)
{
    const auto one = scores("{\"id\":1,\"prompt\":\"Which of the following statements is true?\"}");
    const auto many = scores(
        "{\"id\":1,\"messages\":[{\"role\":\"user\",\"content\":\"write a long poem\"},"
        "{\"role\":\"assistant\",\"content\":\"no\"},{\"role\":\"user\",\"content\":"
        "[{\"type\":\"text\",\"text\":\"Which of the following statements is true?\"}]}]}");
    EXPECT_EQ(one.out, many.out);
}

TEST(PrintScores, StopsAtALineThatIsNoneAndQuotesNothingOfIt)
{
    for (const char* line :
         {"secret words", "[1]", "{\"prompt\": 5}", "{\"text\":\"secret words\"}"}) {
        const auto printed = scores(line);
        EXPECT_EQ(printed.exit_code, 1) << line;
        EXPECT_THAT(printed.problems, HasSubstr("line 1"));
        EXPECT_THAT(printed.problems, Not(HasSubstr("secret")));
    }
}

TEST(PrintScores, NamesWeightsItCannotRead)
{
    const auto printed = scores("", PrintScores{"no/such.weights"});
    EXPECT_EQ(printed.exit_code, 1);
    EXPECT_THAT(printed.problems, HasSubstr("no/such.weights"));
}

TEST(PrintFeatures, PrintsOneObjectPerLineWithoutText)
{
    std::istringstream in("{\"id\":\"a\",\"prompt\":\"prove Fermat\"}\n{\"prompt\":\"\"}\n");
    std::ostringstream out;
    std::ostringstream problems;
    EXPECT_EQ(print_features(in, out, problems), 0);
    EXPECT_THAT(out.str(), StartsWith("{\"id\":\"a\",\"script\":\"Latin\""));
    EXPECT_THAT(out.str(), Not(HasSubstr("Fermat")));
    const auto text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(TrainCommand, WritesWeightsThatScoreSortsBy)
{
    const auto path =
        (std::filesystem::path(testing::TempDir()) / "spillway-train.weights").string();
    const auto trained = train(labelled(), into(path));
    ASSERT_EQ(trained.exit_code, 0) << trained.problems;
    EXPECT_THAT(trained.out, HasSubstr("60 prompts"));
    EXPECT_THAT(trained.out, HasSubstr("cross-validation"));
    const auto printed = scores(
        "{\"id\":\"h\",\"prompt\":\"prove theorem 4\"}\n"
        "{\"id\":\"e\",\"prompt\":\"greet person 5\"}\n",
        PrintScores{path});
    std::istringstream lines(printed.out);
    std::string id;
    double hard = 0;
    double easy = 0;
    lines >> id >> hard >> id >> easy;
    EXPECT_GT(hard, easy);
    std::filesystem::remove(path);
}

TEST(TrainCommand, TakesOnlyTheDatasetAskedFor)
{
    EXPECT_THAT(train(labelled(), only("a")).out, HasSubstr("55 prompts"));
    const auto few = train(labelled(), only("b"));
    EXPECT_EQ(few.exit_code, 1);
    EXPECT_THAT(few.problems, HasSubstr("5 labelled rows"));
}

TEST(TrainCommand, CountsLinesWithoutLabels)
{
    const auto trained = train(labelled() + "{\"prompt\":\"unlabelled\"}\n", {});
    EXPECT_EQ(trained.exit_code, 0);
    EXPECT_THAT(trained.problems, HasSubstr("1 lines without labels"));
}

TEST(TrainCommand, NamesAFileThatIsNotThere)
{
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream problems;
    TrainWeights wish;
    wish.labels = {"no/such.jsonl"};
    EXPECT_EQ(train_weights(wish, in, out, problems), 1);
    EXPECT_THAT(problems.str(), HasSubstr("no/such.jsonl"));
}

}  // namespace
}  // namespace spillway::app
