#include "spillway/app/cli.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace spillway::app {
namespace {

using testing::HasSubstr;

Command read(std::vector<const char*> arguments)
{
    arguments.insert(arguments.begin(), "spillway");
    return read_arguments(static_cast<int>(arguments.size()), arguments.data());
}

Say said(std::vector<const char*> arguments)
{
    const auto command = read(std::move(arguments));
    EXPECT_TRUE(std::holds_alternative<Say>(command));
    return std::holds_alternative<Say>(command) ? std::get<Say>(command) : Say{};
}

TEST(CommandLine, ServesWithoutAnyOption)
{
    const auto command = read({"serve"});
    ASSERT_TRUE(std::holds_alternative<Serve>(command));
    const auto& serve = std::get<Serve>(command);
    EXPECT_FALSE(serve.config || serve.host || serve.port);
}

TEST(CommandLine, TakesConfigHostAndPort)
{
    const auto command = read({"serve", "--config", "a.yaml", "--host", "::1", "--port", "0"});
    ASSERT_TRUE(std::holds_alternative<Serve>(command));
    const auto& serve = std::get<Serve>(command);
    EXPECT_EQ(serve.config, "a.yaml");
    EXPECT_EQ(serve.host, "::1");
    EXPECT_EQ(serve.port, 0);
}

TEST(CommandLine, RefusesAPortThatIsNone)
{
    for (const char* wrong : {"70000", "abc", "80x", ""}) {
        const auto refusal = said({"serve", "--port", wrong});
        EXPECT_EQ(refusal.exit_code, 2) << wrong;
        EXPECT_THAT(refusal.text, HasSubstr("a number from 0 to 65535")) << wrong;
    }
}

TEST(CommandLine, ChecksAFile)
{
    const auto command = read({"check", "--config", "a.yaml"});
    ASSERT_TRUE(std::holds_alternative<Check>(command));
    EXPECT_EQ(std::get<Check>(command).config, "a.yaml");
}

TEST(CommandLine, LearnsAndReviewsWhatIsNamed)
{
    const auto learn = read({"learn", "--config", "a.yaml", "--route", "auto", "--dry-run"});
    ASSERT_TRUE(std::holds_alternative<LearnWeights>(learn));
    EXPECT_EQ(std::get<LearnWeights>(learn).route, "auto");
    EXPECT_TRUE(std::get<LearnWeights>(learn).dry_run);
    EXPECT_FALSE(std::get<LearnWeights>(learn).undo);
    const auto review = read({"review", "--config", "a.yaml", "--since", "7d", "--again"});
    ASSERT_TRUE(std::holds_alternative<ReviewPairs>(review));
    EXPECT_EQ(std::get<ReviewPairs>(review).since, "7d");
    EXPECT_TRUE(std::get<ReviewPairs>(review).again);
}

TEST(CommandLine, ExplainsWithTheHeadersThatAreNamed)
{
    const auto command =
        read({"explain", "-c", "a.yaml", "--header", "a=1", "--header", "b=2", "--json"});
    ASSERT_TRUE(std::holds_alternative<ExplainRequest>(command));
    const auto& wish = std::get<ExplainRequest>(command);
    EXPECT_EQ(wish.config, "a.yaml");
    EXPECT_EQ(wish.headers, (std::vector<std::string>{"a=1", "b=2"}));
    EXPECT_TRUE(wish.json);
}

TEST(CommandLine, ReplaysByAFile)
{
    const auto command = read({"replay", "--config", "new.yaml", "--since", "7d"});
    ASSERT_TRUE(std::holds_alternative<ReplayRecords>(command));
    const auto& wish = std::get<ReplayRecords>(command);
    EXPECT_EQ(wish.config, "new.yaml");
    EXPECT_EQ(wish.since, "7d");
    EXPECT_FALSE(wish.ledger || wish.json);
    EXPECT_EQ(said({"replay"}).exit_code, 2);
}

TEST(CommandLine, VerifiesALedger)
{
    const auto command =
        read({"ledger", "verify", "--ledger", "l.db", "--database-url", "postgresql://x"});
    ASSERT_TRUE(std::holds_alternative<VerifyLedger>(command));
    const auto& wish = std::get<VerifyLedger>(command);
    EXPECT_EQ(wish.ledger, "l.db");
    EXPECT_EQ(wish.database_url, "postgresql://x");
}

TEST(CommandLine, ExportsALedgerAsLinesOfJsonUnlessToldOtherwise)
{
    const auto plain = read({"ledger", "export"});
    ASSERT_TRUE(std::holds_alternative<ExportLedger>(plain));
    EXPECT_EQ(std::get<ExportLedger>(plain).format, "jsonl");
    const auto table = read({"ledger", "export", "--format", "csv", "--until", "2026-11-14"});
    ASSERT_TRUE(std::holds_alternative<ExportLedger>(table));
    EXPECT_EQ(std::get<ExportLedger>(table).format, "csv");
    EXPECT_EQ(said({"ledger", "export", "--format", "xml"}).exit_code, 2);
}

TEST(CommandLine, ALedgerWantsACommand)
{
    EXPECT_EQ(said({"ledger"}).exit_code, 2);
    EXPECT_THAT(said({"ledger", "verify", "--help"}).text, HasSubstr("spillway ledger verify"));
}

TEST(CommandLine, ShowsThirtyDaysOfSpendByModel)
{
    const auto command = read({"spend"});
    ASSERT_TRUE(std::holds_alternative<ShowSpend>(command));
    EXPECT_EQ(std::get<ShowSpend>(command).since, "30d");
    EXPECT_EQ(std::get<ShowSpend>(command).by, "model");
    EXPECT_EQ(said({"spend", "--by", "moon"}).exit_code, 2);
}

TEST(CommandLine, NeedsAFileToCheck)
{
    EXPECT_EQ(said({"check"}).exit_code, 2);
}

TEST(CommandLine, PrintsTheVersion)
{
    EXPECT_EQ(said({"version"}).text, "spillway " SPILLWAY_VERSION "\n");
    EXPECT_EQ(said({"--version"}).text, "spillway " SPILLWAY_VERSION "\n");
}

TEST(CommandLine, HelpsWhenNothingIsAsked)
{
    const auto help = said({});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.text, HasSubstr("spillway serve --config config.yaml"));
}

TEST(CommandLine, HelpsWithACommand)
{
    const auto help = said({"serve", "--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.text, HasSubstr("Usage: spillway serve [OPTIONS]"));
    EXPECT_THAT(help.text, HasSubstr("SPILLWAY_DISCOVER"));
}

TEST(CommandLine, SuggestsTheOptionThatWasMeant)
{
    EXPECT_THAT(said({"serve", "--prot", "1"}).text, HasSubstr("did you mean '--port'?"));
}

TEST(CommandLine, SuggestsTheCommandThatWasMeant)
{
    EXPECT_THAT(said({"sevre"}).text, HasSubstr("did you mean 'serve'?"));
}

TEST(CommandLine, FailsOnAnUnknownCommand)
{
    EXPECT_EQ(said({"frobnicate"}).exit_code, 2);
}

TEST(CommandLine, ImportsALitellm)
{
    const auto command = read(
        {"import", "litellm", "--database-url", "postgresql://x/y", "--dry-run", "-c", "c.yaml"});
    const auto* wish = std::get_if<ImportKeys>(&command);
    ASSERT_NE(wish, nullptr);
    EXPECT_EQ(wish->database_url, "postgresql://x/y");
    EXPECT_TRUE(wish->dry_run);
    EXPECT_EQ(wish->config, "c.yaml");
    EXPECT_FALSE(wish->ledger);
    EXPECT_EQ(said({"import"}).exit_code, 2);
}

}  // namespace
}  // namespace spillway::app
