#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "key_fields.hpp"

namespace spillway::keys {

namespace {

/// The key that a change is about, by the member `key`.
Result<Key> key_to_change(const Question& question, const Surroundings& world)
{
    const auto given = name_in(question.body, "key");
    if (!given)
        return fail(given.error());
    const auto found = find_key(world.catalog, *given);
    if (!found)
        return fail(no_such("key", given->starts_with("sk-") ? "sk-..." : *given, "key"));
    return *found;
}

/// The row of a key after a change that the answer does not say more about.
Decision changed(Key key, const Catalog& catalog)
{
    Decision decision;
    decision.answer = row_of(key, catalog);
    decision.spends.push_back(place_of(key, catalog, ""));
    decision.changes.push_back(Change::put(std::move(key)));
    return decision;
}

Result<Decision> set_blocked(const Question& question, const Surroundings& world, bool blocked)
{
    auto key = key_to_change(question, world);
    if (!key)
        return fail(key.error());
    key->blocked = blocked;
    leave_traces(key->traces, question.asker, world.now);
    return changed(*std::move(key), world.catalog);
}

/// The key of `/key/{key}/...`, or of the query or body.
std::string key_named(const Question& question)
{
    if (!question.segment.empty())
        return question.segment;
    if (const auto asked = question["key"]; !asked.empty())
        return std::string(asked);
    const auto found = question.body.find("key");
    return found != question.body.end() && found->is_string() ? found->get<std::string>()
                                                              : std::string();
}

/// Adds the token that the key has now to those that are good for a while.
Result<void> keep_former(Key& key, RequestFields& fields, WallTime now)
{
    std::string grace;
    fields.text("grace_period", grace);
    if (const auto fine = fields.verdict(); !fine)
        return fine;
    std::erase_if(key.former, [&](const FormerToken& token) { return token.until <= now; });
    if (grace.empty())
        return {};
    const auto end = end_of(grace, now);
    if (!end || !*end)
        return fail(Error(Errc::invalid_request,
                          "`grace_period` must be a duration such as 30m, 24h or 2d.")
                        .about("grace_period"));
    key.former.push_back({key.token, **end});
    return {};
}

}  // namespace

Result<Decision> generate_key(const Question& question, const Surroundings& world)
{
    auto body = with_defaults(question.body, world.rules.given.key_defaults);
    if (auto kept = keep_within(body, world.rules.given.key_bounds, Missing::filled); !kept)
        return fail(std::move(kept).error());
    RequestFields fields(body);
    std::string asked;
    fields.text("key", asked);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    const auto fresh = fresh_key(std::move(asked), "key", world);
    if (!fresh)
        return fail(fresh.error());
    auto key = made_key(*fresh, question, world);
    const auto ignored = read_key(fields, world, key);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    auto decision = answer_with_key(std::move(key), *fresh, world.catalog);
    report_ignored(decision.answer, ignored);
    return decision;
}

Result<Decision> update_key(const Question& question, const Surroundings& world)
{
    auto key = key_to_change(question, world);
    if (!key)
        return fail(key.error());
    auto body = question.body;
    if (auto kept = keep_within(body, world.rules.given.key_bounds, Missing::left_out); !kept)
        return fail(std::move(kept).error());
    RequestFields fields(body);
    const auto given = fields.take("key")->get<std::string>();
    const auto ignored = read_key(fields, world, *key);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(key->traces, question.asker, world.now);
    auto decision = changed(*std::move(key), world.catalog);
    Json answer{{"key", given}};
    answer.update(decision.answer);
    report_ignored(answer, ignored);
    decision.answer = std::move(answer);
    return decision;
}

Result<Decision> regenerate_key(const Question& question, const Surroundings& world)
{
    const auto given = key_named(question);
    if (given.empty())
        return fail(Error(Errc::invalid_request, "`key` must be given.").about("key"));
    if (question.body.contains("new_master_key"))
        return fail(Errc::not_implemented, "The master key is changed in the configuration.");
    const auto found = find_key(world.catalog, given);
    if (!found)
        return fail(no_such("key", given.starts_with("sk-") ? "sk-..." : given, "key"));
    auto key = *found;
    auto body = question.body;
    if (auto kept = keep_within(body, world.rules.given.key_bounds, Missing::left_out); !kept)
        return fail(std::move(kept).error());
    RequestFields fields(body);
    fields.take("key");
    std::string asked;
    fields.text("new_key", asked);
    if (auto kept = keep_former(key, fields, world.now); !kept)
        return fail(std::move(kept).error());
    const auto ignored = read_key(fields, world, key);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    const auto fresh = fresh_key(std::move(asked), "new_key", world);
    if (!fresh)
        return fail(fresh.error());
    key.account = account_of(key);
    key.token = fresh->token;
    key.key_name = fresh->name;
    key.version = 0;
    leave_traces(key.traces, question.asker, world.now);
    auto decision = answer_with_key(std::move(key), *fresh, world.catalog);
    decision.changes.push_back(Change::remove(Kind::key, found->token, found->version));
    report_ignored(decision.answer, ignored);
    return decision;
}

Result<Decision> delete_keys(const Question& question, const Surroundings& world)
{
    const bool by_alias = !question.body.contains("keys") && question.body.contains("key_aliases");
    const auto* member = by_alias ? "key_aliases" : "keys";
    const auto names = names_in(question.body, member);
    if (!names)
        return fail(names.error());
    Decision decision;
    std::set<std::string> tokens;
    for (const auto& name : *names) {
        const auto key =
            by_alias ? world.catalog.key_by_alias(name) : find_key(world.catalog, name);
        if (!key)
            return fail(no_such("key", name.starts_with("sk-") ? "sk-..." : name, member));
        if (tokens.insert(key->token).second)
            decision.changes.push_back(Change::remove(Kind::key, key->token, key->version));
    }
    decision.answer = Json{{"deleted_keys", *names}};
    return decision;
}

Result<Decision> block_key(const Question& question, const Surroundings& world)
{
    return set_blocked(question, world, true);
}

Result<Decision> unblock_key(const Question& question, const Surroundings& world)
{
    return set_blocked(question, world, false);
}

Result<Decision> reset_key_spend(const Question& question, const Surroundings& world)
{
    const auto found = find_key(world.catalog, question.segment);
    if (!found)
        return fail(no_such(
            "key", question.segment.starts_with("sk-") ? "sk-..." : question.segment, "key"));
    RequestFields fields(question.body);
    std::optional<NanoUsd> amount;
    fields.usd("reset_to", amount);
    if (!amount)
        fields.refuse("reset_to", "must be given.");
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    auto key = *found;
    key.opening = chat::Opening{world.now, *amount};
    leave_traces(key.traces, question.asker, world.now);
    Decision decision;
    decision.answer = Json{{"key_hash", key.token},
                           {"spend", usd_number(*amount)},
                           {"previous_spend", 0.0},
                           {"max_budget", nullptr},
                           {"budget_reset_at", nullptr}};
    decision.answer["max_budget"] = row_of(key, world.catalog)["max_budget"];
    auto before = place_of(*found, world.catalog, "");
    before.member = "previous_spend";
    before.moment = SpendPlace::Moment::before;
    decision.spends.push_back(std::move(before));
    decision.changes.push_back(Change::put(std::move(key)));
    return decision;
}

}  // namespace spillway::keys
