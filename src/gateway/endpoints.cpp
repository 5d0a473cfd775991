#include "spillway/gateway/endpoints.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "ollama_places.hpp"
#include "spillway/base/text.hpp"

namespace spillway::gateway {
namespace {

using net::Method;

/// Families that clients also call without the /v1 prefix and that name a model in their body.
constexpr std::array<std::string_view, 9> known_families{"/responses", "/audio/",      "/images/",
                                                         "/rerank",    "/moderations", "/messages",
                                                         "/score",     "/pooling",     "/engines/"};

bool begins(std::string_view text, std::string_view prefix)
{
    return text.substr(0, prefix.size()) == prefix;
}

bool is_plain_path(std::string_view path)
{
    const auto decoded = percent_decoded(path);
    if (!decoded || decoded->find('\\') != std::string::npos ||
        decoded->find("//") != std::string::npos)
        return false;
    for (std::size_t begin = 0; begin < decoded->size();) {
        auto end = decoded->find('/', begin);
        end = end == std::string::npos ? decoded->size() : end;
        const auto segment = std::string_view{*decoded}.substr(begin, end - begin);
        if (segment == "." || segment == "..")
            return false;
        begin = end + 1;
    }
    // Control bytes can only come from escapes; the head parser refuses them raw.
    return std::none_of(decoded->begin(), decoded->end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

tl::unexpected<Error> no_such_path(const net::RequestHead& head)
{
    const auto* const where = is_ollama_path(head.path)
                                  ? ". Of Ollama's API this is not served here; /api/chat is."
                                  : ". The API is under /v1, e.g. /v1/chat/completions.";
    return fail(Errc::unknown_path, "Unknown path: " + printable(head.path) + where);
}

tl::unexpected<Error> wrong_method(std::string_view allowed)
{
    return fail(Errc::method_not_allowed,
                "This method is not allowed here; use " + std::string(allowed) + ".");
}

/// The endpoint of a suffix that only takes POST; nothing for others.
std::optional<chat::Endpoint> metered_endpoint(std::string_view suffix)
{
    if (suffix == "/chat/completions")
        return chat::Endpoint::chat;
    if (suffix == "/completions")
        return chat::Endpoint::completions;
    if (suffix == "/embeddings")
        return chat::Endpoint::embeddings;
    return std::nullopt;
}

bool is_models(std::string_view suffix)
{
    return suffix == "/models" || begins(suffix, "/models/");
}

bool is_further(std::string_view path, std::string_view suffix)
{
    return path.size() != suffix.size() ||
           std::any_of(known_families.begin(), known_families.end(),
                       [&](std::string_view family) { return begins(suffix, family); });
}

std::string_view suffix_of(std::string_view path)
{
    return begins(path, "/v1/") ? path.substr(3) : path;
}

Result<Destination> pass_through(const net::RequestHead& head, std::string_view suffix)
{
    if (suffix.size() < 2 || !is_plain_path(suffix))
        return no_such_path(head);
    if (head.method == Method::post)
        return Destination{Service::inference, chat::Endpoint::other, suffix, {}};
    if (head.method != Method::get)
        return wrong_method("GET or POST");
    const auto model = query_value(head.query, "model");
    if (model.empty())
        return no_such_path(head);
    return Destination{Service::inference, chat::Endpoint::other, suffix, model};
}

}  // namespace

std::string_view query_value(std::string_view query, std::string_view name) noexcept
{
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto pair = query.substr(0, end);
        const auto equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            return pair.substr(equals + 1);
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return {};
}

Result<Destination> find_destination(const net::RequestHead& head)
{
    if (head.method == Method::options)
        return Destination{Service::preflight, chat::Endpoint::other, head.path, {}};

    if (const auto* place = find_ollama_place(head.path)) {
        if (!takes(*place, head.method))
            return wrong_method(place->methods);
        return Destination{place->service, place->endpoint, place->suffix, {}, place->form};
    }
    const auto suffix = suffix_of(head.path);
    if (const auto endpoint = metered_endpoint(suffix)) {
        if (head.method != Method::post)
            return wrong_method("POST");
        return Destination{Service::inference, *endpoint, suffix, {}};
    }
    if (suffix == "/route/explain") {
        if (head.method != Method::post)
            return wrong_method("POST");
        return Destination{Service::explain, chat::Endpoint::chat, suffix, {}};
    }
    if (is_models(suffix)) {
        if (head.method != Method::get && head.method != Method::head)
            return wrong_method("GET");
        const auto service = suffix.size() > 8 ? Service::model_card : Service::model_list;
        return Destination{service, chat::Endpoint::other, suffix, {}};
    }
    if (is_further(head.path, suffix))
        return pass_through(head, suffix);
    return no_such_path(head);
}

std::string_view allowed_methods(std::string_view path)
{
    if (const auto* place = find_ollama_place(path))
        return place->methods;
    const auto suffix = suffix_of(path);
    if (metered_endpoint(suffix) || suffix == "/route/explain")
        return "POST, OPTIONS";
    return !is_models(suffix) && is_further(path, suffix) ? "GET, POST, OPTIONS"
                                                          : "GET, HEAD, OPTIONS";
}

}  // namespace spillway::gateway
