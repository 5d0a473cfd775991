#include "models.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace spillway::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

Deployment deployment(const std::string& id, const std::string& group)
{
    Deployment out;
    out.id = id;
    out.group = group;
    out.model = "openai/" + group;
    out.provider = "openai";
    out.api_base = "https://api.example.com/v1";
    out.header_block = "authorization: Bearer sk-very-secret\r\n";
    return out;
}

View view()
{
    View out;
    out.deployments = {deployment("a", "fast"), deployment("b", "fast"), deployment("c", "big")};
    out.deployments[0].prices.input = PicoUsdPerToken{420'000};
    out.deployments[1].prices.input = PicoUsdPerToken{840'000};
    out.deployments[0].rpm = 10;
    out.deployments[1].rpm = 5;
    out.deployments[2].mode = config::Mode::embedding;
    return out;
}

nlohmann::json rows(const Reply& reply)
{
    return nlohmann::json::parse(reply.body)["data"];
}

TEST(ModelPage, HasARowForEachDeployment)
{
    EXPECT_EQ(rows(model_page(view(), "")).size(), 3U);
}

TEST(ModelPage, NeverShowsACredential)
{
    EXPECT_THAT(model_page(view(), "").body, Not(HasSubstr("secret")));
}

TEST(ModelPage, HasLiteLLMsShape)
{
    const auto row = rows(model_page(view(), "a")).at(0);
    EXPECT_EQ(row["model_name"], "fast");
    EXPECT_EQ(row["litellm_params"]["model"], "openai/fast");
    EXPECT_EQ(row["model_info"]["id"], "a");
    EXPECT_EQ(row["model_info"]["db_model"], false);
}

TEST(ModelPage, WritesPricesInDollarsPerToken)
{
    const auto row = rows(model_page(view(), "a")).at(0);
    EXPECT_DOUBLE_EQ(row["model_info"]["input_cost_per_token"], 4.2e-7);
}

TEST(ModelPage, WritesAnUnknownPriceAsNull)
{
    const auto row = rows(model_page(view(), "c")).at(0);
    EXPECT_TRUE(row["model_info"]["input_cost_per_token"].is_null());
}

TEST(ModelPage, IsEmptyForAnUnknownId)
{
    EXPECT_TRUE(rows(model_page(view(), "x")).empty());
}

TEST(ModelGroupPage, HasARowForEachGroup)
{
    EXPECT_EQ(rows(model_group_page(view(), "")).size(), 2U);
}

TEST(ModelGroupPage, ShowsTheHighestPrice)
{
    const auto row = rows(model_group_page(view(), "fast")).at(0);
    EXPECT_DOUBLE_EQ(row["input_cost_per_token"], 8.4e-7);
}

TEST(ModelGroupPage, AddsUpTheCapacity)
{
    EXPECT_EQ(rows(model_group_page(view(), "fast")).at(0)["rpm"], 15);
}

TEST(ModelGroupPage, SaysWhatTheGroupIsFor)
{
    EXPECT_EQ(rows(model_group_page(view(), "big")).at(0)["mode"], "embedding");
}

}  // namespace
}  // namespace spillway::admin
