#include "spillway/score/learn.hpp"

#include <array>

namespace spillway::score {

namespace {

constexpr std::array<std::string_view, 5> sentences{
    "the new weights may be used",
    "there are too few comparisons to learn from",
    "the strong model was not better on these requests: there is nothing to route",
    "the lower bound of the new weights is under 0.53: they may be no better than chance",
    "the weights in use sort these requests better than the new ones",
};

Verdict judge_report(const TrainReport& report, const Interval& current)
{
    if (!(report.strong > report.weak))
        return Verdict::no_gap;
    if (report.apgr().low < least_lower_bound)
        return Verdict::not_certain;
    if (current.value > report.apgr().value)
        return Verdict::current_better;
    return Verdict::activate;
}

}  // namespace

std::string_view describe(Verdict verdict) noexcept
{
    return sentences[static_cast<std::size_t>(verdict)];
}

Result<Learned> learn(std::span<const LabelledRow> rows, const Weights& current,
                      TrainOptions options)
{
    Learned learned;
    if (rows.size() < fewest_comparisons)
        return learned;
    options.validation = Validation::nested;
    auto trained = train(rows, options);
    if (!trained)
        return fail(std::move(trained.error()));
    learned.current = apgr_interval(judge(current, rows));
    learned.lower_bound = trained->report.apgr().low;
    learned.verdict = judge_report(trained->report, learned.current);
    learned.trained = std::move(*trained);
    return learned;
}

}  // namespace spillway::score
