#include "spillway/gateway/shown_model.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace spillway::gateway {
namespace {

/// Nobody's details are longer, nor has a model more abilities.
constexpr std::size_t longest_details = 4'096;
constexpr std::size_t most_capabilities = 32;

}  // namespace

bool ShownModel::can(std::string_view capability) const
{
    return std::find(capabilities.begin(), capabilities.end(), capability) != capabilities.end();
}

ShownModel read_shown_model(std::string_view answer)
{
    ShownModel shown;
    const auto card = nlohmann::json::parse(answer, nullptr, false);
    if (!card.is_object())
        return shown;
    if (const auto details = card.find("details"); details != card.end() && details->is_object()) {
        auto text = details->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        if (text.size() <= longest_details)
            shown.details = std::move(text);
    }
    if (const auto info = card.find("model_info"); info != card.end() && info->is_object()) {
        const auto name = info->find("general.architecture");
        if (name != info->end() && name->is_string())
            shown.architecture = name->get<std::string>();
    }
    if (const auto list = card.find("capabilities"); list != card.end() && list->is_array()) {
        for (const auto& each : *list)
            if (each.is_string() && shown.capabilities.size() < most_capabilities)
                shown.capabilities.push_back(each.get<std::string>());
    }
    return shown;
}

}  // namespace spillway::gateway
