#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"

namespace spillway::keys {

namespace {

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 4> kept{"budget_reset_at", "allowed_models", "created_by",
                                               "updated_by"};

std::vector<std::string> read_budget(RequestFields& fields, BudgetRow& budget)
{
    read_allowance(fields, budget.allowance);
    return keep_others(fields, kept, budget.other);
}

Decision changed(BudgetRow budget, const std::vector<std::string>& ignored)
{
    Decision decision;
    decision.answer = row_of(budget);
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(std::move(budget)));
    return decision;
}

/// How many records get their limits from the row.
std::size_t uses_of(const std::string& id, const Catalog& catalog)
{
    std::size_t uses = 0;
    const auto add = [&](const std::string&, const auto& record) {
        uses += record->budget_id == id ? 1 : 0;
    };
    catalog.keys().each(add);
    catalog.users().each(add);
    catalog.customers().each(add);
    catalog.tags().each(add);
    catalog.teams().each([&](const std::string& name, const Catalog::Found<Team>& team) {
        add(name, team);
        uses += static_cast<std::size_t>(
            std::count_if(team->members.begin(), team->members.end(),
                          [&](const Member& member) { return member.budget_id == id; }));
    });
    return uses;
}

struct Setting {
    const char* name;
    const char* type;
    const char* what;
};

constexpr std::array<Setting, 7> settings{{
    {"max_budget", "Float", "The most that may be spent, in USD: a hard cap."},
    {"soft_budget", "Float", "Told when it is spent, not held, in USD."},
    {"budget_duration", "String", "How long a budget lasts: 30s, 30m, 24h, 30d, 1w, 1mo."},
    {"tpm_limit", "Integer", "Tokens per minute."},
    {"rpm_limit", "Integer", "Requests per minute."},
    {"max_parallel_requests", "Integer", "Requests at once."},
    {"model_max_budget", "Object", "Caps by model."},
}};

}  // namespace

Result<Decision> new_budget(const Question& question, const Surroundings& world)
{
    RequestFields fields(question.body);
    BudgetRow budget;
    fields.text("budget_id", budget.budget_id);
    if (budget.budget_id.empty())
        budget.budget_id = uuid_of(world.draw());
    if (world.catalog.budget(budget.budget_id))
        fields.refuse("budget_id", "is that of another budget.");
    const auto ignored = read_budget(fields, budget);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(budget.traces, question.asker, world.now);
    return changed(std::move(budget), ignored);
}

Result<Decision> update_budget(const Question& question, const Surroundings& world)
{
    const auto id = name_in(question.body, "budget_id");
    if (!id)
        return fail(id.error());
    const auto stored = world.catalog.budget(*id);
    if (!stored)
        return fail(no_such("budget", *id, "budget_id"));
    auto budget = *stored;
    RequestFields fields(question.body);
    fields.take("budget_id");
    const auto ignored = read_budget(fields, budget);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(budget.traces, question.asker, world.now);
    return changed(std::move(budget), ignored);
}

Result<Decision> budget_info(const Question& question, const Surroundings& world)
{
    const auto ids = names_in(question.body, "budgets");
    if (!ids)
        return fail(ids.error());
    Decision decision;
    decision.answer = Json::array();
    for (const auto& id : *ids)
        if (const auto budget = world.catalog.budget(id))
            decision.answer.push_back(row_of(*budget));
    return decision;
}

Result<Decision> list_budgets(const Question&, const Surroundings& world)
{
    std::vector<Catalog::Found<BudgetRow>> budgets;
    world.catalog.budgets().each([&](const std::string&, const Catalog::Found<BudgetRow>& budget) {
        budgets.push_back(budget);
    });
    std::sort(budgets.begin(), budgets.end(),
              [](const auto& a, const auto& b) { return a->budget_id < b->budget_id; });
    Decision decision;
    decision.answer = Json::array();
    for (const auto& budget : budgets)
        decision.answer.push_back(row_of(*budget));
    return decision;
}

Result<Decision> delete_budget(const Question& question, const Surroundings& world)
{
    const auto id = name_in(question.body, "id");
    if (!id)
        return fail(id.error());
    const auto budget = world.catalog.budget(*id);
    if (!budget)
        return fail(no_such("budget", *id, "id"));
    // Without the row they would have no cap.
    if (const auto uses = uses_of(*id, world.catalog); uses > 0)
        return fail(Error(Errc::invalid_request, "`id` is the budget of " + std::to_string(uses) +
                                                     (uses == 1 ? " record" : " records") +
                                                     ", which would have no cap without it.")
                        .about("id"));
    if (*id == world.rules.end_user_budget)
        return fail(Error(Errc::invalid_request,
                          "`id` is the budget of all end users (max_end_user_budget_id), who would "
                          "have no cap without it.")
                        .about("id"));
    Decision decision;
    decision.answer = row_of(*budget);
    decision.changes.push_back(Change::remove(Kind::budget, *id, budget->version));
    return decision;
}

Result<Decision> budget_settings(const Question& question, const Surroundings& world)
{
    const std::string id(question["budget_id"]);
    const auto budget = world.catalog.budget(id);
    if (!budget)
        return fail(no_such("budget", id, "budget_id"));
    const auto row = row_of(*budget);
    Decision decision;
    decision.answer = Json::array();
    for (const auto& setting : settings)
        decision.answer.push_back(Json{{"field_name", setting.name},
                                       {"field_type", setting.type},
                                       {"field_description", setting.what},
                                       {"field_value", row[setting.name]},
                                       {"stored_in_db", true},
                                       {"field_default_value", nullptr}});
    return decision;
}

}  // namespace spillway::keys
