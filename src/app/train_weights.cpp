#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <istream>
#include <ostream>
#include <vector>

#include "prompt_lines.hpp"
#include "spillway/app/scoring.hpp"
#include "spillway/base/text.hpp"
#include "spillway/score/train.hpp"

namespace spillway::app {

namespace {

struct Labels {
    std::vector<score::LabelledRow> rows;
    std::vector<score::LabelledRow> held_out;
    std::size_t unlabelled = 0;
    score::Extractor extractor;
};

/// FNV-1a: equal prompts belong to one fold whatever their ids.
std::uint64_t group_of(const PromptLine& line)
{
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const auto* text : {&line.system, &line.last_user}) {
        for (const char c : *text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        hash = (hash ^ 0xFFU) * 0x100000001b3U;
    }
    return hash;
}

Result<void> read_labels(std::istream& in, const TrainWeights& wish, Labels& labels)
{
    return each_prompt(in, [&](const PromptLine& line) {
        if (wish.dataset && line.dataset != *wish.dataset)
            return;
        if (line.weak < 0 || line.strong < 0) {
            ++labels.unlabelled;
            return;
        }
        score::LabelledRow row;
        row.features = labels.extractor.extract(line.view());
        row.weak = static_cast<float>(line.weak);
        row.strong = static_cast<float>(line.strong);
        row.weight = static_cast<float>(line.weight);
        row.group = group_of(line);
        const bool apart = wish.held_out && line.split == *wish.held_out;
        (apart ? labels.held_out : labels.rows).push_back(std::move(row));
    });
}

Result<void> read_files(const TrainWeights& wish, std::istream& standard_input, Labels& labels)
{
    for (const auto& path : wish.labels) {
        if (path == "-") {
            if (auto done = read_labels(standard_input, wish, labels); !done)
                return done;
            continue;
        }
        std::ifstream file(path);
        if (!file)
            return fail(Errc::io_error, "cannot open '" + printable(path) + "'");
        if (auto done = read_labels(file, wish, labels); !done)
            return fail(std::move(done.error()).within(printable(path)));
    }
    return {};
}

std::string line_of(const char* what, const score::Interval& apgr)
{
    std::array<char, 160> text{};
    std::snprintf(text.data(), text.size(), "%-28s %.4f  [%.4f, %.4f]\n", what, apgr.value,
                  apgr.low, apgr.high);
    return text.data();
}

void print_report(const score::TrainReport& report, std::ostream& out)
{
    std::array<char, 200> text{};
    const auto print = [&](const char* format, auto... values) {
        std::snprintf(text.data(), text.size(), format, values...);
        out << text.data();
    };
    print("%zu prompts; mean quality %.3f weak, %.3f strong\n\n", report.rows, report.weak,
          report.strong);
    for (const auto& trial : report.trials)
        print("C %-5.2f / %-5.2f counters x %-5.2f steps x %-5.2f %.4f%s\n",
              static_cast<double>(trial.c[0]), static_cast<double>(trial.c[1]),
              static_cast<double>(trial.dense_scale), static_cast<double>(trial.step_scale),
              trial.apgr, trial == report.chosen ? "  chosen" : "");
    out << "\nAPGR (random: 0.5)           value   95 % interval\n"
        << line_of("5-fold cross-validation", report.cross_validated);
    if (report.nested)
        out << line_of("nested cross-validation", *report.nested);
    print("CPT(50 %%) %.1f %%, CPT(80 %%) %.1f %% of requests to the strong model\n",
          100 * report.curve.cpt50, 100 * report.curve.cpt80);
}

}  // namespace

int train_weights(const TrainWeights& wish, std::istream& in, std::ostream& out,
                  std::ostream& problems)
{
    const auto give_up = [&](const Error& error) {
        problems << "spillway: " << error.message() << '\n';
        return 1;
    };
    Labels labels;
    if (auto done = read_files(wish, in, labels); !done)
        return give_up(done.error());
    if (labels.unlabelled != 0)
        problems << "spillway: " << labels.unlabelled << " lines without labels left out\n";
    score::TrainOptions options;
    options.name = wish.name.value_or(wish.dataset.value_or("labelled prompts"));
    options.created =
        std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
    options.validation = wish.report ? score::Validation::nested : score::Validation::cross;
    const auto trained = score::train(labels.rows, options);
    if (!trained)
        return give_up(trained.error());
    print_report(trained->report, out);
    if (!labels.held_out.empty())
        out << line_of("held out",
                       score::apgr_interval(score::judge(trained->weights, labels.held_out)));
    if (!wish.out)
        return 0;
    if (auto saved = score::save_weights(trained->weights, *wish.out); !saved)
        return give_up(saved.error());
    out << "\nwritten to " << *wish.out << '\n';
    return 0;
}

}  // namespace spillway::app
