#include <algorithm>
#include <array>
#include <cstdio>

#include "spillway/app/spend_command.hpp"
#include "spillway/base/text.hpp"

namespace spillway::app {

namespace {

constexpr std::size_t longest_name = 40;
constexpr std::array<std::string_view, 7> headings{
    "requests", "tokens in", "tokens out", "cost $", "local", "reference $", "saved $"};
using Cells = std::array<std::string, headings.size()>;

/// What the local requests would have cost elsewhere, less what they cost.
ledger::Spend saved(const SpendLine& line)
{
    auto spend = line.local.reference;
    spend -= line.local.compared;
    return spend;
}

std::string percent(std::int64_t part, std::int64_t whole)
{
    if (whole == 0)
        return "-";
    const auto tenths = (part * 1'000 + whole / 2) / whole;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

std::string usd(const ledger::Spend& spend)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.4f", spend.usd());
    return text.data();
}

Cells cells_of(const SpendLine& line, bool knows_local)
{
    const auto& sums = line.all;
    Cells cells{std::to_string(sums.requests),
                std::to_string(sums.prompt_tokens),
                std::to_string(sums.completion_tokens),
                usd(sums.cost) + (sums.unknown_costs > 0 ? "*" : ""),
                "-",
                usd(sums.reference),
                "-"};
    if (knows_local) {
        cells[4] = percent(line.local.requests, sums.requests);
        cells[6] = usd(saved(line));
    }
    return cells;
}

std::string shown_name(const std::string& name)
{
    return name.empty() ? "(none)" : printable(name, longest_name);
}

void add_line(std::string& out, const std::string& name, std::size_t name_width, const Cells& cells,
              const std::array<std::size_t, headings.size()>& widths)
{
    out.append(name).append(name_width - std::min(name_width, name.size()), ' ');
    for (std::size_t i = 0; i < cells.size(); ++i)
        out.append(widths.at(i) + 2 - cells.at(i).size(), ' ').append(cells.at(i));
    out += '\n';
}

std::string assumption(const SpendTable& table)
{
    const auto model = table.reference_model.empty()
                           ? std::string("the reference model of that time")
                           : printable(table.reference_model);
    return "Saved: what local requests would have cost at the prices of " + model +
           " (ledger.reference_model) for the same tokens, less what they cost.";
}

void add_json_sums(std::string& out, const SpendLine& line, bool knows_local)
{
    const auto& sums = line.all;
    const auto put = [&](std::string_view name, const std::string& value) {
        out.append(",\"").append(name).append("\":").append(value);
    };
    put("requests", std::to_string(sums.requests));
    put("served", std::to_string(sums.served));
    put("prompt_tokens", std::to_string(sums.prompt_tokens));
    put("completion_tokens", std::to_string(sums.completion_tokens));
    put("cost_usd", sums.cost.json());
    put("unknown_cost_requests", std::to_string(sums.unknown_costs));
    put("local_requests", knows_local ? std::to_string(line.local.requests) : "null");
    put("reference_usd", sums.reference.json());
    put("saved_usd", knows_local ? saved(line).json() : "null");
}

}  // namespace

std::string spend_text(const SpendTable& table)
{
    std::vector<std::pair<std::string, Cells>> rows;
    for (const auto& line : table.lines)
        rows.emplace_back(shown_name(line.name), cells_of(line, table.knows_local));
    rows.emplace_back("total", cells_of(table.total, table.knows_local));
    std::size_t name_width = table.by.size();
    std::array<std::size_t, headings.size()> widths{};
    Cells titles;
    for (std::size_t i = 0; i < headings.size(); ++i) {
        titles.at(i) = headings.at(i);
        widths.at(i) = headings.at(i).size();
    }
    for (const auto& [name, cells] : rows) {
        name_width = std::max(name_width, name.size());
        for (std::size_t i = 0; i < cells.size(); ++i)
            widths.at(i) = std::max(widths.at(i), cells.at(i).size());
    }
    std::string out = table.first_day + " to " + table.last_day + ", UTC\n\n";
    add_line(out, table.by, name_width, titles, widths);
    for (const auto& [name, cells] : rows)
        add_line(out, name, name_width, cells, widths);
    out += "\n" + assumption(table) + "\n";
    if (table.total.all.unknown_costs > 0)
        out += "* " + std::to_string(table.total.all.unknown_costs) +
               " requests have no known cost (refused, without a price, or without usage).\n";
    return out;
}

std::string spend_json(const SpendTable& table)
{
    std::string out = "{\"since\":" + json_quoted(table.first_day) +
                      ",\"until\":" + json_quoted(table.last_day) +
                      ",\"by\":" + json_quoted(table.by) + ",\"rows\":[";
    for (const auto& line : table.lines) {
        out.append(&line == table.lines.data() ? "" : ",");
        out += "{\"name\":" + json_quoted(line.name);
        add_json_sums(out, line, table.knows_local);
        out += '}';
    }
    out += "],\"total\":{\"name\":\"total\"";
    add_json_sums(out, table.total, table.knows_local);
    return out + "},\"assumption\":" + json_quoted(assumption(table)) + "}\n";
}

}  // namespace spillway::app
