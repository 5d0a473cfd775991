#include "spillway/config/check_embeddings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"
#include "spillway/config/vector_model.hpp"

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string row(const std::string& group, const std::string& model, const std::string& info = "")
{
    return "- {model_name: " + group + ", litellm_params: {model: \"" + model +
           "\", api_key: k}, model_info: {mode: embedding" + info + "}}\n";
}

struct Named {
    std::string row;
    std::string vectors;
};

class VectorModel : public testing::TestWithParam<Named> {};

TEST_P(VectorModel, IsTheModelWithoutWhoServesIt)
{
    const auto loaded = load("model_list:\n" + GetParam().row);
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(vector_model(loaded.config->deployments.at(0)), GetParam().vectors);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, VectorModel,
    testing::Values(Named{row("a", "ollama/nomic-embed-text:latest"), "nomic-embed-text"},
                    Named{row("a", "openai/nomic-ai/Nomic-Embed-Text"), "nomic-embed-text"},
                    Named{row("a", "ollama/qwen3-embedding:0.6b"), "qwen3-embedding:0.6b"},
                    Named{row("a", "openai/my-name", ", base_model: azure/text-embedding-3-small"),
                          "text-embedding-3-small"},
                    Named{row("a", "openai/x", ", vectors: Mine, base_model: y"), "Mine"}));

TEST(CheckEmbeddings, WarnsOfGroupsFallbacksAndRoutesThatMixModels)
{
    const auto loaded = load("model_list:\n" + row("mixed", "openai/a") + row("mixed", "openai/b") +
                             row("x", "openai/a") + row("y", "openai/b") +
                             "router_settings: {fallbacks: [{x: [y]}]}\n"
                             "routes:\n  r: {otherwise: [x, y]}\n");
    EXPECT_THAT(warnings(loaded),
                ElementsAre(HasSubstr("group \"mixed\": embeddings of different models"),
                            HasSubstr("fallbacks of \"x\""), HasSubstr("routes.r: ")));
    EXPECT_THAT(errors(loaded), IsEmpty());
}

TEST(CheckEmbeddings, IsSilentWhereTheyAreDeclaredTheSame)
{
    const auto loaded = load("model_list:\n" + row("x", "openai/a", ", vectors: v") +
                             row("y", "openai/b", ", vectors: v") +
                             "router_settings: {fallbacks: [{x: [y]}]}\n"
                             "routes:\n  r: {otherwise: [x, y]}\n");
    EXPECT_THAT(warnings(loaded), IsEmpty());
}

TEST(CheckEmbeddings, LooksOnlyAtModelsThatAreThereForThem)
{
    const auto loaded = load(
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: openai/gpt-5, api_key: k}}\n"
        "- {model_name: b, litellm_params: {model: openai/gpt-4o, api_key: k}}\n"
        "router_settings: {fallbacks: [{a: [b]}]}\n");
    EXPECT_THAT(warnings(loaded), IsEmpty());
}

}  // namespace
}  // namespace spillway::config
