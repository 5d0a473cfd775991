#include "spillway/keys/catalog.hpp"

#include <algorithm>
#include <utility>

namespace spillway::keys {
namespace {

using Names = Catalog::Names;

/// Adds `token` to the names under `place`, or takes it out.
enum class Turn : std::uint8_t { add, drop };
void note(SharedMap<Names>& index, const std::string& place, const std::string& token, Turn turn)
{
    if (place.empty())
        return;
    const auto known = index.find(place);
    auto names = known ? *known : Names{};
    if (turn == Turn::add)
        names.insert(token);
    else
        names.erase(token);
    if (names.empty())
        index.erase(place);
    else
        index.put(place, std::make_shared<const Names>(std::move(names)));
}

/// Forgets that `name` leads to `token`, unless it leads elsewhere by now.
void forget(SharedMap<std::string>& index, const std::string& name, std::string_view token)
{
    const auto known = index.find(name);
    if (known && *known == token)
        index.erase(name);
}

std::vector<std::shared_ptr<const Key>> found(const SharedMap<Key>& keys,
                                              const std::shared_ptr<const Names>& tokens)
{
    std::vector<std::shared_ptr<const Key>> out;
    if (!tokens)
        return out;
    out.reserve(tokens->size());
    for (const auto& token : *tokens)
        if (auto key = keys.find(token))
            out.push_back(std::move(key));
    return out;
}

}  // namespace

Change Change::put(Record record)
{
    Change change;
    change.kind = kind_of(record);
    change.id = id_of(record);
    change.read = version_of(record);
    change.record = std::move(record);
    return change;
}

Change Change::remove(Kind kind, std::string id, Version read)
{
    return {kind, std::move(id), read, std::nullopt};
}

Catalog::Found<Key> Catalog::key_by_any_token(std::string_view token) const
{
    if (auto key = keys_.find(token))
        return key;
    const auto now = by_other_token_.find(token);
    return now ? keys_.find(*now) : nullptr;
}

Catalog::Found<Key> Catalog::key_by_alias(std::string_view alias) const
{
    const auto token = by_alias_.find(alias);
    return token ? keys_.find(*token) : nullptr;
}

std::vector<Catalog::Found<Key>> Catalog::keys_of_team(std::string_view team_id) const
{
    return found(keys_, by_team_.find(team_id));
}

std::vector<Catalog::Found<Key>> Catalog::keys_of_user(std::string_view user_id) const
{
    return found(keys_, by_user_.find(user_id));
}

Catalog Catalog::with(std::span<const Change> changes, Version version) const
{
    Catalog after = *this;
    after.version_ = std::max(version_, version);
    // First what goes: a name may pass from one record to another.
    for (const auto& change : changes)
        if (!change.record)
            after.remove(change.kind, change.id);
    for (const auto& change : changes)
        if (change.record)
            std::visit([&after](const auto& record) { after.put(record); }, *change.record);
    return after;
}

void Catalog::put(const Key& key)
{
    forget_key(key.token);
    keys_.put(key.token, std::make_shared<const Key>(key));
    if (!key.key_alias.empty())
        by_alias_.put(key.key_alias, std::make_shared<const std::string>(key.token));
    const auto also = std::make_shared<const std::string>(key.token);
    if (!key.account.empty() && key.account != key.token)
        by_other_token_.put(key.account, also);
    for (const auto& former : key.former)
        by_other_token_.put(former.token, also);
    note(by_team_, key.team_id, key.token, Turn::add);
    note(by_user_, key.user_id, key.token, Turn::add);
}

void Catalog::forget_key(std::string_view token)
{
    const auto key = keys_.find(token);
    if (!key)
        return;
    forget(by_alias_, key->key_alias, token);
    forget(by_other_token_, key->account, token);
    for (const auto& former : key->former)
        forget(by_other_token_, former.token, token);
    note(by_team_, key->team_id, key->token, Turn::drop);
    note(by_user_, key->user_id, key->token, Turn::drop);
    keys_.erase(token);
}

void Catalog::put(const Team& team)
{
    teams_.put(team.team_id, std::make_shared<const Team>(team));
}
void Catalog::put(const User& user)
{
    users_.put(user.user_id, std::make_shared<const User>(user));
}
void Catalog::put(const Customer& customer)
{
    customers_.put(customer.user_id, std::make_shared<const Customer>(customer));
}
void Catalog::put(const BudgetRow& row)
{
    budgets_.put(row.budget_id, std::make_shared<const BudgetRow>(row));
}
void Catalog::put(const Tag& tag)
{
    tags_.put(tag.name, std::make_shared<const Tag>(tag));
}

void Catalog::remove(Kind kind, std::string_view id)
{
    switch (kind) {
        case Kind::key:
            return forget_key(id);
        case Kind::team:
            return teams_.erase(id);
        case Kind::user:
            return users_.erase(id);
        case Kind::customer:
            return customers_.erase(id);
        case Kind::budget:
            return budgets_.erase(id);
        case Kind::tag:
            return tags_.erase(id);
    }
}

}  // namespace spillway::keys
