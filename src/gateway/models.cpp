#include "spillway/gateway/models.hpp"

#include "spillway/base/text.hpp"
#include "spillway/gateway/key_access.hpp"

namespace spillway::gateway {
namespace {

/// OpenAI's schema wants a creation time; deployments have none. LiteLLM's constant, so that
/// clients that compare see no change.
constexpr std::string_view created = "1677610602";
constexpr std::size_t names_in_error = 20;

std::string card(std::string_view name)
{
    return R"({"id":)" + json_quoted(name) + R"(,"object":"model","created":)" +
           std::string(created) + R"(,"owned_by":"spillway"})";
}

}  // namespace

std::vector<std::string> listed_models(const Snapshot& snapshot, const chat::Caller& caller)
{
    // Routes first: they are what an operator who has some wants to be asked for.
    std::vector<std::string> names;
    for (const auto& route : snapshot.rules.book.routes())
        names.push_back(route.source().name);
    const auto& models = snapshot.table.listed();
    names.insert(names.end(), models.begin(), models.end());
    // The table lists the aliases that lead to its groups; the others are aliases of routes.
    for (const auto& [name, alias] : snapshot.config.router.aliases)
        if (!alias.hidden && snapshot.rules.book.find(name) != nullptr &&
            !snapshot.table.resolve(name))
            names.push_back(name);
    std::erase_if(names, [&](const auto& name) { return !may_ask_for(caller, name, snapshot); });
    return names;
}

std::string model_list(const Snapshot& snapshot, const chat::Caller& caller)
{
    std::string body = R"({"object":"list","data":[)";
    for (const auto& name : listed_models(snapshot, caller)) {
        if (body.back() == '}')
            body += ',';
        body += card(name);
    }
    return body + "]}";
}

Result<std::string> model_card(const Snapshot& snapshot, const chat::Caller& caller,
                               std::string_view encoded)
{
    const auto name = percent_decoded(encoded);
    if (!name)
        return fail(Errc::unknown_model, "The model name is not validly percent-encoded.");
    const bool known = snapshot.table.resolve(*name) || snapshot.rules.book.find(*name) != nullptr;
    if (!known || !may_ask_for(caller, *name, snapshot))
        return fail(unknown_model(snapshot, caller, *name));
    return card(*name);
}

Error unknown_model(const Snapshot& snapshot, const chat::Caller& caller, std::string_view asked)
{
    std::string message = "The model `" + printable(asked, 100) + "` does not exist.";
    const auto names = listed_models(snapshot, caller);
    if (names.empty()) {
        message += " No models are configured; see `spillway check --config FILE`.";
    } else {
        message += " Available models: ";
        for (std::size_t i = 0; i < names.size() && i < names_in_error; ++i)
            message += (i == 0 ? "" : ", ") + names[i];
        if (names.size() > names_in_error)
            message += ", and " + std::to_string(names.size() - names_in_error) + " more";
        message += ".";
    }
    return Error{Errc::unknown_model, std::move(message)}.about("model");
}

}  // namespace spillway::gateway
