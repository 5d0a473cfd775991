#include "models.hpp"

#include <algorithm>

#include "json.hpp"

namespace spillway::admin {

namespace {

const char* word_for(config::Mode mode)
{
    switch (mode) {
        case config::Mode::chat:
        case config::Mode::unset:
            return "chat";
        case config::Mode::completion:
            return "completion";
        case config::Mode::embedding:
            return "embedding";
        case config::Mode::other:
            return nullptr;
    }
    return nullptr;
}

Json mode_of(config::Mode mode)
{
    const char* word = word_for(mode);
    return word == nullptr ? Json(nullptr) : Json(word);
}

/// Dollars per token, as LiteLLM writes them; null when the price is not known.
Json dollars(const std::optional<PicoUsdPerToken>& price)
{
    return price ? Json(static_cast<double>(count(*price)) / 1e12) : Json(nullptr);
}

Json number(const std::optional<Tokens>& tokens)
{
    return tokens ? Json(count(*tokens)) : Json(nullptr);
}

Json parameters(const Deployment& deployment)
{
    Json out{{"model", deployment.model},
             {"api_base", deployment.api_base},
             {"custom_llm_provider", deployment.provider}};
    if (deployment.rpm)
        out["rpm"] = *deployment.rpm;
    if (deployment.tpm)
        out["tpm"] = *deployment.tpm;
    return out;
}

Json facts(const Deployment& deployment)
{
    return Json{{"id", deployment.id},
                {"db_model", false},
                {"mode", mode_of(deployment.mode)},
                {"litellm_provider", deployment.provider},
                {"max_tokens", number(deployment.max_output_tokens)},
                {"max_input_tokens", number(deployment.max_input_tokens)},
                {"max_output_tokens", number(deployment.max_output_tokens)},
                {"input_cost_per_token", dollars(deployment.prices.input)},
                {"output_cost_per_token", dollars(deployment.prices.output)},
                {"cache_read_input_token_cost", dollars(deployment.prices.cache_read)},
                {"cache_creation_input_token_cost", dollars(deployment.prices.cache_write)}};
}

/// What one group offers: the widest window and the highest price among its deployments, so that
/// nobody plans on less than it may cost.
struct Group {
    std::string name;
    std::vector<std::string> providers;
    config::Mode mode = config::Mode::chat;
    config::Prices prices;
    std::optional<Tokens> max_input;
    std::optional<Tokens> max_output;
    std::optional<std::int64_t> rpm;
    std::optional<std::int64_t> tpm;
};

template <class T>
void widen(std::optional<T>& widest, const std::optional<T>& other)
{
    if (other && (!widest || *widest < *other))
        widest = other;
}

void add_up(std::optional<std::int64_t>& sum, const std::optional<std::int64_t>& other)
{
    if (other)
        sum = sum.value_or(0) + *other;
}

std::vector<Group> groups_of(const View& view)
{
    std::vector<Group> groups;
    for (const auto& deployment : view.deployments) {
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& known) {
            return known.name == deployment.group;
        });
        if (group == groups.end()) {
            group = groups.emplace(groups.end());
            group->name = deployment.group;
            group->mode = deployment.mode;
        }
        auto& providers = group->providers;
        if (std::find(providers.begin(), providers.end(), deployment.provider) == providers.end())
            providers.push_back(deployment.provider);
        widen(group->prices.input, deployment.prices.input);
        widen(group->prices.output, deployment.prices.output);
        widen(group->max_input, deployment.max_input_tokens);
        widen(group->max_output, deployment.max_output_tokens);
        add_up(group->rpm, deployment.rpm);
        add_up(group->tpm, deployment.tpm);
    }
    return groups;
}

Json group_json(const Group& group)
{
    return Json{{"model_group", group.name},
                {"providers", group.providers},
                {"max_input_tokens", number(group.max_input)},
                {"max_output_tokens", number(group.max_output)},
                {"input_cost_per_token", dollars(group.prices.input)},
                {"output_cost_per_token", dollars(group.prices.output)},
                {"mode", mode_of(group.mode)},
                {"tpm", group.tpm ? Json(*group.tpm) : Json(nullptr)},
                {"rpm", group.rpm ? Json(*group.rpm) : Json(nullptr)}};
}

Reply list(Json rows)
{
    Reply reply;
    reply.body = text_of(Json{{"data", std::move(rows)}});
    return reply;
}

}  // namespace

Reply model_page(const View& view, std::string_view id)
{
    Json rows = Json::array();
    for (const auto& deployment : view.deployments) {
        if (!id.empty() && deployment.id != id)
            continue;
        rows.push_back(Json{{"model_name", deployment.group},
                            {"litellm_params", parameters(deployment)},
                            {"model_info", facts(deployment)}});
    }
    return list(std::move(rows));
}

Reply model_group_page(const View& view, std::string_view group)
{
    Json rows = Json::array();
    for (const auto& one : groups_of(view)) {
        if (group.empty() || one.name == group)
            rows.push_back(group_json(one));
    }
    return list(std::move(rows));
}

}  // namespace spillway::admin
