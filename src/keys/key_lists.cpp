#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "key_fields.hpp"
#include "spillway/base/text.hpp"

namespace spillway::keys {

namespace {

bool sees_all(const Asker& asker)
{
    return asker.rights != chat::AdminRights::none;
}

/// Its own key, and those of its user.
bool owns(const Asker& asker, const Key& key)
{
    return (!asker.account.empty() && account_of(key) == asker.account) ||
           (!asker.user_id.empty() && key.user_id == asker.user_id);
}

bool contains_text(std::string_view text, std::string_view part)
{
    return lower(text).find(lower(part)) != std::string::npos;
}

/// What `/key/list` leaves out.
class Filter {
public:
    Filter(const Question& question, WallTime now) : question_(question), now_(now)
    {
        hash_ = question["key_hash"];
    }

    [[nodiscard]] bool passes(const Key& key) const
    {
        return (sees_all(question_.asker) || owns(question_.asker, key)) &&
               is("user_id", key.user_id) && is("key_alias", key.key_alias) &&
               (question_["team_id"].empty() || key.team_id == question_["team_id"]) &&
               (hash_.empty() || key.token == hash_ || account_of(key) == hash_) && lives(key);
    }

private:
    [[nodiscard]] bool is(std::string_view member, const std::string& value) const
    {
        const auto wanted = question_[member];
        if (wanted.empty())
            return true;
        return question_["substring_matching"] == "true" ? contains_text(value, wanted)
                                                         : value == wanted;
    }
    [[nodiscard]] bool lives(const Key& key) const
    {
        const auto wanted = question_["expires"];
        const bool expired = key.expires && *key.expires <= now_;
        return wanted.empty() || (wanted == "expired") == expired;
    }

    const Question& question_;
    WallTime now_;
    std::string hash_;
};

using Keys = std::vector<Catalog::Found<Key>>;

/// By what the question asks; the newest first when it does not ask.
Result<void> sort(Keys& keys, const Question& question)
{
    const auto by = question["sort_by"];
    const bool rising = question["sort_order"] == "asc";
    const auto order = [&](const auto& member) {
        std::sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
            const auto& first = rising ? *a : *b;
            const auto& second = rising ? *b : *a;
            return std::tuple(member(first), first.token) <
                   std::tuple(member(second), second.token);
        });
    };
    if (by.empty() || by == "created_at")
        order([](const Key& key) { return key.traces.created_at; });
    else if (by == "updated_at")
        order([](const Key& key) { return key.traces.updated_at; });
    else if (by == "key_alias")
        order([](const Key& key) { return key.key_alias; });
    else if (by == "user_id")
        order([](const Key& key) { return key.user_id; });
    else if (by == "team_id")
        order([](const Key& key) { return key.team_id; });
    else if (by == "max_budget")
        order([](const Key& key) { return key.allowance.max_budget; });
    else
        return fail(Error(Errc::invalid_request,
                          "`sort_by` must be created_at, updated_at, key_alias, user_id, team_id "
                          "or max_budget.")
                        .about("sort_by"));
    return {};
}

/// Filters of LiteLLM's that nothing here answers to: leaving them out would list too much.
Result<void> refuse_unknown_filters(const Question& question)
{
    constexpr std::array<std::string_view, 5> without_meaning{
        "organization_id", "project_id", "access_group_id", "agent_id", "status"};
    for (const auto name : without_meaning)
        if (!question[name].empty())
            return fail(
                Error(Errc::not_implemented, "Keys have no `" + std::string(name) + "` here.")
                    .about(std::string(name)));
    return {};
}

}  // namespace

Result<Decision> key_info(const Question& question, const Surroundings& world)
{
    const auto& asker = question.asker;
    const bool own = question["key"].empty();
    const std::string given(own ? std::string_view(asker.account) : question["key"]);
    if (given.empty())
        return fail(
            Error(Errc::invalid_request, "`key` must be given: the master key is no virtual key.")
                .about("key"));
    const auto key = find_key(world.catalog, given);
    // Nobody learns from the answer which keys there are.
    if (!sees_all(asker) && (!key || !owns(asker, *key)))
        return fail(Errc::forbidden, "A key may ask about itself and its user's keys only.");
    if (!key)
        return fail(no_such("key", given.starts_with("sk-") ? "sk-..." : given, "key"));
    Decision decision;
    decision.answer =
        Json{{"key", own ? key->token : given}, {"info", row_of(*key, world.catalog)}};
    decision.spends.push_back(place_of(*key, world.catalog, "/info"));
    return decision;
}

Result<Decision> list_keys(const Question& question, const Surroundings& world)
{
    const auto page = page_of(question, "size", 10);
    if (!page)
        return fail(page.error());
    if (const auto fine = refuse_unknown_filters(question); !fine)
        return fail(fine.error());
    const Filter filter(question, world.now);
    Keys keys;
    world.catalog.keys().each([&](const std::string&, const Catalog::Found<Key>& key) {
        if (filter.passes(*key))
            keys.push_back(key);
    });
    if (const auto sorted = sort(keys, question); !sorted)
        return fail(sorted.error());
    const bool whole =
        question["return_full_object"] == "true" || question["return_full_object"] == "True";
    Decision decision;
    auto rows = Json::array();
    const auto end = std::min(keys.size(), page->first() + page->size);
    for (auto i = page->first(); i < end; ++i) {
        if (whole)
            decision.spends.push_back(
                place_of(*keys[i], world.catalog, "/keys/" + std::to_string(rows.size())));
        rows.push_back(whole ? row_of(*keys[i], world.catalog) : Json(keys[i]->token));
    }
    decision.answer = Json{{"keys", std::move(rows)},
                           {"total_count", keys.size()},
                           {"current_page", page->number},
                           {"total_pages", page->pages(keys.size())}};
    return decision;
}

Result<Decision> list_key_aliases(const Question& question, const Surroundings& world)
{
    const auto page = page_of(question, "size", 50);
    if (!page)
        return fail(page.error());
    const auto search = question["search"];
    const auto team = question["team_id"];
    std::vector<std::string> aliases;
    world.catalog.keys().each([&](const std::string&, const Catalog::Found<Key>& key) {
        if (!key->key_alias.empty() && (sees_all(question.asker) || owns(question.asker, *key)) &&
            (team.empty() || key->team_id == team) && contains_text(key->key_alias, search))
            aliases.push_back(key->key_alias);
    });
    std::sort(aliases.begin(), aliases.end());
    auto shown = Json::array();
    const auto end = std::min(aliases.size(), page->first() + page->size);
    for (auto i = page->first(); i < end; ++i)
        shown.push_back(aliases[i]);
    Decision decision;
    decision.answer = Json{{"aliases", std::move(shown)},
                           {"total_count", aliases.size()},
                           {"current_page", page->number},
                           {"total_pages", page->pages(aliases.size())},
                           {"size", page->size}};
    return decision;
}

Result<Decision> key_health(const Question&, const Surroundings&)
{
    // The key was good enough to ask; there are no logging callbacks that could be sick.
    Decision decision;
    decision.answer = Json{{"key", "healthy"}, {"logging_callbacks", nullptr}};
    return decision;
}

}  // namespace spillway::keys
