#include "spillway/config/queue.hpp"

#include <gmock/gmock.h>

#include "unit/config/loading.hpp"

namespace spillway::config {
namespace {

using testing::HasSubstr;

TEST(QueueSection, HasDefaultsThatNeedNoSection)
{
    const auto read = load(one_row("model: ollama/llama3"));
    ASSERT_TRUE(read.config);
    const auto& queue = read.config->queue;
    EXPECT_EQ(queue.patience, Millis{5'000});
    EXPECT_EQ(queue.overflow, Overflow::predicted);
    EXPECT_EQ(queue.size, 256u);
    EXPECT_EQ(queue.comment_after, Millis{5'000});
    EXPECT_EQ(queue.worth_per_second, std::nullopt);
    EXPECT_TRUE(queue.engines.empty());
}

TEST(QueueSection, IsReadWithItsEngines)
{
    const auto read = load(one_row("model: ollama/llama3") + R"(
queue:
  patience: 12.5
  overflow: in_flight
  better_by: 2
  worth_per_second: 0.01
  bridge: while_loading
  size: 32
  turn: 10
  batch_ages: 90
  comment_after: 3
  engines:
    127.0.0.1:11434: {slots: 4, memory: 24GiB}
)");
    ASSERT_TRUE(read.config) << ::testing::PrintToString(errors(read));
    const auto& queue = read.config->queue;
    EXPECT_EQ(queue.patience, Millis{12'500});
    EXPECT_EQ(queue.overflow, Overflow::in_flight);
    EXPECT_EQ(queue.better_by, 2);
    EXPECT_EQ(queue.worth_per_second, NanoUsd{10'000'000});
    EXPECT_EQ(queue.bridge, Bridge::while_loading);
    EXPECT_EQ(queue.size, 32u);
    EXPECT_EQ(queue.turn, Millis{10'000});
    EXPECT_EQ(queue.batch_ages, Millis{90'000});
    EXPECT_EQ(queue.comment_after, Millis{3'000});
    EXPECT_EQ(queue.engines.at("127.0.0.1:11434"),
              (EngineLimits{4, std::uint64_t{24} * 1024 * 1024 * 1024}));
}

TEST(QueueSection, RefusesWhatMakesNoSenseAndSaysWhere)
{
    for (const std::string bad :
         {"patience: soon", "patience: -1", "overflow: sometimes", "better_by: 0.5", "size: -1",
          "bridge: never", "patients: 5", "engines: [a]", "engines: {localhost: {slots: 1}}",
          "engines: {\"a:1\": {slots: 0}}", "engines: {\"a:1\": {slot: 1}}",
          "engines: {\"http://a:1\": {slots: 1}}"}) {
        const auto read = load(one_row("model: ollama/llama3") + "queue: {" + bad + "}\n");
        EXPECT_FALSE(read.config) << bad;
        ASSERT_EQ(errors(read).size(), 1u) << bad;
        EXPECT_THAT(errors(read).front(), HasSubstr("queue")) << bad;
    }
}

TEST(QueueSection, HasItsLikeInRules)
{
    const auto read = load(one_row("model: ollama/llama3") + R"(
routes:
  smart:
    rules:
      - {name: night, when: {task: chat}, use: [a], priority: batch, overflow: never}
    otherwise: {use: [a], patience: 2}
)");
    ASSERT_TRUE(read.config) << ::testing::PrintToString(errors(read));
    const auto& route = read.config->routes.front();
    EXPECT_EQ(route.rules.front().action.priority, Urgency::batch);
    EXPECT_EQ(route.rules.front().action.overflow, Overflow::never);
    EXPECT_EQ(route.rules.front().action.patience, std::nullopt);
    EXPECT_EQ(route.otherwise.patience, Millis{2'000});
}

}  // namespace
}  // namespace spillway::config
