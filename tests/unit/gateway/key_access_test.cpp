#include "spillway/gateway/key_access.hpp"

#include <gmock/gmock.h>

#include "spillway/gateway/models.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using ::testing::HasSubstr;

struct PathCase {
    const char* allowed;
    const char* path;
    PathKind kind;
    bool may;
};
class AllowedPath : public ::testing::TestWithParam<PathCase> {};

TEST_P(AllowedPath, IsWhatTheKeySays)
{
    const auto& [allowed, path, kind, may] = GetParam();
    auto grant = std::make_shared<chat::Grant>();
    grant->paths = {allowed};
    chat::Caller caller;
    caller.grant = grant;
    const auto checked = check_path(caller, path, kind);
    EXPECT_EQ(checked.has_value(), may);
    if (!checked) {
        EXPECT_EQ(checked.error().code(), Errc::forbidden);
        EXPECT_THAT(checked.error().message(),
                    HasSubstr("Only allowed to call routes: ['" + std::string(allowed) +
                              "']. Tried to call route: " + path));
    }
}

INSTANTIATE_TEST_SUITE_P(
    KeyAccess, AllowedPath,
    ::testing::Values(
        PathCase{"/chat/completions", "/chat/completions", PathKind::inference, true},
        PathCase{"/chat/completions", "/v1/chat/completions", PathKind::inference, true},
        PathCase{"/v1/chat/completions", "/chat/completions", PathKind::inference, true},
        PathCase{"/chat/completions", "/v1/embeddings", PathKind::inference, false},
        PathCase{"/chat", "/chat/completions", PathKind::inference, false},
        PathCase{"/v1/*", "/v1/embeddings", PathKind::inference, true},
        PathCase{"/key/*", "/key/info", PathKind::reading, true},
        PathCase{"/key/*", "/team/info", PathKind::reading, false},
        PathCase{"llm_api_routes", "/v1/chat/completions", PathKind::inference, true},
        PathCase{"llm_api_routes", "/v1/models", PathKind::models, true},
        PathCase{"llm_api_routes", "/key/info", PathKind::reading, false},
        PathCase{"info_routes", "/key/info", PathKind::reading, true},
        PathCase{"info_routes", "/v1/models", PathKind::models, true},
        PathCase{"info_routes", "/key/generate", PathKind::changing, false},
        PathCase{"info_routes", "/v1/chat/completions", PathKind::inference, false},
        PathCase{"management_routes", "/key/generate", PathKind::changing, true},
        PathCase{"management_routes", "/key/info", PathKind::reading, true},
        PathCase{"management_routes", "/v1/chat/completions", PathKind::inference, false},
        PathCase{"unheard_of_routes", "/v1/models", PathKind::models, false}));

TEST(KeyAccess, LeavesPathsToWhoHasNoListOfThem)
{
    EXPECT_TRUE(check_path({}, "/v1/anything", PathKind::inference));
    chat::Caller caller;
    caller.grant = std::make_shared<const chat::Grant>();
    EXPECT_TRUE(check_path(caller, "/v1/anything", PathKind::inference));
}

class KeyAccessTest : public ::testing::Test {
protected:
    static config::Config config_with_route()
    {
        auto config = testing::small_config();
        config::Route route;
        route.name = "auto";
        route.otherwise.use = {"fast-local", "cloud"};
        config.routes.push_back(std::move(route));
        return config;
    }
    InferenceRequest request(const std::string& model)
    {
        InferenceRequest request;
        request.arrival.snapshot = snapshot_;
        grant_->key_hash = "hash";
        request.arrival.caller.grant = grant_;
        request.facts.model = model;
        return request;
    }
    Result<void> apply(InferenceRequest& request) { return apply_grant(request, grants_); }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_ = testing::snapshot_of(config_with_route(), metrics_);
    std::shared_ptr<chat::Grant> grant_ = std::make_shared<chat::Grant>();
    keys::Grants grants_;
};

TEST_F(KeyAccessTest, RefusesAModelInLiteLlmsWords)
{
    grant_->models = {{chat::ScopeKind::key, {"fast-local", "auto"}}};
    auto asked = request("cloud");
    const auto refused = apply(asked);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::key_model_denied);
    EXPECT_EQ(refused.error().message(),
              "key not allowed to access model. This key can only access models=['fast-local', "
              "'auto']. Tried to access cloud");
    EXPECT_EQ(refused.error().param(), "model");
}

TEST_F(KeyAccessTest, SaysWhoseListLacksTheModel)
{
    grant_->models = {{chat::ScopeKind::key, {"cloud"}}, {chat::ScopeKind::team, {"fast-local"}}};
    auto asked = request("cloud");
    EXPECT_EQ(apply(asked).error().code(), Errc::team_model_denied);
    grant_->models[1].whose = chat::ScopeKind::user;
    EXPECT_EQ(apply(asked).error().code(), Errc::user_model_denied);
}

TEST_F(KeyAccessTest, AllowsByNameAliasIdAndWildcard)
{
    grant_->models = {{chat::ScopeKind::key, {"cloud", "openai/*"}}};
    for (const auto* name : {"cloud", "gpt-4", "id-cloud", "openai/o3"}) {
        auto asked = request(name);
        EXPECT_TRUE(apply(asked)) << name;
    }
    for (const auto* name : {"fast-local", "id-local", "auto", "unheard-of"}) {
        auto asked = request(name);
        EXPECT_FALSE(apply(asked)) << name;
    }
}

TEST_F(KeyAccessTest, AllowsTheOtherNamesOfARouteAndOfWhatItCaptures)
{
    auto config = config_with_route();
    config.router.aliases["al"] = config::Alias{"auto", false};
    config.routes.front().captures = {"cloud"};
    snapshot_ = testing::snapshot_of(std::move(config), metrics_);
    struct Row {
        const char* listed;
        std::vector<const char*> may;
        std::vector<const char*> may_not;
    };
    const std::vector<Row> rows{
        {"cloud", {"cloud", "gpt-4", "id-cloud"}, {"auto", "al"}},
        {"auto", {"auto", "al"}, {"cloud", "gpt-4", "id-cloud"}},
        {"al", {"al"}, {"auto", "cloud"}},
    };
    for (const auto& row : rows) {
        grant_->models = {{chat::ScopeKind::key, {row.listed}}};
        for (const auto* name : row.may) {
            auto asked = request(name);
            EXPECT_TRUE(apply(asked)) << row.listed << ' ' << name;
        }
        for (const auto* name : row.may_not) {
            auto asked = request(name);
            EXPECT_FALSE(apply(asked)) << row.listed << ' ' << name;
        }
    }
}

TEST_F(KeyAccessTest, AsksForWhatTheKeyNamesInstead)
{
    grant_->aliases = {{"fast", "fast-local"}, {"fast-local", "cloud"}};
    grant_->models = {{chat::ScopeKind::key, {"fast-local"}}};
    grant_->disable_fallbacks = true;
    grant_->stay_local = true;
    auto asked = request("fast");
    ASSERT_TRUE(apply(asked));
    EXPECT_EQ(asked.facts.model, "fast-local") << "once, not on and on";
    EXPECT_TRUE(asked.facts.controls.disable_fallbacks);
    EXPECT_FALSE(asked.facts.stay_local) << "the request itself asked for nothing";
    EXPECT_TRUE(has_local_key(asked.arrival));
}

TEST_F(KeyAccessTest, RefusesACapThatItCannotHold)
{
    grant_->budgets = {{{chat::ScopeKind::key_model, "hash/gpt-4"}, {{NanoUsd{1}, "1d"}}, {}, {}},
                       {{chat::ScopeKind::key_model, "hash/cloud"}, {{NanoUsd{1}, "1d"}}, {}, {}}};
    auto asked = request("gpt-4");
    const auto refused = apply(asked);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::invalid_request);
    auto named = request("cloud");
    EXPECT_TRUE(apply(named));
}

TEST_F(KeyAccessTest, RefusesABlockedEndUserWhoeverAsksForIt)
{
    keys::Customer customer;
    customer.user_id = "visitor";
    customer.blocked = true;
    const std::vector<keys::Change> changes{keys::Change::put(customer)};
    grants_ = keys::Grants::compile(keys::Catalog{}.with(changes, 1), {});
    auto asked = request("cloud");
    asked.arrival.caller = {};
    asked.facts.end_user = "visitor";
    const auto refused = apply(asked);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::forbidden);
    asked.facts.end_user = "another";
    EXPECT_TRUE(apply(asked));
}

TEST_F(KeyAccessTest, TellsListsOfRoutesFromThoseOfModels)
{
    chat::Caller caller;
    EXPECT_FALSE(access_of(caller, *snapshot_).grant);
    grant_->models = {{chat::ScopeKind::key, {"auto", "cloud"}}, {chat::ScopeKind::team, {"auto"}}};
    caller.grant = grant_;
    const auto access = access_of(caller, *snapshot_);
    EXPECT_EQ(access.grant, grant_);
    EXPECT_EQ(access.only_routes, 2U);
}

TEST_F(KeyAccessTest, ListsWhatTheKeyMayAskFor)
{
    grant_->models = {{chat::ScopeKind::key, {"auto", "fast-local"}}};
    chat::Caller caller;
    caller.grant = grant_;
    const auto list = model_list(*snapshot_, caller);
    EXPECT_THAT(list, HasSubstr(R"("id":"auto")"));
    EXPECT_THAT(list, HasSubstr(R"("id":"fast-local")"));
    EXPECT_EQ(list.find("cloud"), std::string::npos);
    EXPECT_EQ(list.find("gpt-4"), std::string::npos);
    EXPECT_TRUE(model_card(*snapshot_, caller, "auto"));
    const auto hidden = model_card(*snapshot_, caller, "cloud");
    ASSERT_FALSE(hidden);
    EXPECT_EQ(hidden.error().code(), Errc::unknown_model);
    EXPECT_EQ(hidden.error().message().find("gpt-4"), std::string::npos);
}

}  // namespace
}  // namespace spillway::gateway
