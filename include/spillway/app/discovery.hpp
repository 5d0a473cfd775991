#pragma once

#include <optional>
#include <string>
#include <vector>

#include "spillway/app/engines.hpp"
#include "spillway/config/load.hpp"

/// What a machine without a configuration has to offer: engines at their usual ports and cloud keys
/// in the environment. Pure: places and answers in, a configuration and words for people out. The
/// asking is done by `app/scout`.
namespace spillway::app {

/// What is known of one place.
struct Sighting {
    EnginePlace place;
    std::optional<std::vector<FoundModel>> models;  ///< Empty: nobody answered, or somebody else.
};

/// A cloud API whose key is in the environment.
struct CloudKey {
    std::string prefix;              ///< "openai"
    std::string variable;            ///< "OPENAI_API_KEY"
    std::vector<std::string> names;  ///< Bare names it serves: "gpt-*"
    friend bool operator==(const CloudKey&, const CloudKey&) = default;
};
[[nodiscard]] std::vector<CloudKey> cloud_keys(const config::Environment& environment);

/// All that was found, over time: an engine that stops answering keeps its models, so that its
/// clients get a failure that says so instead of a model that never was.
class Findings {
public:
    Findings(std::vector<EnginePlace> places, std::vector<CloudKey> keys);

    /// Takes the newest round in.
    /// @return What changed, a line each; empty when nothing did.
    [[nodiscard]] std::vector<std::string> learn(const std::vector<Sighting>& round);

    /// True when the models differ from what `configuration` last gave.
    [[nodiscard]] bool models_changed() const noexcept { return models_changed_; }

    /// The configuration that serves all this, in LiteLLM's grammar. Holds no secret: keys are
    /// written `os.environ/NAME`.
    [[nodiscard]] std::string configuration();

    /// What is served, for the first lines a newcomer sees; says what to do when it is nothing.
    [[nodiscard]] std::vector<std::string> summary() const;

private:
    struct Known {
        EnginePlace place;
        std::optional<std::vector<FoundModel>> models;
        bool answering = false;
    };
    std::vector<Known> engines_;
    std::vector<CloudKey> keys_;
    bool models_changed_ = true;
};

}  // namespace spillway::app
