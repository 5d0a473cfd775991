#include <algorithm>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/route/plan.hpp"

namespace spillway::route {

namespace {

constexpr std::size_t longest_line = 240;

/// Candidates of one group and one verdict as one word, so that a group of twenty fits the line.
void add_candidates(const Explanation& why, const RoutingTable& table, std::string& line)
{
    std::size_t i = 0;
    const auto& all = why.candidates;
    while (i < all.size()) {
        auto end = i + 1;
        while (end < all.size() && all[end].group == all[i].group &&
               all[end].verdict == all[i].verdict)
            ++end;
        line += (i == 0 ? "; " : ", ") + printable(table[all[i].group].name, 60);
        if (end - i > 1)
            line += " x" + std::to_string(end - i);
        if (all[i].verdict != Verdict::kept)
            line += " (" + std::string(name(all[i].verdict)) + ")";
        i = end;
    }
}

}  // namespace

std::string compact(const Explanation& why, const RoutingTable& table)
{
    std::string line;
    if (!why.route.empty()) {
        line = "route=" + printable(why.route, 60) + "; rule=" + printable(why.rule, 60);
        if (!why.rules.empty() && why.rules.back().held)
            line += " (" + why.rules.back().because + ")";
    } else {
        line = "explicit model";
    }
    if (!why.score.empty())
        line += "; complexity=" + why.score;
    if (why.budget)
        line += why.budget == config::BudgetTurn::local_only ? "; budget=local-only"
                                                             : "; budget=local-first";
    if (why.boundary == privacy::Boundary::local)
        line += "; boundary=local";
    add_candidates(why, table, line);
    if (line.size() > longest_line)
        line.replace(longest_line - 3, std::string::npos, "...");
    return line;
}

}  // namespace spillway::route
