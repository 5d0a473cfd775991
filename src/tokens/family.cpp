#include "spillway/tokens/family.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "spillway/base/text.hpp"

namespace spillway::tokens {
namespace {

struct NamePart {
    std::string_view part;
    Family family;
};

/// Beginnings of model names, first match wins.
constexpr std::array beginnings{
    NamePart{"gpt-4o", Family::o200k},
    NamePart{"gpt-4.1", Family::o200k},
    NamePart{"gpt-4.5", Family::o200k},
    NamePart{"chatgpt-4o", Family::o200k},
    NamePart{"gpt-5", Family::o200k},
    NamePart{"gpt-6", Family::o200k},
    NamePart{"gpt-oss", Family::o200k},
    NamePart{"codex", Family::o200k},
    NamePart{"computer-use", Family::o200k},
    NamePart{"gpt-4", Family::cl100k},
    NamePart{"gpt-3.5", Family::cl100k},
    NamePart{"gpt-35", Family::cl100k},
    NamePart{"text-embedding-3", Family::cl100k},
    NamePart{"text-embedding-ada-002", Family::cl100k},
};

/// Words anywhere in the name: fine-tunes and distillations keep the tokenizer of their base.
constexpr std::array words{
    NamePart{"qwen", Family::qwen},
    NamePart{"qwq", Family::qwen},
    NamePart{"llama-3", Family::llama3},
    NamePart{"llama3", Family::llama3},
    NamePart{"llama-4", Family::llama3},
    NamePart{"llama4", Family::llama3},
    NamePart{"distill-llama", Family::llama3},
    NamePart{"gemini", Family::gemini},
    NamePart{"gemma", Family::gemini},
    NamePart{"claude", Family::claude},
    NamePart{"gpt-oss", Family::o200k},
    NamePart{"mistral", Family::mistral},
    NamePart{"mixtral", Family::mistral},
    NamePart{"ministral", Family::mistral},
    NamePart{"codestral", Family::mistral},
    NamePart{"devstral", Family::mistral},
    NamePart{"magistral", Family::mistral},
    NamePart{"pixtral", Family::mistral},
    NamePart{"llama-2", Family::mistral},
    NamePart{"llama2", Family::mistral},
    NamePart{"codellama", Family::mistral},
};

/// "o1", "o3-mini", "o4-mini-2025-04-16": a letter, a digit, and nothing or a dash.
bool is_reasoning_series(std::string_view name)
{
    return name.size() >= 2 && name[0] == 'o' && name[1] >= '1' && name[1] <= '9' &&
           (name.size() == 2 || name[2] == '-');
}

/// What a template costs: marks around every message, and what opens the prompt and the answer.
struct Template {
    std::int64_t per_message;
    std::int64_t per_request;
};

/// OpenAI publishes 3 + 1 (the role) and 3; llama3 and qwen are read off their templates (five
/// marks a message; the answer's header). The rest is what similar templates need.
constexpr std::array<Template, family_count> templates{
    {{4, 3}, {4, 3}, {5, 5}, {5, 3}, {4, 4}, {5, 6}, {4, 2}, {5, 5}}};

constexpr std::array<std::string_view, family_count> names{
    "o200k", "cl100k", "llama3", "qwen", "gemini", "claude", "mistral", "generic"};

}  // namespace

Family family_of(std::string_view model)
{
    model = model.substr(model.find_last_of('/') + 1);
    const std::string name = lower(model);
    // Bedrock and fine-tunes put words before: "ft:gpt-4o-mini:org::id", "us.anthropic.claude-...".
    std::string_view bare = name;
    if (bare.starts_with("ft:"))
        bare.remove_prefix(3);
    if (is_reasoning_series(bare))
        return Family::o200k;
    for (const auto& [part, family] : beginnings)
        if (bare.starts_with(part))
            return family;
    for (const auto& [part, family] : words)
        if (bare.find(part) != std::string_view::npos)
            return family;
    return Family::generic;
}

std::string_view name_of(Family family)
{
    return names[static_cast<std::size_t>(family)];
}

Grounds grounds_of(Family family)
{
    return family <= Family::qwen ? Grounds::measured : Grounds::derived;
}

Tokens template_tokens(Family family, std::size_t messages)
{
    const Template& marks = templates[static_cast<std::size_t>(family)];
    return Tokens{marks.per_request + marks.per_message * static_cast<std::int64_t>(messages)};
}

}  // namespace spillway::tokens
