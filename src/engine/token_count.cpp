#include "spillway/engine/token_count.hpp"

#include <nlohmann/json.hpp>

namespace spillway::engine {

namespace {

using Json = nlohmann::json;

constexpr std::string_view tokenize_path = "/tokenize";

std::string written(const Json& body)
{
    return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::optional<CountQuestion> count_question(Kind kind, std::string_view model,
                                            std::string_view text)
{
    switch (kind) {
        case Kind::llama_cpp:
            return CountQuestion{tokenize_path, written(Json{{"content", text}})};
        case Kind::vllm:
            return CountQuestion{
                tokenize_path,
                written(Json{{"model", model}, {"prompt", text}, {"add_special_tokens", false}})};
        case Kind::ollama:
            break;
    }
    return std::nullopt;
}

Result<Tokens> read_count(Kind kind, std::string_view body)
{
    const auto answer = Json::parse(body, nullptr, false);
    if (answer.is_object() && kind == Kind::llama_cpp) {
        const auto tokens = answer.find("tokens");
        if (tokens != answer.end() && tokens->is_array())
            return Tokens{static_cast<std::int64_t>(tokens->size())};
    }
    if (answer.is_object() && kind == Kind::vllm) {
        const auto number = answer.find("count");
        if (number != answer.end() && number->is_number_integer() &&
            number->get<std::int64_t>() >= 0)
            return Tokens{number->get<std::int64_t>()};
    }
    return fail(Error(Errc::upstream_bad_reply, "the answer is no count of tokens"));
}

}  // namespace spillway::engine
