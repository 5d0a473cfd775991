#include <set>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/keys/litellm_import.hpp"

namespace spillway::keys::litellm {

namespace {

/// What was spent before is counted from when it was first imported: what was spent here since is
/// not lost when the same rows come again.
void keep_beginning(std::optional<chat::Opening>& imported,
                    const std::optional<chat::Opening>& stored)
{
    if (imported && stored)
        imported->at = stored->at;
}

void keep_traces(Traces& imported, const Traces& stored)
{
    if (imported.created_at == WallTime{})
        imported.created_at = stored.created_at;
    if (imported.updated_at == WallTime{})
        imported.updated_at = stored.updated_at;
    if (imported.created_by.empty())
        imported.created_by = stored.created_by;
    if (imported.updated_by.empty())
        imported.updated_by = stored.updated_by;
}

/// What only this side knows of a record.
template <class R>
void keep_own(R& record, const R& stored)
{
    record.version = stored.version;
    keep_traces(record.traces, stored.traces);
    if constexpr (requires { record.opening; })
        keep_beginning(record.opening, stored.opening);
    if constexpr (requires { record.stay_local; })
        record.stay_local = stored.stay_local;
}

void keep_own_of_key(Key& key, const Key& stored)
{
    key.account = stored.account;
    key.former = stored.former;
}

void keep_own_of_team(Team& team, const Team& stored)
{
    for (auto& member : team.members)
        for (const auto& known : stored.members)
            if (known.user_id == member.user_id)
                keep_beginning(member.opening, known.opening);
}

class Planner {
public:
    Planner(const Catalog& catalog, const ModelNames& served, WallTime now)
        : catalog_(catalog), served_(served), now_(now)
    {}

    void add(Key key)
    {
        const auto known = catalog_.key_by_any_token(key.token);
        if (known && known->token != key.token) {
            plan_.left_out.push_back(
                {"key " + printable(key.key_name, 80), "it was regenerated here since"});
            return;
        }
        make_alias_unique(key);
        note_models(key.models);
        const auto stored = catalog_.key(key.token);
        compare(std::move(key), stored, keep_own_of_key);
    }
    void add(Team team)
    {
        note_models(team.models);
        const auto stored = catalog_.team(team.team_id);
        compare(std::move(team), stored, keep_own_of_team);
    }
    void add(User user)
    {
        note_models(user.models);
        const auto stored = catalog_.user(user.user_id);
        compare(std::move(user), stored, [](User&, const User&) {});
    }
    void add(Customer customer)
    {
        const auto stored = catalog_.customer(customer.user_id);
        compare(std::move(customer), stored, [](Customer&, const Customer&) {});
    }
    void add(BudgetRow budget)
    {
        const auto stored = catalog_.budget(budget.budget_id);
        compare(std::move(budget), stored, [](BudgetRow&, const BudgetRow&) {});
    }
    void add(Tag tag)
    {
        note_models(tag.models);
        const auto stored = catalog_.tag(tag.name);
        compare(std::move(tag), stored, [](Tag&, const Tag&) {});
    }

    Plan take() && { return std::move(plan_); }

private:
    template <class R, class Keep>
    void compare(R record, const Catalog::Found<R>& stored, Keep keep)
    {
        auto& counts = plan_.counts[kind_of(Record(record))];
        if (!stored) {
            keep_traces(record.traces, {now_, "import", now_, "import"});
            ++counts.added;
        } else {
            keep_own(record, *stored);
            keep(record, *stored);
            if (record == *stored) {
                ++counts.same;
                return;
            }
            ++counts.changed;
        }
        plan_.changes.push_back(Change::put(std::move(record)));
    }

    /// Aliases are unique here; older LiteLLMs gave one to several keys.
    void make_alias_unique(Key& key)
    {
        if (key.key_alias.empty())
            return;
        const auto other = catalog_.key_by_alias(key.key_alias);
        const bool taken = other && other->token != key.token;
        if (!taken && aliases_.insert(key.key_alias).second)
            return;
        plan_.left_out.push_back(
            {"alias " + printable(key.key_alias, 80) + " of key " + printable(key.key_name, 80),
             "another key has it; the key comes without"});
        key.key_alias.clear();
    }

    void note_models(const std::vector<std::string>& models)
    {
        for (const auto& model : models)
            if (!served_.serves(model))
                ++plan_.unserved[printable(model, 80)];
    }

    const Catalog& catalog_;
    const ModelNames& served_;
    const WallTime now_;
    std::set<std::string> aliases_;
    Plan plan_;
};

}  // namespace

Plan plan_import(Imported imported, const Catalog& catalog, const ModelNames& served, WallTime now)
{
    Planner planner(catalog, served, now);
    for (auto& record : imported.records)
        std::visit([&](auto& each) { planner.add(std::move(each)); }, record);
    auto plan = std::move(planner).take();
    plan.left_out.insert(plan.left_out.begin(), imported.left_out.begin(), imported.left_out.end());
    plan.without_effect = std::move(imported.without_effect);
    return plan;
}

}  // namespace spillway::keys::litellm
