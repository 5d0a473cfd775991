#include <algorithm>

#include "spillway/config/providers.hpp"

/// Names, addresses and variables as LiteLLM has them, so that a file and an environment written
/// for it mean the same here.
namespace spillway::config {

namespace {

constexpr Quirks none{};
// Reads `max_tokens` and passes over `max_completion_tokens`, which would leave output unbounded.
constexpr Quirks max_tokens_only{.rename_max_completion_tokens = true};
// Refuses fields it does not know; sends usage in the last event without being asked.
constexpr Quirks mistral{.rename_max_completion_tokens = true, .no_stream_options = true};
// Inputs of one call for embeddings: OpenAI's and Azure's reference; Gemini's answer to more is "at
// most 100 requests can be in one batch"; Cohere's and Alibaba's references.
constexpr Quirks openai{.embedding_batch = 2048};
constexpr Quirks gemini{.embedding_batch = 100};
constexpr Quirks cohere{.embedding_batch = 96};
constexpr Quirks dashscope{.embedding_batch = 10};
constexpr Quirks claude{.drop_sampling_for_new_claude = true};

constexpr Provider table[] = {
    {"openai",
     "openai",
     "https://api.openai.com/v1",
     "OPENAI_API_KEY",
     "OPENAI_API_BASE",
     Place::cloud,
     openai,
     false,
     "/v1",
     {},
     "OPENAI_BASE_URL"},
    {"text-completion-openai",
     "text-completion-openai",
     "https://api.openai.com/v1",
     "OPENAI_API_KEY",
     "OPENAI_API_BASE",
     Place::cloud,
     none,
     false,
     "/v1",
     {},
     "OPENAI_BASE_URL"},
    {"custom_openai", "custom_openai", "", "", ""},
    {"openai_like", "openai_like", "", "OPENAI_LIKE_API_KEY", "OPENAI_LIKE_API_BASE"},
    {"litellm_proxy", "litellm_proxy", "", "LITELLM_PROXY_API_KEY", "LITELLM_PROXY_API_BASE"},
    {"azure",
     "azure",
     "",
     "AZURE_API_KEY",
     "AZURE_API_BASE",
     Place::cloud,
     openai,
     true,
     "/openai/v1",
     {"AZURE_OPENAI_API_KEY"}},
    {"azure_ai", "azure_ai", "", "AZURE_AI_API_KEY", "AZURE_AI_API_BASE"},

    // engines
    {"ollama", "ollama", "http://localhost:11434/v1", "OLLAMA_API_KEY", "OLLAMA_API_BASE",
     Place::local, max_tokens_only, true},
    {"ollama_chat", "ollama_chat", "http://localhost:11434/v1", "OLLAMA_API_KEY", "OLLAMA_API_BASE",
     Place::local, max_tokens_only, true},
    {"hosted_vllm", "hosted_vllm", "http://localhost:8000/v1", "HOSTED_VLLM_API_KEY",
     "HOSTED_VLLM_API_BASE", Place::local, none, true},
    {"vllm", "hosted_vllm", "http://localhost:8000/v1", "HOSTED_VLLM_API_KEY",
     "HOSTED_VLLM_API_BASE", Place::local, none, true},
    {"lm_studio", "lm_studio", "http://localhost:1234/v1", "LM_STUDIO_API_KEY",
     "LM_STUDIO_API_BASE", Place::local, max_tokens_only, true},
    {"llamafile", "llamafile", "http://localhost:8080/v1", "LLAMAFILE_API_KEY",
     "LLAMAFILE_API_BASE", Place::local, max_tokens_only, true},
    {"llama_cpp", "llama_cpp", "http://localhost:8080/v1", "LLAMA_CPP_API_KEY",
     "LLAMA_CPP_API_BASE", Place::local, max_tokens_only, true},
    {"xinference", "xinference", "http://localhost:9997/v1", "XINFERENCE_API_KEY",
     "XINFERENCE_API_BASE", Place::local, none, true},

    // clouds
    {"anthropic",
     "anthropic",
     "https://api.anthropic.com/v1",
     "ANTHROPIC_API_KEY",
     "ANTHROPIC_API_BASE",
     Place::cloud,
     claude,
     true,
     "/v1",
     {},
     "ANTHROPIC_BASE_URL"},
    {"gemini",
     "gemini",
     "https://generativelanguage.googleapis.com/v1beta/openai",
     "GEMINI_API_KEY",
     "GEMINI_API_BASE",
     Place::cloud,
     gemini,
     false,
     "",
     {"GOOGLE_API_KEY"}},
    {"groq", "groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "GROQ_API_BASE"},
    {"mistral", "mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY", "MISTRAL_API_BASE",
     Place::cloud, mistral},
    {"codestral", "codestral", "https://codestral.mistral.ai/v1", "CODESTRAL_API_KEY",
     "CODESTRAL_API_BASE", Place::cloud, mistral},
    {"deepseek", "deepseek", "https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "DEEPSEEK_API_BASE",
     Place::cloud, max_tokens_only},
    {"openrouter",
     "openrouter",
     "https://openrouter.ai/api/v1",
     "OPENROUTER_API_KEY",
     "OPENROUTER_API_BASE",
     Place::cloud,
     none,
     false,
     "/v1",
     {"OR_API_KEY"}},
    {"xai", "xai", "https://api.x.ai/v1", "XAI_API_KEY", "XAI_API_BASE"},
    {"together_ai",
     "together_ai",
     "https://api.together.xyz/v1",
     "TOGETHERAI_API_KEY",
     "TOGETHERAI_API_BASE",
     Place::cloud,
     max_tokens_only,
     false,
     "/v1",
     {"TOGETHER_API_KEY", "TOGETHER_AI_API_KEY"}},
    {"fireworks_ai",
     "fireworks_ai",
     "https://api.fireworks.ai/inference/v1",
     "FIREWORKS_AI_API_KEY",
     "FIREWORKS_API_BASE",
     Place::cloud,
     none,
     false,
     "/v1",
     {"FIREWORKS_API_KEY", "FIREWORKSAI_API_KEY"}},
    {"perplexity",
     "perplexity",
     "https://api.perplexity.ai",
     "PERPLEXITYAI_API_KEY",
     "PERPLEXITY_API_BASE",
     Place::cloud,
     max_tokens_only,
     false,
     "",
     {"PERPLEXITY_API_KEY"}},
    {"moonshot", "moonshot", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY", "MOONSHOT_API_BASE",
     Place::cloud, max_tokens_only},
    {"cerebras", "cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "CEREBRAS_API_BASE"},
    {"nvidia_nim", "nvidia_nim", "https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY",
     "NVIDIA_NIM_API_BASE", Place::cloud, max_tokens_only},
    {"sambanova", "sambanova", "https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY",
     "SAMBANOVA_API_BASE", Place::cloud, max_tokens_only},
    {"deepinfra", "deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY",
     "DEEPINFRA_API_BASE", Place::cloud, max_tokens_only},
    {"hyperbolic", "hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY",
     "HYPERBOLIC_API_BASE"},
    {"nebius", "nebius", "https://api.studio.nebius.ai/v1", "NEBIUS_API_KEY", "NEBIUS_API_BASE"},
    {"novita", "novita", "https://api.novita.ai/v3/openai", "NOVITA_API_KEY", "NOVITA_API_BASE"},
    {"zai", "zai", "https://api.z.ai/api/paas/v4", "ZAI_API_KEY", "ZAI_API_BASE"},
    {"minimax", "minimax", "https://api.minimax.io/v1", "MINIMAX_API_KEY", "MINIMAX_API_BASE"},
    {"dashscope", "dashscope", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
     "DASHSCOPE_API_KEY", "DASHSCOPE_API_BASE", Place::cloud, dashscope},
    {"volcengine",
     "volcengine",
     "https://ark.cn-beijing.volces.com/api/v3",
     "VOLCENGINE_API_KEY",
     "VOLCENGINE_API_BASE",
     Place::cloud,
     none,
     false,
     "",
     {"ARK_API_KEY"}},
    {"cohere",
     "cohere",
     "https://api.cohere.ai/compatibility/v1",
     "COHERE_API_KEY",
     "COHERE_API_BASE",
     Place::cloud,
     cohere,
     false,
     "/v1",
     {"CO_API_KEY"}},
    {"cohere_chat",
     "cohere_chat",
     "https://api.cohere.ai/compatibility/v1",
     "COHERE_API_KEY",
     "COHERE_API_BASE",
     Place::cloud,
     none,
     false,
     "/v1",
     {"CO_API_KEY"}},
    {"vercel_ai_gateway", "vercel_ai_gateway", "https://ai-gateway.vercel.sh/v1",
     "VERCEL_AI_GATEWAY_API_KEY", "VERCEL_AI_GATEWAY_API_BASE"},
};

}  // namespace

std::span<const Provider> providers() noexcept
{
    return table;
}

const Provider* find_provider(std::string_view prefix) noexcept
{
    const auto* found = std::find_if(std::begin(table), std::end(table),
                                     [prefix](const auto& row) { return row.prefix == prefix; });
    return found == std::end(table) ? nullptr : found;
}

}  // namespace spillway::config
