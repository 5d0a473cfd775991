#include "spillway/app/engines.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <utility>

#include "spillway/base/text.hpp"

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

/// A name that can be a model group: `*` would make one for everything, and control characters no
/// client can ask for.
bool is_plain(std::string_view name)
{
    return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
        return c == '*' || c < 0x20 || c == 0x7f;
    });
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
        const auto name = text_at(row, "name");
        if (is_plain(name))
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
        if (!is_plain(id))
            continue;
        // LM Studio lists its embedding models under this prefix.
        const bool embeds = id.starts_with("text-embedding-");
        out.push_back(
            {client_name(engine, id), id, embeds ? config::Mode::embedding : config::Mode::chat});
    }
    return out;
}

}  // namespace

config::Mode mode_of(std::string_view name)
{
    return name.starts_with("text-embedding-") ? config::Mode::embedding : config::Mode::chat;
}

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

}  // namespace spillway::app
