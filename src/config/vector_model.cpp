#include "spillway/config/vector_model.hpp"

#include "spillway/base/text.hpp"

namespace spillway::config {

std::string plain_model(std::string_view name)
{
    // "huggingface/nomic-ai/nomic-embed-text-v1.5": who serves it and who made it.
    if (const auto slash = name.rfind('/'); slash != std::string_view::npos)
        name.remove_prefix(slash + 1);
    constexpr std::string_view usual_tag = ":latest";
    if (name.ends_with(usual_tag))
        name.remove_suffix(usual_tag.size());
    return lower(name);
}

std::string vector_model(const Deployment& row)
{
    if (!row.embeddings.vectors.empty())
        return row.embeddings.vectors;
    return plain_model(row.base_model.empty() ? row.model : row.base_model);
}

}  // namespace spillway::config
