#include "spillway/keys/model_names.hpp"

#include <gmock/gmock.h>

#include "calling.hpp"

namespace spillway::keys {
namespace {

TEST(ModelNames, ServesGroupsIdsAliasesRoutesAndWhatWildcardsCover)
{
    const auto names = testing::Office().rules.models;
    for (const auto* name :
         {"gpt-4o", "id-gpt-4o", "smart", "auto", "openai/anything", "openai/*", "openai/gpt-*",
          "gpt-*", "*", "all-team-models", "all-proxy-models", "no-default-models"})
        EXPECT_TRUE(names.serves(name)) << name;
    for (const auto* name : {"", "gpt-4", "gpt-4o-mini", "anthropic/*", "openai", "Smart"})
        EXPECT_FALSE(names.serves(name)) << name;
}

TEST(ModelNames, SuggestsTheNearest)
{
    const auto names = testing::Office().rules.models;
    EXPECT_EQ(names.nearest_to("smrt"), "smart");
    EXPECT_EQ(names.nearest_to("something else"), "");
}

TEST(Covers, AStarAtTheEndStandsForAnyRest)
{
    EXPECT_TRUE(covers("a*", "a"));
    EXPECT_TRUE(covers("a*", "ab*"));
    EXPECT_FALSE(covers("ab*", "a*"));
    EXPECT_FALSE(covers("a", "ab"));
}

}  // namespace
}  // namespace spillway::keys
