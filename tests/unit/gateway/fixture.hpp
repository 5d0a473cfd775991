#pragma once

#include <string>
#include <vector>

#include "spillway/gateway/snapshot.hpp"

namespace spillway::gateway::testing {

/// A configuration with a local and a priced cloud deployment, a wildcard and an alias.
inline config::Config small_config()
{
    config::Config config;
    config::Deployment local;
    local.group = "fast-local";
    local.model = "openai/llama3";
    local.id = "id-local";
    local.api_base = "http://127.0.0.1:11434/v1";
    local.where = "test.yaml:2:5";
    config::Deployment cloud;
    cloud.group = "cloud";
    cloud.model = "openai/gpt-4o";
    cloud.id = "id-cloud";
    cloud.api_base = "https://relay.example.com/v1";
    cloud.api_key = Secret{"sk-upstream"};
    cloud.prices.input = PicoUsdPerToken{2'500'000};
    cloud.prices.output = PicoUsdPerToken{10'000'000};
    cloud.where = "test.yaml:6:5";
    config::Deployment any;
    any.group = "openai/*";
    any.model = "openai/*";
    any.id = "id-any";
    any.api_base = "http://127.0.0.1:9/v1";
    any.where = "test.yaml:9:5";
    config.deployments = {local, cloud, any};
    config.router.aliases["gpt-4"] = config::Alias{"cloud", false};
    return config;
}

inline std::shared_ptr<const Snapshot> snapshot_of(config::Config config, observe::Metrics& metrics,
                                                   const Snapshot* previous = nullptr)
{
    const config::Environment nothing = [](const std::string&) {
        return std::optional<std::string>{};
    };
    auto built = build_snapshot(std::move(config), nothing, config::PriceTable{}, metrics, previous,
                                WallTime{});
    return built ? *built : nullptr;
}

}  // namespace spillway::gateway::testing
