#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "spillway/app/replay.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/budget.hpp"

namespace spillway::app {

namespace {

constexpr std::size_t most_moves = 20;

struct Move {
    std::string from;
    std::string to;
    std::uint64_t requests = 0;
};

/// The largest first; those of one size by name.
std::vector<Move> largest_moves(const ReplaySums& sums)
{
    std::vector<Move> moves;
    for (const auto& [pair, requests] : sums.moves)
        moves.push_back({pair.first, pair.second, requests});
    std::stable_sort(moves.begin(), moves.end(),
                     [](const Move& a, const Move& b) { return a.requests > b.requests; });
    if (moves.size() > most_moves)
        moves.resize(most_moves);
    return moves;
}

std::string percent(std::uint64_t part, std::uint64_t whole)
{
    if (whole == 0)
        return "-";
    // In whole numbers, so that every machine prints the same.
    const auto tenths = (part * 1'000 + whole / 2) / whole;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " %";
}

/// Half away from zero, to six places.
std::string usd(NanoUsd amount)
{
    const auto micros = (count(amount) + 500) / 1'000;
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "$%lld.%06lld",
                  static_cast<long long>(micros / 1'000'000),
                  static_cast<long long>(micros % 1'000'000));
    return text.data();
}

class Lines {
public:
    void add(std::string_view name, const std::string& value)
    {
        constexpr std::size_t width = 24;
        text_.append(name).append(width - std::min(width - 1, name.size()), ' ');
        text_.append(value).append("\n");
    }
    /// Only where there is something to say.
    void add_some(std::string_view name, std::uint64_t number, std::string_view meaning)
    {
        if (number > 0)
            add(name, std::to_string(number) + "  (" + std::string(meaning) + ")");
    }
    void put(std::string_view line) { text_.append(line).append("\n"); }
    [[nodiscard]] std::string take() && { return std::move(text_); }

private:
    std::string text_;
};

void add_gaps(const ReplaySums& sums, Lines& lines)
{
    constexpr auto absent = "not asked then; taken for no";
    lines.add_some("questions not known", sums.questions_unknown, absent);
    lines.add_some("classes not known", sums.sensitive_unknown, "not scanned then; taken for none");
    lines.add_some("scores not known", sums.score_unknown, "not taken then; as an abstention");
    lines.add_some("code not known", sums.code_unknown, absent);
    lines.add_some("speeds not known", sums.speed_unknown,
                   "asked for the fastest; taken for the one of then, and not as moved");
}

}  // namespace

std::optional<WallTime> parse_since(std::string_view text, WallTime now)
{
    using namespace std::chrono;
    using Unit = config::BudgetPeriod::Unit;
    if (const auto period = config::parse_budget_period(text)) {
        switch (period->unit) {
            case Unit::second:
                return now - seconds{period->count};
            case Unit::minute:
                return now - minutes{period->count};
            case Unit::hour:
                return now - hours{period->count};
            case Unit::day:
                return now - days{period->count};
            case Unit::week:
                return now - weeks{period->count};
            case Unit::month:
                return now - days{30} * period->count;
            case Unit::never:
                break;
        }
        return std::nullopt;
    }
    int in_year = 0;
    unsigned in_month = 0;
    unsigned in_day = 0;
    int read = 0;
    const std::string date(text.substr(0, 16));
    if (std::sscanf(date.c_str(), "%4d-%2u-%2u%n", &in_year, &in_month, &in_day, &read) != 3 ||
        static_cast<std::size_t>(read) != text.size())
        return std::nullopt;
    const year_month_day at{year{in_year}, month{in_month}, day{in_day}};
    return at.ok() ? std::optional{WallTime{sys_days{at}}} : std::nullopt;
}

std::string replay_table(const ReplaySums& sums)
{
    Lines lines;
    lines.put("Assumed: all deployments idle and healthy, all budgets full, first choices serve.");
    lines.add("requests", std::to_string(sums.requests));
    lines.add("  decided again", std::to_string(sums.decided));
    lines.add("  model named, served", std::to_string(sums.explicit_model));
    lines.add_some("  no longer served", sums.not_served, "the name means nothing in this file");
    lines.add_some("  not recorded", sums.not_recorded,
                   "a route's name in this file, but the record has no features");
    lines.add("moved", std::to_string(sums.moved) + "  (" + percent(sums.moved, sums.decided) +
                           " of those decided again)");
    for (const auto& move : largest_moves(sums))
        lines.put("  " + std::to_string(move.requests) + "  " + printable(move.from) + " -> " +
                  printable(move.to));
    if (sums.moves.size() > most_moves)
        lines.put("  and " + std::to_string(sums.moves.size() - most_moves) + " kinds more");
    lines.add("refused",
              std::to_string(sums.refused_before) + " -> " + std::to_string(sums.refused_after));
    lines.add("local share", percent(sums.local_before, sums.decided) + " -> " +
                                 percent(sums.local_after, sums.decided));
    lines.add("cost", usd(sums.cost.before) + " -> " + usd(sums.cost.after) + "  (over " +
                          std::to_string(sums.cost.requests) + " with known usage and prices)");
    add_gaps(sums, lines);
    lines.add("privacy violations", std::to_string(sums.violations));
    for (const auto& id : sums.violating)
        lines.put("  " + id + " had to stay local, and might leave");
    return std::move(lines).take();
}

std::string replay_json(const ReplaySums& sums)
{
    using Json = nlohmann::ordered_json;
    Json moves = Json::array();
    for (const auto& move : largest_moves(sums))
        moves.push_back({{"from", move.from}, {"to", move.to}, {"requests", move.requests}});
    const Json out{{"assumed", "idle fleet, full budgets, first choices serve"},
                   {"requests", sums.requests},
                   {"decided", sums.decided},
                   {"explicit_model", sums.explicit_model},
                   {"no_longer_served", sums.not_served},
                   {"not_recorded", sums.not_recorded},
                   {"moved", sums.moved},
                   {"moves", std::move(moves)},
                   {"refused", {{"before", sums.refused_before}, {"after", sums.refused_after}}},
                   {"local", {{"before", sums.local_before}, {"after", sums.local_after}}},
                   {"cost_nano_usd",
                    {{"before", count(sums.cost.before)},
                     {"after", count(sums.cost.after)},
                     {"requests", sums.cost.requests}}},
                   {"not_known",
                    {{"questions", sums.questions_unknown},
                     {"sensitive", sums.sensitive_unknown},
                     {"score", sums.score_unknown},
                     {"code", sums.code_unknown},
                     {"speed", sums.speed_unknown}}},
                   {"privacy_violations", sums.violations},
                   {"violating_requests", sums.violating}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace spillway::app
