#include "spillway/app/spend_command.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <ostream>
#include <utility>

#include "compiled_config.hpp"
#include "known_local.hpp"
#include "spillway/app/ledger_commands.hpp"
#include "spillway/app/replay.hpp"
#include "spillway/app/settings.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/query.hpp"

namespace spillway::app {

namespace {

using ledger::Dimension;

constexpr std::array<std::pair<std::string_view, Dimension>, 10> dimensions{{
    {"model", Dimension::model},
    {"group", Dimension::group},
    {"deployment", Dimension::deployment},
    {"provider", Dimension::provider},
    {"key", Dimension::key},
    {"team", Dimension::team},
    {"user", Dimension::user},
    {"end_user", Dimension::end_user},
    {"tag", Dimension::tag},
    {"day", Dimension::day},
}};

ledger::Day day_of(WallTime time)
{
    return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

bool knows_place(Dimension by)
{
    return by != Dimension::end_user && by != Dimension::tag;
}

/// Rows by name and place to one line for each name.
SpendTable table_of(const std::vector<ledger::SumsRow>& rows, Dimension by,
                    const gateway::Snapshot* snapshot)
{
    SpendTable table;
    table.knows_local = knows_place(by);
    std::map<std::string, SpendLine> lines;
    for (const auto& row : rows) {
        auto& line = lines[row.names[0]];
        const bool local = table.knows_local && known_local(snapshot, row.names[1], row.names[2]);
        for (auto* each : {&line, &table.total}) {
            each->all += row.sums;
            if (local)
                each->local += row.sums;
        }
    }
    for (auto& [name, line] : lines) {
        line.name = name;
        table.lines.push_back(std::move(line));
    }
    if (by != Dimension::day)
        std::stable_sort(table.lines.begin(), table.lines.end(),
                         [](const SpendLine& a, const SpendLine& b) {
                             return std::pair(a.all.cost.usd(), a.all.requests) >
                                    std::pair(b.all.cost.usd(), b.all.requests);
                         });
    return table;
}

/// The total of tags is not the sum of its lines: a request may have several, or none.
Result<ledger::Sums> total_of(ledger::Query& query, ledger::SumsQuery question)
{
    question.by.clear();
    auto rows = query.sums(question);
    if (!rows)
        return fail(std::move(rows).error());
    return rows->empty() ? ledger::Sums{} : rows->front().sums;
}

/// The configuration, where there is one: it knows which deployments are local.
std::optional<CompiledConfig> configuration(const ShowSpend& wish, std::ostream& problems)
{
    const Serve file{.config = wish.config, .host = {}, .port = {}};
    if (!choose_source(file, config::process_environment()).file)
        return std::nullopt;
    return compile_config(wish.config, problems);
}

}  // namespace

std::vector<std::string> spend_dimensions()
{
    std::vector<std::string> words;
    for (const auto& [word, dimension] : dimensions)
        words.emplace_back(word);
    return words;
}

int show_spend(const ShowSpend& wish, std::ostream& out, std::ostream& problems)
{
    const auto complain = [&](const std::string& what) {
        problems << "spillway: " << what << '\n';
        return 1;
    };
    const auto now = SystemClock{}.wall();
    const auto since = parse_since(wish.since, now);
    if (!since)
        return complain("'" + printable(wish.since) +
                        "' is neither a duration like 7d or 12h nor a date like 2026-11-14");
    const auto known = std::find_if(dimensions.begin(), dimensions.end(),
                                    [&](const auto& each) { return each.first == wish.by; });
    if (known == dimensions.end())
        return complain("there are no sums by '" + printable(wish.by) + "'");
    const auto path = find_ledger(wish.ledger, wish.config, problems);
    if (!path)
        return 1;
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(*path, unknown))
        return complain("there is no ledger at '" + printable(*path) + "'");
    auto query = ledger::Query::open(*path);
    if (!query)
        return complain(query.error().message());
    ledger::SumsQuery question;
    question.first = day_of(*since);
    question.by = {known->second};
    if (knows_place(known->second)) {
        question.by.push_back(Dimension::deployment);
        question.by.push_back(Dimension::api_base);
    }
    const auto rows = (*query)->sums(question);
    if (!rows)
        return complain(rows.error().message());
    const auto compiled = configuration(wish, problems);
    auto table = table_of(*rows, known->second, compiled ? compiled->snapshot.get() : nullptr);
    if (!table.knows_local) {
        const auto total = total_of(**query, question);
        if (!total)
            return complain(total.error().message());
        table.total.all = *total;
    }
    table.by = wish.by;
    table.first_day = ledger::day_text(question.first);
    table.last_day = ledger::day_text(day_of(now));
    out << (wish.json ? spend_json(table) : spend_text(table));
    return 0;
}

}  // namespace spillway::app
