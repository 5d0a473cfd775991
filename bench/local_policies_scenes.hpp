#pragma once

#include "local_policies_run.hpp"
#include "local_policies_traffic.hpp"

/// What is played: bench/local_policies and the test that holds its figures play the same.
namespace local_policies {

inline constexpr std::uint64_t gigabyte = 1'000'000'000;

/// A card of 12 GB with a model for chats and one for code, of which one fits at a time.
[[nodiscard]] inline EngineScript two_models_one_card()
{
    EngineScript script;
    script.memory = 11 * gigabyte;
    script.models = {{.name = "chat:8b",
                      .memory = 6 * gigabyte,
                      .slots = 4,
                      .load = 2.5,
                      .prefill = 2'500,
                      .decode = 60},
                     {.name = "code:14b",
                      .memory = 10 * gigabyte,
                      .slots = 4,
                      .load = 4,
                      .prefill = 1'500,
                      .decode = 40}};
    return script;
}

[[nodiscard]] inline TrafficScript chats_and_code(double seconds)
{
    TrafficScript script;
    script.crowds = {{.model = 0,
                      .share = 0.65,
                      .prompt = 600,
                      .spread = 1,
                      .answer = 180,
                      .answer_spread = 0.8},
                     {.model = 1,
                      .share = 0.35,
                      .prompt = 2'000,
                      .spread = 0.8,
                      .answer = 260,
                      .answer_spread = 0.7}};
    script.seconds = seconds;
    return script;
}

/// The same card with the chat model alone.
[[nodiscard]] inline EngineScript one_model()
{
    auto script = two_models_one_card();
    script.models.pop_back();
    return script;
}

[[nodiscard]] inline TrafficScript chats(double seconds)
{
    auto script = chats_and_code(seconds);
    script.crowds.pop_back();
    return script;
}

}  // namespace local_policies
