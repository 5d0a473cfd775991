#include "spillway/engine/model_report.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace spillway::engine {

namespace {

using Json = nlohmann::json;

struct KindRow {
    std::string_view provider;
    Kind kind;
};
constexpr std::array kind_rows{
    KindRow{"ollama", Kind::ollama},       KindRow{"ollama_chat", Kind::ollama},
    KindRow{"llama_cpp", Kind::llama_cpp}, KindRow{"llamafile", Kind::llama_cpp},
    KindRow{"hosted_vllm", Kind::vllm},    KindRow{"vllm", Kind::vllm},
};

const Json* member(const Json& object, const char* name)
{
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

/// A figure that can be one: engines write 0 for what they do not know.
std::optional<std::int64_t> positive(const Json& object, const char* name)
{
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_number_integer() || value->get<std::int64_t>() <= 0)
        return std::nullopt;
    return value->get<std::int64_t>();
}

std::optional<Tokens> tokens_at(const Json& object, const char* name)
{
    const auto number = positive(object, name);
    return number ? std::optional(Tokens{*number}) : std::nullopt;
}

std::optional<std::uint64_t> bytes_at(const Json& object, const char* name)
{
    const auto number = positive(object, name);
    return number ? std::optional(static_cast<std::uint64_t>(*number)) : std::nullopt;
}

std::string text_at(const Json& object, const char* name)
{
    const auto* value = member(object, name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// Ollama reads a name without a tag as its newest.
std::string with_tag(std::string name)
{
    const auto slash = name.rfind('/');
    const auto colon = name.find(':', slash == std::string::npos ? 0 : slash);
    return colon == std::string::npos ? std::move(name) + ":latest" : std::move(name);
}

Error no_report(std::string_view engine)
{
    return {Errc::upstream_bad_reply, "the answer is no report of " + std::string(engine)};
}

Result<chat::ModelFacts> read_ollama(const Json& answer, std::string_view model)
{
    const auto* rows = member(answer, "models");
    if (rows == nullptr || !rows->is_array())
        return fail(no_report("Ollama"));
    chat::ModelFacts facts;
    facts.loaded = false;
    const auto wanted = with_tag(std::string(model));
    for (const auto& row : *rows) {
        if (!row.is_object() ||
            (with_tag(text_at(row, "name")) != wanted && with_tag(text_at(row, "model")) != wanted))
            continue;
        facts.loaded = true;
        facts.window = tokens_at(row, "context_length");
        facts.memory = bytes_at(row, "size");
        facts.memory_fast = bytes_at(row, "size_vram");
    }
    return facts;
}

Result<chat::ModelFacts> read_llama_cpp(const Json& answer)
{
    const auto* settings = member(answer, "default_generation_settings");
    if (settings == nullptr || !settings->is_object())
        return fail(no_report("llama.cpp"));
    chat::ModelFacts facts;
    facts.loaded = true;
    facts.window = tokens_at(*settings, "n_ctx");
    if (const auto slots = positive(answer, "total_slots"); slots && *slots <= 65'536)
        facts.slots = static_cast<std::uint32_t>(*slots);
    return facts;
}

Result<chat::ModelFacts> read_vllm(const Json& answer, std::string_view model)
{
    const auto* rows = member(answer, "data");
    if (rows == nullptr || !rows->is_array())
        return fail(no_report("vLLM"));
    chat::ModelFacts facts;
    facts.loaded = false;
    for (const auto& row : *rows) {
        if (!row.is_object() || text_at(row, "id") != model)
            continue;
        facts.loaded = true;
        facts.window = tokens_at(row, "max_model_len");
    }
    return facts;
}

}  // namespace

std::optional<Kind> kind_of(std::string_view provider)
{
    for (const auto& row : kind_rows) {
        if (row.provider == provider)
            return row.kind;
    }
    return std::nullopt;
}

std::string_view report_path(Kind kind)
{
    switch (kind) {
        case Kind::ollama:
            return "/api/ps";
        case Kind::llama_cpp:
            return "/props";
        case Kind::vllm:
            break;
    }
    return "/v1/models";
}

Result<chat::ModelFacts> read_report(Kind kind, std::string_view body, std::string_view model)
{
    const auto answer = Json::parse(body, nullptr, false);
    if (!answer.is_object())
        return fail(Error(Errc::upstream_bad_reply, "the answer is no JSON object"));
    switch (kind) {
        case Kind::ollama:
            return read_ollama(answer, model);
        case Kind::llama_cpp:
            return read_llama_cpp(answer);
        case Kind::vllm:
            break;
    }
    return read_vllm(answer, model);
}

}  // namespace spillway::engine
