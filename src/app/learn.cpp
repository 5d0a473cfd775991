#include "spillway/app/learn.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <ostream>
#include <utility>

#include "read_config.hpp"
#include "spillway/app/replay.hpp"
#include "spillway/app/weights_files.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/comparisons.hpp"
#include "spillway/review/grade.hpp"
#include "spillway/score/feature_row.hpp"

namespace spillway::app {

namespace {

/// Equal prompts have equal features, and must share a fold.
std::uint64_t hash_of(std::string_view bytes)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : bytes)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    return hash;
}

template <class... Values>
std::string line(const char* format, Values... values)
{
    std::array<char, 240> text{};
    std::snprintf(text.data(), text.size(), format, values...);
    return text.data();
}

std::string interval_line(const char* what, const score::Interval& apgr)
{
    return line("  %-21s %.4f  [%.4f, %.4f]\n", what, apgr.value, apgr.low, apgr.high);
}

/// The route that is meant, by its name or because only one compares.
Result<const config::Route*> route_of(const config::Config& config, const LearnWeights& wish)
{
    const config::Route* found = nullptr;
    std::string names;
    for (const auto& route : config.routes) {
        if (wish.route ? route.name != *wish.route : !route.shadow)
            continue;
        names += (names.empty() ? "" : ", ") + printable(route.name, 80);
        if (found != nullptr)
            return fail(Errc::bad_config,
                        "several routes compare (" + names + "); name one with --route");
        found = &route;
    }
    if (found == nullptr)
        return fail(Errc::bad_config,
                    wish.route ? "there is no route '" + printable(*wish.route) + "'"
                               : "no route of this file has `shadow`; see docs/complexity.md");
    return found;
}

Result<Lessons> read_lessons(const std::string& ledger, const std::string& route, WallTime since)
{
    auto comparisons = ledger::Comparisons::open(ledger);
    if (!comparisons)
        return fail(std::move(comparisons).error());
    Lessons lessons;
    auto read = comparisons->each(since, route, ledger::Comparisons::Texts::leave,
                                  [&](ledger::Comparison&& one) { lessons.add(one); });
    if (!read)
        return fail(std::move(read).error());
    lessons.balance();
    return lessons;
}

}  // namespace

void Lessons::add(const ledger::Comparison& comparison)
{
    const auto& label = comparison.label;
    auto features = score::unpack(comparison.features);
    const bool known = label.judge >= 0 && label.judge < static_cast<int>(by_judge.size());
    if (!features || !known || !(label.certainty > 0)) {
        ++unreadable;
        return;
    }
    score::LabelledRow row;
    row.features = *std::move(features);
    row.weak = static_cast<float>(label.weak);
    row.strong = static_cast<float>(label.strong);
    row.weight = static_cast<float>(label.certainty * comparison.weight);
    row.group = hash_of(comparison.features);
    rows.push_back(std::move(row));
    ++by_judge[static_cast<std::size_t>(label.judge)];
}

void Lessons::balance()
{
    const double sum = std::accumulate(
        rows.begin(), rows.end(), 0.0,
        [](double so_far, const auto& row) { return so_far + static_cast<double>(row.weight); });
    if (!(sum > 0))
        return;
    const auto factor = static_cast<float>(static_cast<double>(rows.size()) / sum);
    for (auto& row : rows)
        row.weight *= factor;
}

std::string learn_report(const std::string& route, const Lessons& lessons,
                         const score::Learned& learned)
{
    std::string out = line("route         %s\ncomparisons   %zu", printable(route, 80).c_str(),
                           lessons.rows.size());
    std::string judges;
    for (std::size_t judge = lessons.by_judge.size(); judge-- > 0;)
        if (const auto count = lessons.by_judge[judge]; count > 0)
            judges += (judges.empty() ? "" : ", ") + std::to_string(count) + " by " +
                      std::string(review::name(static_cast<review::Judge>(judge)));
    out += (judges.empty() ? "" : "  (" + judges + ")") + "\n";
    if (lessons.unreadable > 0)
        out +=
            line("left out      %zu of another version or without certainty\n", lessons.unreadable);
    if (learned.trained) {
        const auto& report = learned.trained->report;
        out += line("mean quality  %.3f weak, %.3f strong\n", report.weak, report.strong);
        out += "APGR (random: 0.5)      value   95 % interval\n";
        out += interval_line("learned, nested", report.apgr());
        out += interval_line("in use", learned.current);
        out += line("CPT(50 %%) %.1f %%, CPT(80 %%) %.1f %% of requests to the strong model\n",
                    100 * report.curve.cpt50, 100 * report.curve.cpt80);
    }
    return out + "verdict       " + std::string(score::describe(learned.verdict)) + "\n";
}

int learn_weights(const LearnWeights& wish, std::ostream& out, std::ostream& problems)
{
    const auto give_up = [&](const std::string& why) {
        problems << "spillway: " << why << '\n';
        return 1;
    };
    const auto since = since_of(wish.since, SystemClock{}.wall());
    if (!since)
        return give_up(since.error().message());
    const auto config = read_config(wish.config, problems);
    if (!config)
        return 1;
    const auto route = route_of(*config, wish);
    if (!route)
        return give_up(route.error().message());
    const auto& path = (*route)->complexity.weights;
    if (path.empty() && !wish.dry_run)
        return give_up("route '" + printable((*route)->name) +
                       "' names no file for its weights; write `complexity: {weights: FILE}`");
    if (wish.undo) {
        if (auto undone = undo_weights(path); !undone)
            return give_up(undone.error().message());
        out << "back to the weights before; the others are in " << previous_weights(path) << '\n';
        return 0;
    }
    const auto lessons =
        read_lessons(wish.ledger.value_or(config->ledger.path), (*route)->name, *since);
    if (!lessons)
        return give_up(lessons.error().message());
    const auto current = weights_in_use(path);
    if (!current)
        return give_up(current.error().message());
    score::TrainOptions options;
    options.name = "comparisons of " + printable((*route)->name, 40);
    options.created = SystemClock{}.wall();
    const auto learned = score::learn(lessons->rows, **current, options);
    if (!learned)
        return give_up(learned.error().message());
    out << learn_report((*route)->name, *lessons, *learned);
    if (!learned->may_activate())
        return 1;
    if (wish.dry_run)
        return 0;
    if (auto activated = activate_weights(learned->trained->weights, path); !activated)
        return give_up(activated.error().message());
    out << "written to    " << path << "; `--undo` goes back to " << previous_weights(path) << '\n';
    return 0;
}

}  // namespace spillway::app
