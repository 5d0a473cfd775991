#include <algorithm>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/route/plan.hpp"

namespace spillway::route {

namespace {

constexpr std::size_t longest_line = 240;

std::string in_brackets(std::string_view words)
{
    return words.empty() ? std::string() : " (" + std::string(words) + ")";
}

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
        // Whoever may not use a place does not learn its name.
        line += i == 0 ? "; " : ", ";
        line += all[i].verdict == Verdict::not_allowed ? std::string("another")
                                                       : printable(table[all[i].group].name, 60);
        if (end - i > 1)
            line += " x" + std::to_string(end - i);
        if (all[i].verdict != Verdict::kept)
            line += " (" + std::string(name(all[i].verdict)) + ")";
        i = end;
    }
}

}  // namespace

std::string_view name(Preference preference)
{
    switch (preference) {
        case Preference::none:
            return "";
        case Preference::local:
            return "local";
        case Preference::cloud:
            return "cloud";
        case Preference::cheap:
            return "cheap";
        case Preference::fast:
            return "fast";
        case Preference::best:
            return "best";
    }
    return "";
}

std::string_view name(BoundaryBy by)
{
    switch (by) {
        case BoundaryBy::nobody:
            return "";
        case BoundaryBy::rule:
            return "rule";
        case BoundaryBy::key:
        case BoundaryBy::grant:
            return "key";
        case BoundaryBy::header:
            return "header";
        case BoundaryBy::metadata:
            return "metadata";
        case BoundaryBy::sensitive_class:
            return "class";
    }
    return "";
}

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
        line += "; boundary=local" + in_brackets(name(why.boundary_by));
    if (why.prefer != Preference::none)
        line += "; prefer=" + std::string(name(why.prefer));
    add_candidates(why, table, line);
    if (line.size() > longest_line)
        line.replace(longest_line - 3, std::string::npos, "...");
    return line;
}

}  // namespace spillway::route
