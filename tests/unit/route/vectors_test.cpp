#include <gmock/gmock.h>

#include "unit/route/routing.hpp"

// Requests for embeddings stay with one model.
namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing_world::Scene;
using testing_world::Walk;

constexpr std::string_view rows = R"(model_list:
- {model_name: local, litellm_params: {model: "ollama/nomic-embed-text:latest"}, model_info: {id: l, mode: embedding}}
- {model_name: same, litellm_params: {model: openai/nomic-ai/Nomic-Embed-Text, api_key: k}, model_info: {id: s, mode: embedding}}
- {model_name: other, litellm_params: {model: openai/text-embedding-3-small, api_key: k}, model_info: {id: o, mode: embedding}}
- {model_name: named, litellm_params: {model: openai/some, api_key: k}, model_info: {id: n, mode: embedding, vectors: nomic-embed-text}}
- {model_name: unsaid, litellm_params: {model: openai/nobody-knows, api_key: k}, model_info: {id: u}}
- {model_name: chats, litellm_params: {model: openai/nobody-knows, api_key: k}, model_info: {id: c, mode: chat}}
- {model_name: "any/*", litellm_params: {model: "openai/*", api_key: k}, model_info: {id: w}}
)";

Features embedding()
{
    Features request;
    request.task = config::Task::embedding;
    return request;
}

std::string routed(std::string_view use)
{
    return std::string(rows) + "routes:\n  r: {otherwise: [" + std::string(use) + "]}\n";
}

Verdict verdict_on(const Plan& plan, std::size_t place)
{
    return plan.why.candidates.at(place).verdict;
}

TEST(Vectors, OfAnotherModelAreNotInAChain)
{
    const Scene scene(routed("local, other, same, named, any/text-embedding-3-small"));
    EXPECT_THAT(scene.chain(embedding()), ElementsAre("local", "same", "named"));
    const auto plan = scene.decide(embedding());
    ASSERT_TRUE(plan);
    EXPECT_EQ(verdict_on(*plan, 1), Verdict::other_vectors);
    EXPECT_EQ(plan->limits.vectors, "nomic-embed-text");
    EXPECT_NE(compact(plan->why, scene.table).find("other (other embedding model)"),
              std::string::npos);
}

TEST(Vectors, AreThoseOfTheFirstTargetHoweverItFares)
{
    Scene scene(routed("other, local, any/text-embedding-3-small"));
    scene.state("o").rests_until = testing_world::noon + Millis{60'000};
    EXPECT_THAT(scene.chain(embedding()), ElementsAre("other", "any/*"));
}

TEST(Vectors, ComeFromWhoeverIsNotSaidToDoOtherThings)
{
    EXPECT_THAT(Scene(routed("unsaid, chats")).chain(embedding()), ElementsAre("unsaid"));
    EXPECT_FALSE(Scene(routed("chats")).decide(embedding()));
}

TEST(Vectors, AreAllThatARowForEmbeddingsIsAskedFor)
{
    Features chat;
    chat.task = config::Task::chat;
    EXPECT_THAT(Scene(routed("local, unsaid, chats")).chain(chat), ElementsAre("unsaid", "chats"));
}

TEST(Vectors, MatterToNoOtherTask)
{
    const Scene scene(routed("any/gpt-4o, any/gpt-5"));
    Features chat;
    chat.task = config::Task::chat;
    const auto plan = scene.decide(chat);
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->limits.vectors.empty());
}

TEST(Vectors, KeepFallbacksOfAPlainModelToItsOwn)
{
    auto config = testing_world::written(rows);
    config.router.fallbacks = {{"local", {"other", "same"}}};
    const RoutingTable table(config, testing_world::engines_of(config));
    auto fleet = testing_world::idle_fleet(table);
    auto plan = straight_to(table.resolve("local").value());
    plan.limits.vectors = vectors_at(plan.hops.front(), table);
    AttemptChain chain(table, {std::move(plan), {}, Tokens{0}}, testing_world::noon);
    const Moment moment{testing_world::noon, fleet};
    ASSERT_TRUE(std::holds_alternative<Send>(chain.start(moment)));
    const auto next = chain.failed(testing_world::failure(chat::FailureClass::stalled), moment);
    ASSERT_TRUE(std::holds_alternative<Send>(next));
    EXPECT_EQ(table[std::get<Send>(next).target.deployment].id, "s");
}

}  // namespace
}  // namespace spillway::route
