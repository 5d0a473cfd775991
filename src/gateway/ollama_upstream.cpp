#include "spillway/gateway/ollama_upstream.hpp"

namespace spillway::gateway {
namespace {

/// Names of models come from clients where a row has a wildcard.
constexpr std::size_t most_models = 4'096;

}  // namespace

std::string tagged(std::string_view model)
{
    const auto slash = model.rfind('/');
    const auto colon = model.find(':', slash == std::string_view::npos ? 0 : slash);
    return std::string(model) + (colon == std::string_view::npos ? ":latest" : "");
}

/// Null when there are too many already.
ChosenWindows::Model* ChosenWindows::find(std::string_view model)
{
    const auto name = tagged(model);
    const auto known = models_.find(name);
    if (known != models_.end())
        return &known->second;
    return models_.size() < most_models ? &models_[name] : nullptr;
}

std::optional<Tokens> ChosenWindows::settle(std::string_view model,
                                            const dialect::WindowFacts& facts)
{
    const std::scoped_lock lock(mutex_);
    auto* const known = find(model);
    if (known == nullptr)
        return dialect::choose_window(facts);
    auto now = facts;
    now.trained = known->most;
    if (known->window && known->configured == facts.configured)
        now.allocated = known->window;
    known->configured = facts.configured;
    known->window = dialect::choose_window(now);
    return known->window;
}

bool ChosenWindows::wants_maximum(std::string_view model, std::optional<bool> loaded)
{
    const std::scoped_lock lock(mutex_);
    const auto* const known = find(model);
    return known != nullptr && !known->most && (!known->asked || loaded == true);
}

void ChosenWindows::learned_maximum(std::string_view model, std::optional<Tokens> most)
{
    const std::scoped_lock lock(mutex_);
    auto* const known = find(model);
    if (known == nullptr)
        return;
    known->asked = true;
    known->most = most;
}

void ChosenWindows::learned_card(std::string_view model, ShownModel card)
{
    const std::scoped_lock lock(mutex_);
    if (auto* const known = find(model); known != nullptr)
        known->card = std::make_shared<const ShownModel>(std::move(card));
}

std::shared_ptr<const ShownModel> ChosenWindows::card(std::string_view model) const
{
    const std::scoped_lock lock(mutex_);
    const auto known = models_.find(tagged(model));
    return known == models_.end() ? nullptr : known->second.card;
}

std::optional<OllamaUpstream> ollama_upstream(const config::Deployment& deployment,
                                              std::string_view provider, std::string_view base_path,
                                              const dialect::WireRules& rules)
{
    if (provider != "ollama" && provider != "ollama_chat")
        return std::nullopt;
    constexpr std::string_view openai = "/v1";
    OllamaUpstream upstream;
    if (base_path.ends_with(openai))
        base_path.remove_suffix(openai.size());
    upstream.base_path = base_path;
    upstream.rules = rules;
    upstream.rules.speaks_ollama = true;
    upstream.defaults.members = std::move(upstream.rules.defaults);
    upstream.rules.defaults.clear();
    if (deployment.client_num_ctx == true)
        upstream.defaults.window = dialect::WindowChoice::clients;
    if (deployment.client_keep_alive == true)
        upstream.defaults.keep_alive = dialect::KeepAliveChoice::clients;
    upstream.window = dialect::configured_window(upstream.defaults.members);
    // The longest prompt that the row promises must have room.
    if (!upstream.window)
        upstream.window = deployment.max_input_tokens;
    return upstream;
}

}  // namespace spillway::gateway
