#include <algorithm>
#include <array>
#include <utility>

#include "allowance_fields.hpp"
#include "answer_rows.hpp"
#include "call_functions.hpp"

namespace spillway::keys {

namespace {

/// Members of LiteLLM's requests that are kept and given back, and do nothing here.
constexpr std::array<std::string_view, 1> kept{"model_info"};

std::vector<std::string> read_tag(RequestFields& fields, const Surroundings& world, Tag& tag)
{
    fields.text("description", tag.description);
    read_models(fields, "models", world.rules.models, tag.models);
    read_budget_id(fields, world.catalog, tag.budget_id);
    read_allowance(fields, tag.allowance);
    return keep_others(fields, kept, tag.other);
}

Decision changed(Tag tag, const Catalog& catalog, const char* what,
                 const std::vector<std::string>& ignored)
{
    Decision decision;
    decision.answer =
        Json{{"message", "Tag " + tag.name + " " + what}, {"tag", row_of(tag, catalog)}};
    decision.spends.push_back(place_of(tag, catalog, "/tag"));
    report_ignored(decision.answer, ignored);
    decision.changes.push_back(Change::put(std::move(tag)));
    return decision;
}

/// A name as a JSON pointer has it.
std::string escaped(const std::string& name)
{
    std::string out;
    for (const char c : name)
        out.append(c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c));
    return out;
}

}  // namespace

Result<Decision> new_tag(const Question& question, const Surroundings& world)
{
    const auto name = name_in(question.body, "name");
    if (!name)
        return fail(name.error());
    RequestFields fields(question.body);
    fields.take("name");
    Tag tag;
    tag.name = *name;
    if (world.catalog.tag(*name))
        fields.refuse("name", "is that of another tag.");
    const auto ignored = read_tag(fields, world, tag);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(tag.traces, question.asker, world.now);
    return changed(std::move(tag), world.catalog, "created successfully", ignored);
}

Result<Decision> update_tag(const Question& question, const Surroundings& world)
{
    const auto name = name_in(question.body, "name");
    if (!name)
        return fail(name.error());
    const auto stored = world.catalog.tag(*name);
    if (!stored)
        return fail(no_such("tag", *name, "name"));
    auto tag = *stored;
    RequestFields fields(question.body);
    fields.take("name");
    const auto ignored = read_tag(fields, world, tag);
    if (const auto fine = fields.verdict(); !fine)
        return fail(fine.error());
    leave_traces(tag.traces, question.asker, world.now);
    return changed(std::move(tag), world.catalog, "updated successfully", ignored);
}

Result<Decision> tag_info(const Question& question, const Surroundings& world)
{
    const auto names = names_in(question.body, "names");
    if (!names)
        return fail(names.error());
    Decision decision;
    decision.answer = Json::object();
    for (const auto& name : *names) {
        const auto tag = world.catalog.tag(name);
        if (!tag)
            return fail(no_such("tag", name, "names"));
        decision.spends.push_back(place_of(*tag, world.catalog, "/" + escaped(name)));
        decision.answer[name] = row_of(*tag, world.catalog);
    }
    return decision;
}

Result<Decision> delete_tag(const Question& question, const Surroundings& world)
{
    const auto name = name_in(question.body, "name");
    if (!name)
        return fail(name.error());
    const auto tag = world.catalog.tag(*name);
    if (!tag)
        return fail(no_such("tag", *name, "name"));
    Decision decision;
    decision.answer = Json{{"message", "Tag " + *name + " deleted successfully"}};
    decision.changes.push_back(Change::remove(Kind::tag, *name, tag->version));
    return decision;
}

Result<Decision> list_tags(const Question&, const Surroundings& world)
{
    std::vector<Catalog::Found<Tag>> tags;
    world.catalog.tags().each(
        [&](const std::string&, const Catalog::Found<Tag>& tag) { tags.push_back(tag); });
    std::sort(tags.begin(), tags.end(),
              [](const auto& a, const auto& b) { return a->name < b->name; });
    Decision decision;
    decision.answer = Json::array();
    for (const auto& tag : tags) {
        decision.spends.push_back(
            place_of(*tag, world.catalog, "/" + std::to_string(decision.answer.size())));
        decision.answer.push_back(row_of(*tag, world.catalog));
    }
    return decision;
}

}  // namespace spillway::keys
