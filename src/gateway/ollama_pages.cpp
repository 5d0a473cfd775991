#include "spillway/gateway/ollama_pages.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "spillway/base/secret.hpp"
#include "spillway/base/text.hpp"
#include "spillway/gateway/key_access.hpp"
#include "spillway/gateway/models.hpp"

namespace spillway::gateway {
namespace {

using Json = nlohmann::json;

constexpr std::string_view newest = ":latest";
/// Models here have no file that was changed; the constant of GET /v1/models.
constexpr std::string_view changed = "2023-02-28T18:56:42Z";
/// The architecture of models of which no engine told another.
constexpr std::string_view family = "spillway";

/// What is known of the places that a name leads to, taken together.
struct Card {
    bool chats = false;
    bool completes = false;
    bool embeds = false;
    bool sees = false;
    bool calls_tools = false;
    bool thinks = false;
    bool inserts = false;
    bool loaded = false;
    std::optional<Tokens> window;  ///< The widest.
    std::uint64_t memory = 0;
    std::uint64_t memory_fast = 0;
    std::shared_ptr<const ShownModel> shown;  ///< Of the first engine that told; may be null.
};

/// Groups that a name leads to; a route's, those of all its rules.
std::vector<std::string> groups_behind(const Snapshot& snapshot, const std::string& name)
{
    const auto* const route = snapshot.rules.book.find(name);
    if (route == nullptr)
        return {name};
    auto names = route->source().otherwise.use;
    for (const auto& rule : route->source().rules)
        names.insert(names.end(), rule.action.use.begin(), rule.action.use.end());
    return names;
}

void add_engine(Card& card, const guard::Health& health)
{
    const auto widen = [&card](std::optional<Tokens> window) {
        if (window && (!card.window || *card.window < *window))
            card.window = window;
    };
    widen(health.state.window);
    if (!health.report)
        return;
    const auto& facts = health.report->facts;
    widen(facts.window);
    card.loaded = card.loaded || facts.loaded.value_or(false);
    card.memory = std::max(card.memory, facts.memory.value_or(0));
    card.memory_fast = std::max(card.memory_fast, facts.memory_fast.value_or(0));
}

void add_place(Card& card, const Snapshot& snapshot, DeploymentIndex index, TimePoint now)
{
    const auto& deployment = snapshot.table[index];
    switch (deployment.mode) {
        case config::Mode::chat:
        case config::Mode::unset:
            card.chats = true;
            break;
        case config::Mode::completion:
            card.completes = true;
            break;
        case config::Mode::embedding:
            card.embeds = true;
            break;
        case config::Mode::other:
            break;
    }
    const auto& upstream = snapshot.upstreams[at(index)];
    const auto shown = upstream.ollama && upstream.model.find('*') == std::string::npos
                           ? upstream.ollama->windows->card(upstream.model)
                           : nullptr;
    const bool told = shown && shown->tells_capabilities();
    card.sees = card.sees || deployment.supports_vision.value_or(told && shown->can("vision"));
    // Not known is no reason to keep tools from it: routing thinks so as well.
    card.calls_tools =
        card.calls_tools ||
        ((deployment.mode == config::Mode::chat || deployment.mode == config::Mode::unset) &&
         deployment.supports_tools.value_or(!told || shown->can("tools")));
    card.thinks = card.thinks || (told && shown->can("thinking"));
    card.inserts = card.inserts || (told && shown->can("insert"));
    if (!card.shown)
        card.shown = shown;
    const auto before = card.window;
    add_engine(card, snapshot.fleet->health(index, now));
    const auto& most = deployment.max_input_tokens;
    if (card.window == before && most && (!card.window || *card.window < *most))
        card.window = most;
}

Card card_of(const Snapshot& snapshot, const std::string& name, TimePoint now)
{
    Card card;
    for (const auto& group : groups_behind(snapshot, name)) {
        const auto place = snapshot.table.resolve(group);
        if (!place)
            continue;
        for (const auto member : snapshot.table[place->group].members) {
            if (!place->pinned || *place->pinned == member)
                add_place(card, snapshot, member, now);
        }
    }
    return card;
}

/// Ollama's names have a tag.
std::string with_tag(const std::string& name)
{
    return name.find(':') == std::string::npos ? name + std::string(newest) : name;
}

Json details(const Card& card)
{
    if (card.shown && !card.shown->details.empty())
        return Json::parse(card.shown->details, nullptr, false);
    return Json{{"parent_model", ""},   {"format", ""},         {"family", family},
                {"families", {family}}, {"parameter_size", ""}, {"quantization_level", ""}};
}

Json capabilities(const Card& card)
{
    auto list = Json::array();
    if (card.chats || card.completes)
        list.push_back("completion");
    if (card.sees)
        list.push_back("vision");
    if (card.calls_tools)
        list.push_back("tools");
    if (card.inserts)
        list.push_back("insert");
    if (card.thinks)
        list.push_back("thinking");
    if (card.embeds)
        list.push_back("embedding");
    return list;
}

Json row(const std::string& name, const Card& card)
{
    const auto tagged = with_tag(name);
    return Json{{"name", tagged},
                {"model", tagged},
                {"size", card.memory},
                {"digest", sha256_hex(name)},
                {"details", details(card)}};
}

std::string text_of(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_known(const Snapshot& snapshot, std::string_view name)
{
    if (snapshot.rules.book.find(name) != nullptr)
        return true;
    const auto place = snapshot.table.resolve(name);
    return place && place->wildcard.empty();
}

bool is_alias(const chat::Caller& caller, std::string_view name)
{
    if (!caller.grant)
        return false;
    const auto& aliases = caller.grant->aliases;
    return std::any_of(aliases.begin(), aliases.end(),
                       [name](const auto& alias) { return alias.first == name; });
}

}  // namespace

std::string_view served_model(const Snapshot& snapshot, const chat::Caller& caller,
                              std::string_view asked)
{
    if (!asked.ends_with(newest) || is_known(snapshot, asked) || is_alias(caller, asked))
        return asked;
    const auto name = asked.substr(0, asked.size() - newest.size());
    // With a wildcard, too, the provider's model has no tag that a client had to invent.
    const bool served = is_known(snapshot, name) || is_alias(caller, name);
    return served || name.find(':') != std::string_view::npos ? name : asked;
}

std::string ollama_tags(const Snapshot& snapshot, const chat::Caller& caller, TimePoint now)
{
    auto models = Json::array();
    for (const auto& name : listed_models(snapshot, caller)) {
        auto model = row(name, card_of(snapshot, name, now));
        model["modified_at"] = changed;
        models.push_back(std::move(model));
    }
    return text_of(Json{{"models", std::move(models)}});
}

std::string ollama_running(const Snapshot& snapshot, const chat::Caller& caller, TimePoint now)
{
    auto models = Json::array();
    for (const auto& name : listed_models(snapshot, caller)) {
        const auto card = card_of(snapshot, name, now);
        if (!card.loaded)
            continue;
        auto model = row(name, card);
        model["size_vram"] = card.memory_fast;
        if (card.window)
            model["context_length"] = count(*card.window);
        models.push_back(std::move(model));
    }
    return text_of(Json{{"models", std::move(models)}});
}

Result<std::string> ollama_card(const Snapshot& snapshot, const chat::Caller& caller,
                                std::string_view body, TimePoint now)
{
    const auto asked = Json::parse(body, nullptr, false);
    if (!asked.is_object())
        return fail(Errc::invalid_json, "The body is not a JSON object.");
    std::string name;
    for (const auto* key : {"name", "model"}) {
        const auto found = asked.find(key);
        if (found != asked.end() && found->is_string() &&
            !found->get_ref<const std::string&>().empty())
            name = found->get<std::string>();
    }
    if (name.empty())
        return fail(Errc::missing_model, "model is required");
    const std::string served(served_model(snapshot, caller, name));
    const bool known =
        snapshot.rules.book.find(served) != nullptr || snapshot.table.resolve(served);
    if (!known || !may_ask_for(caller, served, snapshot))
        return fail(Errc::unknown_model, no_such_ollama_model(name));
    const auto card = card_of(snapshot, served, now);
    const auto kind = card.shown && !card.shown->architecture.empty() ? card.shown->architecture
                                                                      : std::string(family);
    Json facts{{"general.architecture", kind}, {"general.basename", served}};
    if (card.window)
        facts[kind + ".context_length"] = count(*card.window);
    return text_of(Json{{"license", ""},
                        {"modelfile", ""},
                        {"parameters", ""},
                        {"template", "{{ .Prompt }}"},
                        {"details", details(card)},
                        {"model_info", std::move(facts)},
                        {"capabilities", capabilities(card)},
                        {"modified_at", changed}});
}

std::string no_such_ollama_model(std::string_view asked)
{
    return "model '" + printable(asked, 100) + "' not found";
}

}  // namespace spillway::gateway
