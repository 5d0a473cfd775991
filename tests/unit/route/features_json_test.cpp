#include "spillway/route/features_json.hpp"

#include <gmock/gmock.h>

namespace spillway::route {
namespace {

Features rich()
{
    Features features;
    features.task = config::Task::completion;
    features.wording = Wording::responses;
    features.prompt = Tokens{900};
    features.prompt_upper = Tokens{1'100};
    features.uppers.set(tokens::Family::qwen, Tokens{1'300});
    features.largest_input = 250'000;
    features.answer = Tokens{0};
    features.choices = {3, 5};
    features.turns = 3;
    features.content.add(config::Content::tools);
    features.client = config::ClientKind::coding_agent;
    features.sensitive = {privacy::ClassId::iban, privacy::ClassId::email};
    features.boundary = privacy::Boundary::local;
    features.boundary_by = BoundaryBy::sensitive_class;
    features.score = score::Score{};
    features.score->gain = 0.25F;
    features.score->rank = 0.75F;
    features.score->tier = score::Tier::complex;
    features.probes = {{7, true}, {9, false}};
    features.key = "abc";
    features.key_alias = "app";
    features.team = "red";
    features.team_alias = "Reds";
    features.end_user = "o\"neil";
    features.tags = {"x", "y"};
    features.minute_of_week = 61;
    features.prefer = Preference::cheap;
    features.max_cost = NanoUsd{5};
    return features;
}

TEST(FeaturesJson, ComesBackAsItWas)
{
    const privacy::ClassNames names;
    const auto text = to_json(rich(), names);
    const auto read = features_from_json(text, names);
    ASSERT_TRUE(read);
    EXPECT_EQ(to_json(*read, names), text);
    EXPECT_EQ(read->boundary_by, rich().boundary_by);
    EXPECT_EQ(read->wording, rich().wording);
    EXPECT_EQ(read->sensitive, rich().sensitive);
    EXPECT_EQ(read->uppers, rich().uppers);
    EXPECT_EQ(read->largest_input, 250'000U);
    EXPECT_EQ(read->answer, Tokens{0});
    EXPECT_EQ(read->choices, rich().choices);
    EXPECT_EQ(read->score->tier, score::Tier::complex);
    EXPECT_EQ(read->probes, rich().probes);
    EXPECT_EQ(read->end_user, "o\"neil");
}

TEST(FeaturesJson, OfAPlainRequestIsShort)
{
    Features plain;
    plain.prompt = plain.prompt_upper = Tokens{12};
    EXPECT_EQ(to_json(plain, {}), "{\"prompt\":12,\"prompt_upper\":12}");
}

TEST(FeaturesJson, KeepsClassesByNameOverARenumbering)
{
    const auto before = privacy::ClassNames::with_own({"a", "b"});
    const auto after = privacy::ClassNames::with_own({"b"});
    ASSERT_TRUE(before && after);
    Features features;
    features.sensitive.add(privacy::own_class(1));
    const auto read = features_from_json(to_json(features, *before), *after);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->sensitive.contains(privacy::own_class(0)));
}

TEST(FeaturesJson, RefusesWhatIsNoRecord)
{
    for (const auto* text : {"", "[]", "{", "7"})
        EXPECT_FALSE(features_from_json(text, {})) << text;
}

TEST(FeaturesJson, SurvivesNonsenseInARecord)
{
    const auto read = features_from_json(
        R"({"task":99,"boundary":-1,"prompt":"x","score":[],"probes":{"z":1},"tags":[1]})", {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->task, config::Task::chat);
    EXPECT_TRUE(read->probes.empty());
}

}  // namespace
}  // namespace spillway::route
