#include "spillway/app/discovery.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/config/prices.hpp"
#include "spillway/config/providers.hpp"

namespace spillway::app {

namespace {

using Json = nlohmann::json;

struct EngineRow {
    Engine engine;
    std::string_view title;
    std::string_view name;  ///< In SPILLWAY_DISCOVER.
    std::uint16_t port;
    std::string_view list_path;
};
constexpr std::array engine_rows{
    EngineRow{Engine::ollama, "Ollama", "ollama", 11434, "/api/tags"},
    EngineRow{Engine::llama_cpp, "llama.cpp", "llama_cpp", 8080, "/v1/models"},
    EngineRow{Engine::vllm, "vLLM", "vllm", 8000, "/v1/models"},
    EngineRow{Engine::lm_studio, "LM Studio", "lm_studio", 1234, "/v1/models"},
};

const EngineRow& row_of(Engine engine) noexcept
{
    return engine_rows[static_cast<std::size_t>(engine)];
}

struct Authority {
    std::string host;
    std::uint16_t port = 0;
};

std::optional<std::uint16_t> read_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
        return std::nullopt;
    return port;
}

/// "host", "host:port", ":port", "[::1]:port" or "::1". An address to bind everywhere is where the
/// engine listens, not where it is reached.
std::optional<Authority> read_authority(std::string_view text, std::uint16_t usual_port)
{
    Authority out{"127.0.0.1", usual_port};
    auto host = text;
    auto port = std::string_view{};
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos)
            return std::nullopt;
        host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':'))
            return std::nullopt;
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':'));
    }
    if (!port.empty()) {
        const auto number = read_port(port.substr(1));
        if (!number)
            return std::nullopt;
        out.port = *number;
    }
    if (!host.empty() && host != "0.0.0.0" && host != "::")
        out.host = host;
    return out;
}

/// OLLAMA_HOST as Ollama reads it: a scheme brings its own port, a path does not matter.
std::optional<Authority> read_ollama_host(std::string_view text)
{
    std::uint16_t usual_port = row_of(Engine::ollama).port;
    if (text.starts_with("http://")) {
        text.remove_prefix(7);
        usual_port = 80;
    } else if (text.find("://") != std::string_view::npos) {
        return std::nullopt;  // Engines behind TLS are for a configuration file.
    }
    return read_authority(text.substr(0, text.find('/')), usual_port);
}

/// One "NAME=HOST:PORT" or "NAME=off" of SPILLWAY_DISCOVER; false when it cannot be read.
bool move_place(std::string_view entry, std::vector<EnginePlace>& places)
{
    const auto equals = std::min(entry.find('='), entry.size());
    const auto name = trimmed(entry.substr(0, equals));
    const auto where = trimmed(entry.substr(std::min(entry.size(), equals + 1)));
    const auto place = std::find_if(places.begin(), places.end(), [&](const EnginePlace& one) {
        return row_of(one.engine).name == name;
    });
    if (place == places.end() || where.empty())
        return false;
    if (where == "off") {
        places.erase(place);
        return true;
    }
    auto authority = read_authority(where, row_of(place->engine).port);
    if (!authority)
        return false;
    place->host = std::move(authority->host);
    place->port = authority->port;
    return true;
}

void move_places(std::string_view list, EnginePlaces& out)
{
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        const auto entry = trimmed(list.substr(0, comma));
        list.remove_prefix(std::min(list.size(), comma + 1));
        if (!entry.empty() && !move_place(entry, out.places))
            out.complaints.push_back("SPILLWAY_DISCOVER: cannot read '" + printable(entry) +
                                     "'; write NAME=HOST:PORT with NAME one of ollama, llama_cpp, "
                                     "vllm, lm_studio");
    }
}

std::string text_at(const Json& object, const char* key)
{
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Ollama says what a model can do; one that embeds and does not complete is for embeddings.
config::Mode ollama_mode(const Json& row)
{
    const auto found = row.find("capabilities");
    if (found == row.end() || !found->is_array())
        return config::Mode::chat;
    const auto can = [&](const char* what) {
        return std::find(found->begin(), found->end(), what) != found->end();
    };
    return can("embedding") && !can("completion") ? config::Mode::embedding : config::Mode::chat;
}

std::optional<std::vector<FoundModel>> read_tags(const Json& answer)
{
    const auto rows = answer.find("models");
    if (rows == answer.end() || !rows->is_array())
        return std::nullopt;
    std::vector<FoundModel> out;
    for (const auto& row : *rows) {
        if (!row.is_object())
            continue;
        auto name = text_at(row, "name");
        if (!name.empty())
            out.push_back({name, name, ollama_mode(row)});
    }
    return out;
}

/// Other programs answer at these ports as well (Open WebUI also takes 8080), so an engine is
/// known by what only it writes into its list.
bool is_row_of(Engine engine, const Json& row)
{
    switch (engine) {
        case Engine::llama_cpp:
            return text_at(row, "owned_by") == "llamacpp";
        case Engine::vllm:
            return text_at(row, "owned_by") == "vllm";
        case Engine::ollama:
        case Engine::lm_studio:
            return true;
    }
    return true;
}

/// OpenAI and LM Studio name their embedding models so.
config::Mode mode_of(std::string_view name)
{
    return name.starts_with("text-embedding-") ? config::Mode::embedding : config::Mode::chat;
}

/// llama.cpp calls a model by the path of its file.
std::string client_name(Engine engine, const std::string& id)
{
    if (engine != Engine::llama_cpp)
        return id;
    auto name = id.substr(id.find_last_of('/') == std::string::npos ? 0 : id.find_last_of('/') + 1);
    if (name.ends_with(".gguf"))
        name.resize(name.size() - 5);
    return name.empty() ? id : name;
}

std::optional<std::vector<FoundModel>> read_list(Engine engine, const Json& answer)
{
    const auto rows = answer.find("data");
    if (rows == answer.end() || !rows->is_array())
        return std::nullopt;
    std::vector<FoundModel> out;
    for (const auto& row : *rows) {
        if (!row.is_object() || !is_row_of(engine, row))
            return std::nullopt;
        const auto id = text_at(row, "id");
        if (id.empty())
            continue;
        // LM Studio lists its embedding models under this prefix.
        const bool embeds = id.starts_with("text-embedding-");
        out.push_back(
            {client_name(engine, id), id, embeds ? config::Mode::embedding : config::Mode::chat});
    }
    return out;
}

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

std::string_view title(Engine engine) noexcept
{
    return row_of(engine).title;
}

std::string_view list_path(Engine engine) noexcept
{
    return row_of(engine).list_path;
}

std::string EnginePlace::base() const
{
    const bool v6 = host.find(':') != std::string::npos;
    return "http://" + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

EnginePlaces engine_places(const config::Environment& environment)
{
    EnginePlaces out;
    for (const auto& row : engine_rows)
        out.places.push_back({row.engine, "127.0.0.1", row.port});
    if (const auto text = environment("OLLAMA_HOST"); text && !trimmed(*text).empty()) {
        if (const auto authority = read_ollama_host(trimmed(*text))) {
            out.places.front().host = authority->host;
            out.places.front().port = authority->port;
        } else {
            out.complaints.push_back("OLLAMA_HOST: cannot read '" + printable(*text) +
                                     "'; looking at 127.0.0.1:11434");
        }
    }
    if (const auto list = environment("SPILLWAY_DISCOVER"))
        move_places(*list, out);
    return out;
}

std::optional<std::vector<FoundModel>> read_models(Engine engine, std::string_view body)
{
    const auto answer = Json::parse(body, nullptr, false);
    if (!answer.is_object())
        return std::nullopt;
    return engine == Engine::ollama ? read_tags(answer) : read_list(engine, answer);
}

std::vector<CloudKey> cloud_keys(const config::Environment& environment)
{
    std::vector<CloudKey> out;
    for (const auto& provider : config::providers()) {
        if (provider.place != config::Place::cloud || provider.key_env.empty() ||
            provider.base_url.empty())
            continue;
        const std::string variable(provider.key_env);
        const auto value = environment(variable);
        const bool known = std::any_of(
            out.begin(), out.end(), [&](const CloudKey& key) { return key.variable == variable; });
        if (!value || value->empty() || known)
            continue;
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
