#include "spillway/engine/model_card.hpp"

#include <nlohmann/json.hpp>

#include "spillway/base/text.hpp"

namespace spillway::engine {

std::string card_question(std::string_view model)
{
    return R"({"model":)" + json_quoted(model) + "}";
}

std::optional<Tokens> trained_window(std::string_view answer)
{
    const auto card = nlohmann::json::parse(answer, nullptr, false);
    const auto info = card.is_object() ? card.find("model_info") : card.end();
    if (info == card.end() || !info->is_object())
        return std::nullopt;
    // "llama.context_length": the architecture stands in front. One model may have others beside
    // it, for pictures; those have no window of text.
    for (const auto& [name, value] : info->items()) {
        const bool is_window = name.ends_with(".context_length");
        if (is_window && value.is_number_integer() && value.get<std::int64_t>() > 0)
            return Tokens{value.get<std::int64_t>()};
    }
    return std::nullopt;
}

}  // namespace spillway::engine
