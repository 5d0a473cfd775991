#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"
#include "edits.hpp"

namespace spillway::keys {

namespace {

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 6> kept{"allowed_model_region", "default_model",
                                               "object_permission",    "metadata",
                                               "budget_reset_at",      "object_permission_id"};

std::vector<std::string> read_customer(RequestFields& fields, const Surroundings& world,
                                       Customer& customer)
{
    fields.text("alias", customer.alias);
    fields.flag("blocked", customer.blocked);
    read_budget_id(fields, world.catalog, customer.budget_id);
    read_allowance(fields, customer.allowance);
    if (fields.has("budget_id") && fields.has("max_budget"))
        fields.refuse("max_budget", "and `budget_id` cannot both be given.");
    // The one that is given last holds.
    if (fields.has("budget_id"))
        customer.allowance = {};
    else if (fields.has("max_budget"))
        customer.budget_id.clear();
    std::optional<NanoUsd> spend;
    fields.usd("spend", spend);
    if (spend && (*spend != NanoUsd{0} || customer.version != 0))
        customer.opening = chat::Opening{world.now, *spend};
    return keep_others(fields, kept, customer.other);
}

Decision changed(Customer customer, const Catalog& catalog, const std::vector<std::string>& ignored)
{
    Decision decision;
    decision.answer = row_of(customer, catalog);
    decision.spends.push_back(place_of(customer, catalog, ""));
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(std::move(customer)));
    return decision;
}

/// Blocks those who are known, and those who are not yet, too.
Result<Edits<Customer>> with_blocked(const Question& question, const Surroundings& world,
                                     bool blocked)
{
    const auto ids = names_in(question.body, "user_ids");
    if (!ids)
        return fail(ids.error());
    Edits<Customer> customers;
    for (const auto& id : *ids) {
        auto* customer = customers.find(id, world.catalog.customer(id));
        if (customer == nullptr) {
            if (!blocked)
                return fail(no_such("customer", id, "user_ids"));
            Customer made;
            made.user_id = id;
            customer = &customers.add(id, std::move(made));
        }
        customer->blocked = blocked;
        leave_traces(customer->traces, question.asker, world.now);
    }
    return customers;
}

}  // namespace

Result<Decision> new_customer(const Question& question, const Surroundings& world)
{
    const auto id = name_in(question.body, "user_id");
    if (!id)
        return fail(id.error());
    RequestFields fields(question.body);
    fields.take("user_id");
    Customer customer;
    customer.user_id = *id;
    if (world.catalog.customer(*id))
        fields.refuse("user_id", "is that of another customer.");
    const auto ignored = read_customer(fields, world, customer);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(customer.traces, question.asker, world.now);
    return changed(std::move(customer), world.catalog, ignored);
}

Result<Decision> customer_info(const Question& question, const Surroundings& world)
{
    const std::string id(question["end_user_id"]);
    if (id.empty())
        return fail(
            Error(Errc::invalid_request, "`end_user_id` must be given.").about("end_user_id"));
    const auto customer = world.catalog.customer(id);
    if (!customer)
        return fail(no_such("customer", id, "end_user_id"));
    Decision decision;
    decision.answer = row_of(*customer, world.catalog);
    decision.spends.push_back(place_of(*customer, world.catalog, ""));
    return decision;
}

Result<Decision> update_customer(const Question& question, const Surroundings& world)
{
    const auto id = name_in(question.body, "user_id");
    if (!id)
        return fail(id.error());
    const auto stored = world.catalog.customer(*id);
    if (!stored)
        return fail(no_such("customer", *id, "user_id"));
    auto customer = *stored;
    RequestFields fields(question.body);
    fields.take("user_id");
    const auto ignored = read_customer(fields, world, customer);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(customer.traces, question.asker, world.now);
    return changed(std::move(customer), world.catalog, ignored);
}

Result<Decision> delete_customers(const Question& question, const Surroundings& world)
{
    const auto ids = names_in(question.body, "user_ids");
    if (!ids)
        return fail(ids.error());
    Decision decision;
    std::set<std::string> gone;
    std::string names;
    for (const auto& id : *ids) {
        const auto customer = world.catalog.customer(id);
        if (!customer)
            return fail(no_such("customer", id, "user_ids"));
        if (!gone.insert(id).second)
            continue;
        names += (names.empty() ? "" : ", ") + id;
        decision.changes.push_back(Change::remove(Kind::customer, id, customer->version));
    }
    decision.answer =
        Json{{"deleted_customers", gone.size()}, {"message", "Deleted customers: " + names}};
    return decision;
}

Result<Decision> list_customers(const Question&, const Surroundings& world)
{
    std::vector<Catalog::Found<Customer>> customers;
    world.catalog.customers().each(
        [&](const std::string&, const Catalog::Found<Customer>& customer) {
            customers.push_back(customer);
        });
    std::sort(customers.begin(), customers.end(),
              [](const auto& a, const auto& b) { return a->user_id < b->user_id; });
    Decision decision;
    decision.answer = Json::array();
    for (const auto& customer : customers) {
        decision.spends.push_back(
            place_of(*customer, world.catalog, "/" + std::to_string(decision.answer.size())));
        decision.answer.push_back(row_of(*customer, world.catalog));
    }
    return decision;
}

Result<Decision> block_customers(const Question& question, const Surroundings& world)
{
    const auto customers = with_blocked(question, world, true);
    if (!customers)
        return fail(customers.error());
    Decision decision;
    customers->append_to(decision.changes);
    auto rows = Json::array();
    for (const auto& [id, customer] : customers->records()) {
        decision.spends.push_back(
            place_of(customer, world.catalog, "/blocked_users/" + std::to_string(rows.size())));
        rows.push_back(row_of(customer, world.catalog));
    }
    decision.answer = Json{{"blocked_users", std::move(rows)}};
    return decision;
}

Result<Decision> unblock_customers(const Question& question, const Surroundings& world)
{
    const auto customers = with_blocked(question, world, false);
    if (!customers)
        return fail(customers.error());
    Decision decision;
    customers->append_to(decision.changes);
    std::vector<std::string> left;
    world.catalog.customers().each(
        [&](const std::string& id, const Catalog::Found<Customer>& customer) {
            if (customer->blocked && !customers->records().contains(id))
                left.push_back(id);
        });
    std::sort(left.begin(), left.end());
    decision.answer = Json{{"blocked_users", left}};
    return decision;
}

}  // namespace spillway::keys
