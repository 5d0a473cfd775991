#include "spillway/gateway/models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

class Models : public ::testing::Test {
protected:
    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_ =
        testing::snapshot_of(testing::small_config(), metrics_);
};

TEST_F(Models, ListsGroupsAndVisibleAliasesWithoutWildcards)
{
    const auto list = model_list(*snapshot_, {});
    EXPECT_NE(list.find(R"("id":"fast-local")"), std::string::npos);
    EXPECT_NE(list.find(R"("id":"gpt-4")"), std::string::npos);
    EXPECT_EQ(list.find('*'), std::string::npos);
    EXPECT_EQ(list.find("sk-upstream"), std::string::npos);
}

TEST_F(Models, ListsTheVisibleAliasesOfRoutesOnce)
{
    auto config = testing::small_config();
    config::Route route;
    route.name = "auto";
    route.otherwise.use = {"cloud"};
    route.captures = {"cloud"};
    config.routes.push_back(std::move(route));
    config.router.aliases["al"] = config::Alias{"auto", false};
    config.router.aliases["secret"] = config::Alias{"auto", true};
    snapshot_ = testing::snapshot_of(std::move(config), metrics_);
    EXPECT_THAT(listed_models(*snapshot_, {}),
                ::testing::UnorderedElementsAre("auto", "al", "fast-local", "cloud", "gpt-4"));
    EXPECT_TRUE(model_card(*snapshot_, {}, "secret"));
}

TEST_F(Models, FindsAModelWhoseSlashIsEncodedOrNot)
{
    EXPECT_TRUE(model_card(*snapshot_, {}, "openai%2Fgpt-5"));
    EXPECT_TRUE(model_card(*snapshot_, {}, "openai/gpt-5"));
}

TEST_F(Models, NamesWhatExistsWhenAModelDoesNot)
{
    const auto card = model_card(*snapshot_, {}, "nope");
    ASSERT_FALSE(card);
    EXPECT_EQ(card.error().code(), Errc::unknown_model);
    EXPECT_NE(card.error().message().find("fast-local"), std::string::npos);
    EXPECT_EQ(card.error().param(), "model");
}

}  // namespace
}  // namespace spillway::gateway
