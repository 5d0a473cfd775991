#include "ollama_places.hpp"

#include <algorithm>
#include <array>

namespace spillway::gateway {
namespace {

using chat::ClientForm;
using chat::Endpoint;

constexpr std::string_view reading = "GET, HEAD, OPTIONS";
constexpr std::string_view posting = "POST, OPTIONS";
constexpr std::string_view deleting = "DELETE, OPTIONS";
constexpr std::string_view storing = "HEAD, POST, OPTIONS";

constexpr std::array places{
    OllamaPlace{"/", reading, Service::ollama_hello},
    OllamaPlace{"/api/version", reading, Service::ollama_version},
    OllamaPlace{"/api/tags", reading, Service::ollama_models, Endpoint::other, ClientForm::openai,
                "/models"},
    OllamaPlace{"/api/ps", reading, Service::ollama_running, Endpoint::other, ClientForm::openai,
                "/models"},
    OllamaPlace{"/api/show", posting, Service::ollama_card, Endpoint::other, ClientForm::openai,
                "/models"},
    OllamaPlace{"/api/chat", posting, Service::inference, Endpoint::chat, ClientForm::ollama_chat,
                "/chat/completions"},
    OllamaPlace{"/api/generate", posting, Service::inference, Endpoint::chat,
                ClientForm::ollama_generate, "/chat/completions"},
    OllamaPlace{"/api/embed", posting, Service::inference, Endpoint::embeddings,
                ClientForm::ollama_embed, "/embeddings"},
    OllamaPlace{"/api/embeddings", posting, Service::inference, Endpoint::embeddings,
                ClientForm::ollama_embeddings, "/embeddings"},
    OllamaPlace{"/api/pull", posting, Service::ollama_engine},
    OllamaPlace{"/api/push", posting, Service::ollama_engine},
    OllamaPlace{"/api/create", posting, Service::ollama_engine},
    OllamaPlace{"/api/copy", posting, Service::ollama_engine},
    OllamaPlace{"/api/delete", deleting, Service::ollama_engine},
};

/// Files of models, by their digest.
constexpr OllamaPlace blobs{"/api/blobs/", storing, Service::ollama_engine};

/// "sha256:" and 64 digits; older clients write a hyphen.
bool is_digest(std::string_view text)
{
    constexpr std::string_view kind = "sha256";
    constexpr std::size_t digits = 64;
    if (!text.starts_with(kind) || text.size() != kind.size() + 1 + digits)
        return false;
    const char between = text[kind.size()];
    text.remove_prefix(kind.size() + 1);
    return (between == ':' || between == '-') && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace

const OllamaPlace* find_ollama_place(std::string_view path) noexcept
{
    if (path.size() > 1 && !is_ollama_path(path))
        return nullptr;
    if (path.starts_with(blobs.path))
        return is_digest(path.substr(blobs.path.size())) ? &blobs : nullptr;
    const auto* const place =
        std::find_if(places.begin(), places.end(),
                     [path](const OllamaPlace& each) { return each.path == path; });
    return place == places.end() ? nullptr : place;
}

bool takes(const OllamaPlace& place, net::Method method) noexcept
{
    if (place.methods == reading)
        return method == net::Method::get || method == net::Method::head;
    if (place.methods == storing)
        return method == net::Method::head || method == net::Method::post;
    return method == (place.methods == posting ? net::Method::post : net::Method::delete_);
}

bool is_ollama_path(std::string_view path) noexcept
{
    return path.starts_with("/api/");
}

}  // namespace spillway::gateway
