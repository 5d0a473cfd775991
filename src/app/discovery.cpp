#include "spillway/app/discovery.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/config/prices.hpp"
#include "spillway/config/providers.hpp"

namespace spillway::app {

namespace {

using Json = nlohmann::json;

struct BareNames {
    std::string_view prefix;
    std::array<std::string_view, 6> patterns;
};
/// Names that people write without a vendor in front.
constexpr std::array bare_names{
    BareNames{"openai", {"gpt-*", "chatgpt-*", "o1*", "o3*", "o4*", "text-embedding-*"}},
    BareNames{"anthropic", {"claude-*"}},
    BareNames{"gemini", {"gemini-*"}},
    BareNames{"mistral", {"mistral-*", "codestral-*"}},
    BareNames{"deepseek", {"deepseek-*"}},
    BareNames{"xai", {"grok-*"}},
};

std::vector<std::string> bare_names_of(std::string_view prefix)
{
    std::vector<std::string> out;
    for (const auto& row : bare_names) {
        if (row.prefix != prefix)
            continue;
        for (const auto pattern : row.patterns) {
            if (!pattern.empty())
                out.emplace_back(pattern);
        }
    }
    return out;
}

/// The variable that holds the provider's key; empty when none does.
std::string key_variable(const config::Provider& provider, const config::Environment& environment)
{
    std::vector<std::string_view> names{provider.key_env};
    names.insert(names.end(), provider.more_key_env.begin(), provider.more_key_env.end());
    for (const auto name : names) {
        const auto value = name.empty() ? std::nullopt : environment(std::string(name));
        if (value && !value->empty())
            return std::string(name);
    }
    return {};
}

/// Models of the price table that a pattern covers: they have names to list, a pattern has none.
std::vector<std::string> known_models(const CloudKey& key)
{
    std::vector<std::string> out;
    for (const auto& row : config::built_in_prices().rows) {
        const bool covered =
            std::any_of(key.names.begin(), key.names.end(), [&](std::string_view pattern) {
                return row.model.starts_with(pattern.substr(0, pattern.size() - 1));
            });
        if (covered)
            out.push_back(row.model);
    }
    return out;
}

std::string joined(const std::vector<std::string>& words, std::size_t most)
{
    std::string out;
    for (std::size_t i = 0; i < words.size() && i < most; ++i)
        out += (i == 0 ? "" : ", ") + words[i];
    if (words.size() > most)
        out += " and " + std::to_string(words.size() - most) + " more";
    return out;
}

std::string names_of(const std::vector<FoundModel>& models)
{
    std::vector<std::string> names;
    for (const auto& model : models)
        names.push_back(printable(model.name));
    return names.empty() ? "no models yet" : joined(names, 8);
}

}  // namespace

std::vector<CloudKey> cloud_keys(const config::Environment& environment)
{
    std::vector<CloudKey> out;
    for (const auto& provider : config::providers()) {
        if (provider.place != config::Place::cloud || provider.base_url.empty())
            continue;
        const auto variable = key_variable(provider, environment);
        const bool known = std::any_of(
            out.begin(), out.end(), [&](const CloudKey& key) { return key.variable == variable; });
        if (!variable.empty() && !known)
            out.push_back({std::string(provider.prefix), variable, bare_names_of(provider.prefix)});
    }
    return out;
}

Findings::Findings(std::vector<EnginePlace> places, std::vector<CloudKey> keys)
    : keys_(std::move(keys))
{
    for (auto& place : places)
        engines_.push_back({std::move(place), std::nullopt, false});
}

std::vector<std::string> Findings::learn(const std::vector<Sighting>& round)
{
    std::vector<std::string> news;
    for (const auto& sighting : round) {
        const auto engine = std::find_if(engines_.begin(), engines_.end(), [&](const Known& one) {
            return one.place == sighting.place;
        });
        if (engine == engines_.end())
            continue;
        const auto what = std::string(title(engine->place.engine)) + " at " + engine->place.base();
        const bool answers = sighting.models.has_value();
        if (answers && engine->models != sighting.models) {
            models_changed_ = true;
            engine->models = sighting.models;
            news.push_back(what + ": " + names_of(*sighting.models));
        } else if (answers && !engine->answering) {
            news.push_back(what + " answers again");
        } else if (!answers && engine->answering) {
            news.push_back(what + " does not answer; its models stay listed");
        }
        engine->answering = answers;
    }
    return news;
}

std::string Findings::configuration()
{
    models_changed_ = false;
    Json models = Json::array();
    Json aliases = Json::object();
    const auto add = [&](const std::string& group, Json parameters, config::Mode mode) {
        Json row{{"model_name", group}, {"litellm_params", std::move(parameters)}};
        if (mode == config::Mode::embedding)
            row["model_info"] = {{"mode", "embedding"}};
        models.push_back(std::move(row));
    };
    for (const auto& engine : engines_) {
        if (!engine.models)
            continue;
        const auto base = engine.place.base();
        for (const auto& model : *engine.models) {
            Json parameters;
            switch (engine.place.engine) {
                case Engine::ollama:
                    parameters = {{"model", "ollama_chat/" + model.upstream}, {"api_base", base}};
                    break;
                case Engine::lm_studio:
                    parameters = {{"model", "lm_studio/" + model.upstream},
                                  {"api_base", base + "/v1"}};
                    break;
                case Engine::llama_cpp:
                    parameters = {{"model", "llama_cpp/" + model.upstream}, {"api_base", base}};
                    break;
                case Engine::vllm:
                    parameters = {{"model", "hosted_vllm/" + model.upstream},
                                  {"api_base", base + "/v1"}};
                    break;
            }
            add(model.name, std::move(parameters), model.mode);
            constexpr std::string_view latest = ":latest";
            if (engine.place.engine == Engine::ollama && model.name.ends_with(latest)) {
                const auto plain = model.name.substr(0, model.name.size() - latest.size());
                aliases[plain] = {{"model", model.name}, {"hidden", true}};
            }
        }
    }
    for (const auto& key : keys_) {
        const auto api_key = "os.environ/" + key.variable;
        auto names = known_models(key);
        names.insert(names.end(), key.names.begin(), key.names.end());
        for (const auto& name : names)
            add(name, {{"model", key.prefix + "/" + name}, {"api_key", api_key}}, mode_of(name));
        add(key.prefix + "/*", {{"model", key.prefix + "/*"}, {"api_key", api_key}},
            config::Mode::chat);
    }
    const Json file{{"model_list", std::move(models)},
                    {"router_settings", {{"model_group_alias", std::move(aliases)}}}};
    // JSON is YAML as far as the loader reads it.
    return file.dump(1, ' ', true, Json::error_handler_t::replace);
}

std::vector<std::string> Findings::summary() const
{
    std::vector<std::string> lines;
    for (const auto& engine : engines_) {
        if (engine.models)
            lines.push_back(std::string(title(engine.place.engine)) + " at " + engine.place.base() +
                            ": " + names_of(*engine.models));
    }
    for (const auto& key : keys_) {
        auto names = key.names;
        names.push_back(key.prefix + "/*");
        lines.push_back(key.variable + ": " + joined(names, 8));
    }
    if (!lines.empty())
        return lines;
    return {
        "found no engine and no cloud key. Do one of these:",
        "  start an engine:  ollama serve, then ollama pull llama3.2 (seen within seconds)",
        "  or set a key and start again:  export OPENAI_API_KEY=...",
        "  or write a configuration (LiteLLM's works as it is):  spillway serve --config FILE",
    };
}

}  // namespace spillway::app
