#include "spillway/config/providers.hpp"

#include <algorithm>
#include <vector>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

/// Prefixes of LiteLLM whose services have no OpenAI-compatible endpoint behind a plain key.
constexpr std::string_view unspoken[] = {
    "bedrock",        "bedrock_converse", "vertex_ai",     "vertex_ai_beta", "sagemaker",
    "sagemaker_chat", "watsonx",          "replicate",     "huggingface",    "cloudflare",
    "databricks",     "snowflake",        "oci",           "palm",           "petals",
    "predibase",      "nlp_cloud",        "aleph_alpha",   "azure_text",     "triton",
    "oobabooga",      "auto_router",      "github_copilot"};

/// A model name split at its provider.
struct Split {
    const Provider* provider = nullptr;
    std::string_view model;
    std::string warning;
};

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> heads)
{
    return std::any_of(heads.begin(), heads.end(),
                       [name](auto head) { return name.starts_with(head); });
}

/// The provider that a name without prefix belongs to; null when nobody can tell.
const Provider* owner_of(std::string_view name)
{
    const bool reasoning = name.size() >= 2 && name[0] == 'o' && name[1] >= '1' && name[1] <= '9' &&
                           (name.size() == 2 || name[2] == '-');
    if (reasoning ||
        starts_with_any(name, {"gpt-", "chatgpt-", "ft:gpt-", "ft:o", "text-embedding-", "tts-",
                               "whisper-", "dall-e-", "omni-moderation", "text-moderation",
                               "davinci-", "babbage-", "codex-", "computer-use-"}))
        return find_provider("openai");
    if (name.starts_with("claude-"))
        return find_provider("anthropic");
    return name.starts_with("gemini-") ? find_provider("gemini") : nullptr;
}

std::string nearest_prefix(std::string_view prefix)
{
    std::vector<std::string_view> known;
    for (const auto& provider : providers())
        known.push_back(provider.prefix);
    if (const auto near = nearest(prefix, known))
        return "; did you mean \"" + std::string(*near) + "/\"?";
    return "; write the provider before it, like openai/ or ollama_chat/";
}

Result<Split> split_unknown(const Deployment& deployment, std::string_view prefix)
{
    const auto named = "\"" + printable(prefix, 80) + "\"";
    if (std::find(std::begin(unspoken), std::end(unspoken), prefix) != std::end(unspoken))
        return fail(Errc::bad_config,
                    "the provider " + named + " is not supported in this version");
    if (!deployment.api_base.empty())
        return Split{find_provider("custom_openai"), deployment.model,
                     named +
                         " is no provider; taken as part of the model's name at an "
                         "OpenAI-compatible api_base (write openai/ before it to say so)"};
    return fail(Errc::bad_config, named + " names no provider" + nearest_prefix(prefix));
}

Result<Split> split(const Deployment& deployment)
{
    const std::string_view model = deployment.model;
    const auto slash = model.find('/');
    const auto prefix =
        slash == std::string_view::npos ? std::string_view() : model.substr(0, slash);
    const auto rest = slash == std::string_view::npos ? model : model.substr(slash + 1);
    if (!deployment.provider.empty()) {
        const auto* provider = find_provider(deployment.provider);
        if (provider == nullptr)
            return split_unknown(deployment, deployment.provider);
        return Split{provider, prefix == deployment.provider ? rest : model, {}};
    }
    if (!prefix.empty()) {
        const auto* provider = find_provider(prefix);
        if (provider == nullptr)
            return split_unknown(deployment, prefix);
        return Split{provider, rest, {}};
    }
    if (const auto* owner = owner_of(model))
        return Split{owner, model, {}};
    if (model == "*")
        return fail(Errc::bad_config,
                    "\"*\" alone names no provider; write a provider before it, like openai/*");
    return split_unknown(deployment, model);
}

std::optional<std::string> from_environment(const Environment& environment, std::string_view name)
{
    if (name.empty())
        return std::nullopt;
    auto value = environment(std::string(name));
    return value && !value->empty() ? value : std::nullopt;
}

/// Where the base URL was found. Decides whether the environment's key belongs to it.
struct FoundBase {
    std::string_view url;
    enum class Source : std::uint8_t { row, environment, built_in } source;
};

std::optional<std::string> base_from_environment(const Provider& provider,
                                                 const Environment& environment)
{
    if (auto told = from_environment(environment, provider.base_env))
        return told;
    // OPENAI_BASE_URL and its like are meant for clients. One that points to this machine most
    // likely points to spillway, and following it would make a loop.
    auto told = from_environment(environment, provider.more_base_env);
    const auto base = told ? parse_base_url(*told) : fail(Errc::bad_config, "unset");
    return base && reach_of(base->host) == Reach::far ? told : std::nullopt;
}

/// Ollama's native routes are often written into `api_base`; the OpenAI ones stand beside them.
std::string_view without_native_route(std::string_view path)
{
    for (const std::string_view route : {"/api/chat", "/api/generate", "/api/embed", "/api"})
        if (path.ends_with(route))
            return path.substr(0, path.size() - route.size());
    return path;
}

Result<BaseUrl> complete_base(const Provider& provider, const FoundBase& found)
{
    auto base = parse_base_url(found.url);
    if (!base || !provider.appends_v1)
        return base;
    const bool ollama = provider.prefix.starts_with("ollama");
    base->path =
        with_suffix(ollama ? without_native_route(base->path) : base->path, provider.suffix);
    return base;
}

Place place_of(const Provider& provider, const BaseUrl& base)
{
    if (base.host == "ollama.com" || base.host.ends_with(".ollama.com"))
        return Place::cloud;
    if (provider.place == Place::local)
        return Place::local;
    return reach_of(base.host) == Reach::far ? Place::cloud : Place::local;
}

/// Gives the deployment the environment's key, when it is meant for that host.
void take_key(Resolved& resolved, FoundBase::Source source, const Environment& environment)
{
    auto found = key_from_environment(*resolved.provider, environment);
    if (!found)
        return;
    if (resolved.provider->place == Place::cloud && source == FoundBase::Source::row) {
        // A cloud's key has no business at an engine on the local network.
        if (resolved.place == Place::local)
            return;
        const auto own = parse_base_url(resolved.provider->base_url);
        if (own && own->host != resolved.base.host && resolved.warning.empty())
            resolved.warning = "the key of " + std::string(found->variable) + " will be sent to " +
                               resolved.base.host + "; set api_key to choose another";
    }
    resolved.api_key = std::move(found->key);
}

}  // namespace

std::optional<FoundKey> key_from_environment(const Provider& provider,
                                             const Environment& environment)
{
    std::vector<std::string_view> variables{provider.key_env};
    variables.insert(variables.end(), provider.more_key_env.begin(), provider.more_key_env.end());
    for (const auto variable : variables) {
        auto value = from_environment(environment, variable);
        if (!value)
            continue;
        // `export KEY=$(cat file)` and secret mounts leave blanks behind; a header cannot hold
        // them.
        value->erase(value->find_last_not_of(" \t\r\n") + 1);
        if (!value->empty() && value->find_first_of(std::string("\r\n\0", 3)) == std::string::npos)
            return FoundKey{variable, Secret(*std::move(value))};
    }
    return std::nullopt;
}

Result<Resolved> resolve(const Deployment& deployment, const Environment& environment)
{
    auto parts = split(deployment);
    if (!parts)
        return fail(std::move(parts).error());
    if (parts->model.empty())
        return fail(Errc::bad_config, "the model has no name after its provider");
    const auto& provider = *parts->provider;

    FoundBase found{deployment.api_base, FoundBase::Source::row};
    std::optional<std::string> told;
    if (found.url.empty()) {
        told = base_from_environment(provider, environment);
        found = told ? FoundBase{*told, FoundBase::Source::environment}
                     : FoundBase{provider.base_url, FoundBase::Source::built_in};
    }
    if (found.url.empty())
        return fail(Errc::bad_config,
                    "the provider \"" + std::string(provider.prefix) + "\" needs an api_base");
    auto base = complete_base(provider, found);
    if (!base)
        return fail(std::move(base).error());

    Resolved resolved;
    resolved.provider = &provider;
    resolved.upstream_model = parts->model;
    resolved.base = *std::move(base);
    resolved.warning = std::move(parts->warning);
    resolved.place = place_of(provider, resolved.base);
    if (deployment.api_key && !deployment.api_key->empty())
        resolved.api_key = deployment.api_key;
    else
        take_key(resolved, found.source, environment);
    return resolved;
}

}  // namespace spillway::config
