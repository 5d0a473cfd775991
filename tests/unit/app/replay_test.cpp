#include "spillway/app/replay.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spillway/app/edition.hpp"
#include "spillway/base/text.hpp"
#include "spillway/route/features_json.hpp"

namespace spillway::app {
namespace {

constexpr const char* models = R"(
model_list:
  - model_name: fast-local
    litellm_params: {model: ollama_chat/phi4, api_base: "http://127.0.0.1:11434"}
    model_info: {id: one}
  - model_name: cloud
    litellm_params: {model: openai/big, api_base: "https://relay.example.com/v1", api_key: sk-x,
                     input_cost_per_token: 0.000002, output_cost_per_token: 0.00001}
    model_info: {id: two}
routes:
  auto:
)";

constexpr const char* all_local = "    otherwise: [fast-local]\n";
constexpr const char* all_cloud = "    otherwise: [cloud]\n";
constexpr const char* long_to_cloud =
    "    rules: [{name: long, when: {prompt_tokens: \">1000\"}, use: [cloud]}]\n"
    "    otherwise: [fast-local]\n";

class ReplayTest : public ::testing::Test {
protected:
    [[nodiscard]] Replay by(const std::string& rest)
    {
        const config::Environment nothing = [](const std::string&) { return std::nullopt; };
        auto loaded = config::load_text(models + rest, "new.yaml", nothing);
        for (const auto& problem : loaded.problems)
            EXPECT_NE(problem.level, config::Problem::Level::error) << problem.message;
        auto made = make_edition(std::move(*loaded.config), nothing, metrics_, {}, WallTime{});
        EXPECT_TRUE(made);
        return Replay(made->snapshot);
    }
    /// A request that a route decided: served by `group`.
    [[nodiscard]] static ledger::SpendRecord record(const std::string& group,
                                                    const route::Features& features = {})
    {
        ledger::SpendRecord out;
        out.asked_model = "auto";
        out.group = group;
        out.deployment_id = group == "cloud" ? "two" : "one";
        out.attempts = 1;
        out.why = group + "/" + out.deployment_id + ": served";
        out.usage = {Tokens{1'000}, Tokens{100}, {}, {}, {}, chat::UsageSource::exact};
        out.cost = NanoUsd{group == "cloud" ? 3'000'000 : 0};
        auto taken = std::make_shared<ledger::RouteTaken>();
        taken->route = "auto";
        taken->features = route::to_json(features, names());
        out.routing = std::move(taken);
        return out;
    }
    [[nodiscard]] static privacy::ClassNames names()
    {
        return privacy::ClassNames::with_own({}).value();
    }
    [[nodiscard]] static route::Features of_length(std::int64_t tokens)
    {
        route::Features features;
        features.prompt = features.prompt_upper = Tokens{tokens};
        return features;
    }
    /// The record with another `RouteTaken`.
    template <class Change>
    [[nodiscard]] static ledger::SpendRecord changed(ledger::SpendRecord record, Change change)
    {
        auto taken = *record.routing;
        change(taken);
        record.routing = std::make_shared<const ledger::RouteTaken>(std::move(taken));
        return record;
    }

    observe::Metrics metrics_;
};

TEST_F(ReplayTest, MovesNothingByTheFileOfThen)
{
    auto replay = by(long_to_cloud);
    replay.add(record("fast-local", of_length(10)));
    replay.add(record("cloud", of_length(5'000)));
    EXPECT_EQ(replay.sums().decided, 2u);
    EXPECT_EQ(replay.sums().moved, 0u);
}

TEST_F(ReplayTest, CountsWhatMovesFromWhereToWhere)
{
    auto replay = by(long_to_cloud);
    replay.add(record("fast-local", of_length(5'000)));
    replay.add(record("fast-local", of_length(6'000)));
    replay.add(record("cloud", of_length(10)));
    const auto& moves = replay.sums().moves;
    EXPECT_EQ(moves.at({"fast-local", "cloud"}), 2u);
    EXPECT_EQ(moves.at({"cloud", "fast-local"}), 1u);
}

TEST_F(ReplayTest, TakesTheFastestForTheOneOfThen)
{
    auto features = of_length(10);
    features.prefer = route::Preference::fast;
    auto both = by("    otherwise: [fast-local, cloud]\n");
    both.add(record("cloud", features));
    both.add(record("fast-local", features));
    EXPECT_EQ(both.sums().moved, 0u);
    EXPECT_EQ(both.sums().speed_unknown, 1u);
    EXPECT_EQ(both.sums().cost.after, NanoUsd{3'000'000});
    EXPECT_NE(replay_table(both.sums()).find("speeds not known        1  ("), std::string::npos);
    // Where the plan leads there no more, it moves all the same.
    auto local = by(all_local);
    local.add(record("cloud", features));
    EXPECT_EQ(local.sums().moved, 1u);
    EXPECT_EQ(local.sums().speed_unknown, 0u);
}

TEST_F(ReplayTest, LeavesOutWhatNoClientAskedFor)
{
    auto replay = by(all_cloud);
    auto shadow = record("cloud");
    shadow.call_type = "shadow";
    replay.add(shadow);
    EXPECT_EQ(replay.sums().requests, 0u);
    EXPECT_EQ(replay.sums().cost.requests, 0u);
}

TEST_F(ReplayTest, LeavesOutWhatNamesNoModel)
{
    auto replay = by(all_cloud);
    auto malformed = record("");
    malformed.asked_model.clear();
    malformed.routing.reset();
    malformed.attempts = 0;
    replay.add(malformed);
    EXPECT_EQ(replay.sums().requests, 0u);
    EXPECT_EQ(replay.sums().not_served, 0u);
}

TEST_F(ReplayTest, PricesTheRecordedUsageWhereItWouldGo)
{
    auto replay = by(all_cloud);
    replay.add(record("fast-local"));
    EXPECT_EQ(replay.sums().cost.before, NanoUsd{0});
    EXPECT_EQ(replay.sums().cost.after, NanoUsd{1'000 * 2'000 + 100 * 10'000});
}

TEST_F(ReplayTest, LeavesRequestsOfUnknownCostOutOfTheSums)
{
    auto replay = by(all_cloud);
    auto unknown = record("cloud");
    unknown.usage = {};
    replay.add(unknown);
    EXPECT_EQ(replay.sums().cost.requests, 0u);
}

TEST_F(ReplayTest, ComparesTheLocalShare)
{
    auto replay = by(all_local);
    replay.add(record("cloud"));
    replay.add(record("fast-local"));
    EXPECT_EQ(replay.sums().local_before, 1u);
    EXPECT_EQ(replay.sums().local_after, 2u);
}

TEST_F(ReplayTest, KnowsFromTheAddressWhetherAVanishedDeploymentWasLocal)
{
    auto replay = by(all_local);
    auto gone = record("fast-local");
    gone.deployment_id = "gone";
    gone.api_base = "http://10.0.0.7:8080/v1";
    replay.add(gone);
    gone.api_base = "https://relay.example.com/v1";
    replay.add(gone);
    EXPECT_EQ(replay.sums().local_before, 1u);
}

TEST_F(ReplayTest, FindsRequestsThatARuleKeptLocalAndTheNewFileLetsGo)
{
    auto replay = by(all_cloud);
    const auto kept =
        changed(record("fast-local"), [](ledger::RouteTaken& taken) { taken.kept_local = true; });
    replay.add(kept);
    EXPECT_EQ(replay.sums().violations, 1u);
    ASSERT_EQ(replay.sums().violating.size(), 1u);
    EXPECT_EQ(replay.sums().violating[0], kept.id.text());
}

TEST_F(ReplayTest, RefusesRatherThanLetsGoWhatTheRequestItselfKeptLocal)
{
    auto replay = by(all_cloud);
    route::Features features;
    features.boundary = privacy::Boundary::local;
    replay.add(record("fast-local", features));
    EXPECT_EQ(replay.sums().violations, 0u);
    EXPECT_EQ(replay.sums().refused_after, 1u);
}

TEST_F(ReplayTest, AsksTheNewFileWhatKeyAndClassMeanAndTheClientForTheRest)
{
    struct Row {
        route::BoundaryBy by;
        std::uint64_t violations;
    };
    const std::vector<Row> rows{{route::BoundaryBy::key, 1},
                                {route::BoundaryBy::sensitive_class, 1},
                                {route::BoundaryBy::grant, 0},
                                {route::BoundaryBy::header, 0},
                                {route::BoundaryBy::metadata, 0},
                                {route::BoundaryBy::nobody, 0}};  // As old records have it.
    for (const auto& row : rows) {
        route::Features features;
        features.key_alias = "bob";
        features.sensitive.add(names().parse("email").value());
        features.boundary = privacy::Boundary::local;
        features.boundary_by = row.by;
        const auto kept = changed(record("fast-local", features),
                                  [](ledger::RouteTaken& taken) { taken.kept_local = true; });
        auto lets_go = by(all_cloud);
        lets_go.add(kept);
        EXPECT_EQ(lets_go.sums().violations, row.violations) << route::name(row.by);
        EXPECT_EQ(lets_go.sums().refused_after, 1 - row.violations) << route::name(row.by);
        auto keeps =
            by(std::string(all_cloud) + "privacy: {local_only: [email], local_keys: [bob]}\n");
        keeps.add(kept);
        EXPECT_EQ(keeps.sums().violations, 0u) << route::name(row.by);
        EXPECT_EQ(keeps.sums().refused_after, 1u) << route::name(row.by);
    }
}

TEST_F(ReplayTest, KeepsKeysLocalThatTheNewFileNames)
{
    auto replay = by(std::string(all_cloud) + "privacy: {local_keys: [bob, abc]}\n");
    route::Features features;
    replay.add(record("cloud", features));
    EXPECT_EQ(replay.sums().refused_after, 0u);
    features.key_alias = "bob";
    replay.add(record("cloud", features));
    features.key_alias = "carol";
    features.key = "abc";
    replay.add(record("cloud", features));
    EXPECT_EQ(replay.sums().moves.at({"cloud", "(no_local_deployment)"}), 2u);
}

TEST_F(ReplayTest, KeepsClassesLocalThatTheNewFileNames)
{
    auto replay = by(std::string(all_cloud) + "privacy: {local_only: [email]}\n");
    route::Features features;
    features.sensitive.add(names().parse("email").value());
    replay.add(record("cloud", features));
    EXPECT_EQ(replay.sums().refused_after, 1u);
    EXPECT_EQ(replay.sums().moves.at({"cloud", "(no_local_deployment)"}), 1u);
}

TEST_F(ReplayTest, SaysHowOftenANewQuestionWasNeverAsked)
{
    auto replay =
        by("    rules: [{name: law, when: {words: [contract]}, use: [cloud]}]\n"
           "    otherwise: [fast-local]\n");
    replay.add(record("fast-local"));
    EXPECT_EQ(replay.sums().questions_unknown, 1u);
    EXPECT_EQ(replay.sums().moved, 0u);
}

TEST_F(ReplayTest, CountsExplicitModelsByWhetherTheyAreServed)
{
    auto replay = by(all_local);
    auto plain = record("cloud");
    plain.routing.reset();
    plain.asked_model = "cloud";
    replay.add(plain);
    plain.asked_model = "gpt-2";
    replay.add(plain);
    plain.asked_model = "auto";
    replay.add(plain);
    EXPECT_EQ(replay.sums().explicit_model, 1u);
    EXPECT_EQ(replay.sums().not_served, 1u);
    EXPECT_EQ(replay.sums().not_recorded, 1u);
}

TEST_F(ReplayTest, SaysWhenNobodyLookedForTheClassesThatTheNewFileKeepsLocal)
{
    auto replay = by(std::string(all_local) + "privacy: {local_only: [email]}\n");
    auto plain = record("cloud");
    plain.routing.reset();
    plain.asked_model = "cloud";
    replay.add(plain);
    replay.add(record("fast-local"));
    replay.add(
        changed(record("fast-local"), [](ledger::RouteTaken& taken) { taken.scanned = true; }));
    EXPECT_EQ(replay.sums().sensitive_unknown, 2u);
}

TEST_F(ReplayTest, ComparesWithWhatWasTriedFirst)
{
    auto fell_back = record("cloud");
    fell_back.attempts = 2;
    fell_back.why = "fast-local/one: rejected 422; cloud/two: served";
    EXPECT_EQ(first_group(fell_back), "fast-local");
    auto replay = by(all_local);
    replay.add(fell_back);
    EXPECT_EQ(replay.sums().moved, 0u);
}

TEST_F(ReplayTest, PrintsTheSameTwice)
{
    std::string first;
    std::string second;
    for (auto* text : {&first, &second}) {
        auto replay = by(long_to_cloud);
        for (int i = 0; i < 50; ++i)
            replay.add(record(i % 3 == 0 ? "cloud" : "fast-local", of_length(i * 100)));
        *text = replay_table(replay.sums()) + replay_json(replay.sums());
    }
    EXPECT_EQ(first, second);
}

TEST_F(ReplayTest, TellsPeopleWhatWouldChange)
{
    auto replay = by(long_to_cloud);
    replay.add(record("fast-local", of_length(5'000)));
    replay.add(record("fast-local", of_length(10)));
    const auto table = replay_table(replay.sums());
    EXPECT_NE(table.find("moved                   1  (50.0 % of those decided again)\n"
                         "  1  fast-local -> cloud\n"),
              std::string::npos)
        << table;
    EXPECT_NE(table.find("local share             100.0 % -> 50.0 %\n"), std::string::npos);
    EXPECT_NE(table.find("cost                    $0.000000 -> $0.003000"), std::string::npos);
    EXPECT_NE(table.find("privacy violations      0\n"), std::string::npos);
    const auto json = nlohmann::json::parse(replay_json(replay.sums()));
    EXPECT_EQ(json["moves"][0]["requests"], 1);
    EXPECT_EQ(json["privacy_violations"], 0);
}

TEST(ParseSince, ReadsDurationsAndDates)
{
    const WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
    EXPECT_EQ(rfc3339(parse_since("7d", now).value()), "2026-11-14T00:00:00.000000Z");
    EXPECT_EQ(rfc3339(parse_since("36h", now).value()), "2026-11-19T12:00:00.000000Z");
    EXPECT_EQ(rfc3339(parse_since("2026-11-01", now).value()), "2026-11-01T00:00:00.000000Z");
}

TEST(ParseSince, ReadsNothingElse)
{
    for (const auto* text : {"", "7", "d", "2026-13-01", "2026-11-01x", "yesterday", "-3d"})
        EXPECT_EQ(parse_since(text, WallTime{}), std::nullopt) << text;
}

}  // namespace
}  // namespace spillway::app
