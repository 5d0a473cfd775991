#include "spillway/gateway/endpoints.hpp"

#include <algorithm>
#include <array>
#include <string>

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

std::string_view query_value(std::string_view query, std::string_view name)
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

tl::unexpected<Error> no_such_path(const net::RequestHead& head)
{
    return fail(Errc::unknown_path, "Unknown path: " + printable(head.path) +
                                        ". The API is under /v1, e.g. /v1/chat/completions.");
}

tl::unexpected<Error> wrong_method(std::string_view allowed)
{
    return fail(Errc::method_not_allowed,
                "This method is not allowed here; use " + std::string(allowed) + ".");
}

Result<Destination> post_only(Method method, chat::Endpoint endpoint, std::string_view suffix)
{
    if (method != Method::post)
        return wrong_method("POST");
    return Destination{Service::inference, endpoint, suffix, {}};
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

Result<Destination> find_destination(const net::RequestHead& head)
{
    if (head.method == Method::options)
        return Destination{Service::preflight, chat::Endpoint::other, head.path, {}};

    const bool prefixed = begins(head.path, "/v1/");
    const auto suffix = prefixed ? head.path.substr(3) : head.path;
    if (suffix == "/chat/completions")
        return post_only(head.method, chat::Endpoint::chat, suffix);
    if (suffix == "/completions")
        return post_only(head.method, chat::Endpoint::completions, suffix);
    if (suffix == "/embeddings")
        return post_only(head.method, chat::Endpoint::embeddings, suffix);
    if (suffix == "/models" || begins(suffix, "/models/")) {
        if (head.method != Method::get && head.method != Method::head)
            return wrong_method("GET");
        const auto service = suffix.size() > 8 ? Service::model_card : Service::model_list;
        return Destination{service, chat::Endpoint::other, suffix, {}};
    }
    const bool known = std::any_of(known_families.begin(), known_families.end(),
                                   [&](std::string_view family) { return begins(suffix, family); });
    if (prefixed || known)
        return pass_through(head, suffix);
    return no_such_path(head);
}

}  // namespace spillway::gateway
