#include "spillway/config/rate_limits.hpp"

#include <algorithm>
#include <array>

#include "spillway/config/config.hpp"
#include "spillway/config/fields_sections.hpp"
#include "spillway/config/section.hpp"

namespace spillway::config {

namespace {

constexpr std::array<std::pair<std::string_view, TokenRateType>, 3> token_rate_types{{
    {"total", TokenRateType::total},
    {"input", TokenRateType::input},
    {"output", TokenRateType::output},
}};

}  // namespace

bool enforces_tpm(const Router& router)
{
    const auto& checks = router.optional_pre_call_checks;
    return router.strategy == Strategy::usage_based ||
           std::find(checks.begin(), checks.end(), "enforce_model_rate_limits") != checks.end();
}

bool enforces_rpm(const Router& router)
{
    return enforces_tpm(router) || router.pre_call_checks;
}

std::span<const std::pair<std::string_view, TokenRateType>> words_of(TokenRateType)
{
    return token_rate_types;
}

bool read(const Node& node, std::map<std::string, ModelRates>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map from a model's name to its limits");
    for (const auto& entry : node.entries) {
        const auto path = reading.path + ".*";
        if (!is_section(&entry.value, path, reading.findings))
            continue;
        ModelRates rates;
        SectionLoader load(entry.value, path, reading.findings);
        model_rates_fields(load, rates);
        load.refuse_rest(Unknown::error);
        out.insert_or_assign(entry.key, rates);
    }
    return true;
}

std::string type_name(const std::map<std::string, ModelRates>&, const Traits&)
{
    return "map of model to limits";
}

}  // namespace spillway::config
