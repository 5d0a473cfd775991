#include "spillway/score/train.hpp"

#include <algorithm>
#include <cmath>

#include "cross_validation.hpp"
#include "spillway/score/feature_row.hpp"
#include "spillway/score/score.hpp"
#include "word_class.hpp"

namespace spillway::score {

namespace {

/// Words of fewer prompts are not kept: they would only fill the set of known words up.
std::uint32_t fewest_prompts(std::size_t rows)
{
    return rows < 300 ? 1 : rows < 3000 ? 2 : 3;
}
/// A script counts as seen from this many prompts on.
constexpr std::size_t fewest_of_script = 10;
/// Share of the training prompts that may fall under the floor of known words, and the room left
/// below it.
constexpr float strangest = 0.005F;
constexpr float floor_room = 0.05F;

Result<void> check(std::span<const LabelledRow> rows)
{
    if (rows.size() < fewest_rows)
        return fail(Errc::invalid_request, std::to_string(rows.size()) +
                                               " labelled rows; at least " +
                                               std::to_string(fewest_rows) + " are needed");
    const auto share = [](float n) { return n >= 0 && n <= 1; };
    for (const auto& row : rows) {
        if (!share(row.weak) || !share(row.strong) || !(row.weight > 0) || !(row.weight < 1e6F))
            return fail(Errc::invalid_request,
                        "a label outside of 0..1, or a weight that is not positive");
    }
    return {};
}

std::uint64_t hash_of(std::span<const LabelledRow> rows)
{
    auto hash = fnv_basis;
    for (const auto& row : rows) {
        hash = (hash ^ fnv1a(pack(row.features))) * fnv_prime;
        for (const float label : {row.weak, row.strong, row.weight})
            hash = (hash ^ static_cast<std::uint64_t>(std::lround(label * 1e6F))) * fnv_prime;
    }
    return hash;
}

/// Words in enough prompts, and the share of known words that is still usual.
void remember_words(std::span<const LabelledRow> rows, Weights& weights)
{
    std::vector<std::uint32_t> prompts(vocabulary_bits);
    for (const auto& row : rows) {
        for (const auto word : row.features.words)
            ++prompts[word];
    }
    const auto fewest = fewest_prompts(rows.size());
    std::vector<std::uint8_t> known_words(vocabulary_bits / 8);
    for (std::size_t word = 0; word < vocabulary_bits; ++word) {
        if (prompts[word] >= fewest)
            known_words[word >> 3U] |= static_cast<std::uint8_t>(1U << (word & 7U));
    }
    weights.vocabulary = std::move(known_words);
    std::vector<float> shares;
    for (const auto& row : rows) {
        if (row.features.words.empty())
            continue;
        // A prompt's own words do not make them known to it.
        const auto known =
            std::count_if(row.features.words.begin(), row.features.words.end(),
                          [&](std::uint16_t word) { return prompts[word] > fewest; });
        shares.push_back(static_cast<float>(known) / static_cast<float>(row.features.words.size()));
    }
    if (shares.empty())
        return;
    const auto at = static_cast<std::ptrdiff_t>(strangest * static_cast<float>(shares.size()));
    std::nth_element(shares.begin(), shares.begin() + at, shares.end());
    weights.known_floor = std::max(shares[static_cast<std::size_t>(at)] - floor_room, 0.0F);
}

void remember_scripts(std::span<const LabelledRow> rows, Weights& weights)
{
    std::array<std::size_t, script_count> prompts{};
    for (const auto& row : rows)
        ++prompts[static_cast<std::size_t>(row.features.script)];
    for (std::size_t script = 0; script < script_count; ++script) {
        if (prompts[script] >= fewest_of_script)
            weights.scripts |= 1U << script;
    }
}

/// The tables of both heads while they are filled.
struct Tables {
    std::vector<std::int8_t> words = std::vector<std::int8_t>(head_count * bucket_count);
    std::vector<std::int8_t> systems = std::vector<std::int8_t>(head_count * system_count);
};

void quantise(const Coefficients& learned, std::size_t head, Weights& weights, Tables& tables)
{
    constexpr float steps = 127;
    float largest = 1e-6F;
    for (const auto& values : {std::span(learned.words), std::span(learned.systems)}) {
        for (const float value : values)
            largest = std::max(largest, std::abs(value));
    }
    auto& out = weights.heads[head];
    out.table_scale = largest / steps;
    out.bias = learned.bias;
    const auto rounded = [&](float value) {
        return static_cast<std::int8_t>(std::lround(value / out.table_scale));
    };
    for (std::size_t bucket = 0; bucket < bucket_count; ++bucket)
        tables.words[head_count * bucket + head] = rounded(learned.words[bucket]);
    for (std::size_t system = 0; system < system_count; ++system)
        tables.systems[head_count * system + head] = rounded(learned.systems[system]);
    for (std::size_t i = 0; i < dense_count; ++i)
        out.dense[i] = learned.dense[i];
}

/// The gains that evenly spaced shares of the prompts stay below.
std::vector<float> quantiles_of(std::vector<float> gains)
{
    std::sort(gains.begin(), gains.end());
    const auto points = std::clamp<std::size_t>(gains.size(), 2, most_quantiles);
    std::vector<float> quantiles(points);
    for (std::size_t i = 0; i < points; ++i) {
        const double at = static_cast<double>(i) / static_cast<double>(points - 1) *
                          static_cast<double>(gains.size() - 1);
        quantiles[i] = gains[static_cast<std::size_t>(std::lround(at))];
    }
    return quantiles;
}

Weights assemble(std::span<const LabelledRow> rows, const Rows& all, const Choice& choice)
{
    const auto pair = fit_pair(all, choice.best);
    const auto calibration = calibrate(all, choice.out_of_fold);
    Weights weights;
    weights.mean = pair.standard.mean;
    weights.inverse_deviation = pair.standard.scale;
    Tables tables;
    for (std::size_t h = 0; h < head_count; ++h) {
        quantise(pair.heads[h], h, weights, tables);
        weights.heads[h].slope = calibration[h].slope;
        weights.heads[h].offset = calibration[h].offset;
    }
    weights.table = std::move(tables.words);
    weights.systems = std::move(tables.systems);
    std::vector<float> gains;
    for (const auto& odds : choice.out_of_fold)
        gains.push_back(gain(calibration, odds));
    weights.quantiles = quantiles_of(std::move(gains));
    remember_words(rows, weights);
    remember_scripts(rows, weights);
    return weights;
}

}  // namespace

Result<Trained> train(std::span<const LabelledRow> rows, const TrainOptions& options)
{
    if (auto checked = check(rows); !checked)
        return fail(std::move(checked.error()));
    Rows all;
    TrainReport report;
    report.rows = rows.size();
    double weight = 0;
    for (const auto& row : rows) {
        all.push_back(&row);
        weight += static_cast<double>(row.weight);
        report.weak += static_cast<double>(row.weight * row.weak);
        report.strong += static_cast<double>(row.weight * row.strong);
    }
    report.weak /= weight;
    report.strong /= weight;
    auto choice = choose(all);
    report.trials = choice.trials;
    report.chosen = choice.best;
    auto scores = judged(all, choice.out_of_fold);
    report.cross_validated = apgr_interval(scores);
    if (options.validation == Validation::nested) {
        scores = nested(all);
        report.nested = apgr_interval(scores);
    }
    report.curve = curve(scores);
    Trained result{assemble(rows, all, choice), std::move(report)};
    result.weights.name = options.name.substr(0, 63);
    result.weights.created = options.created;
    result.weights.training_hash = hash_of(rows);
    result.weights.rows = static_cast<std::uint32_t>(rows.size());
    result.weights.apgr = result.report.apgr();
    return result;
}

std::vector<Judged> judge(const Weights& weights, std::span<const LabelledRow> rows)
{
    std::vector<Judged> prompts;
    prompts.reserve(rows.size());
    for (const auto& row : rows)
        prompts.push_back({.score = static_cast<double>(score(weights, row.features).gain),
                           .gain = static_cast<double>(row.strong - row.weak),
                           .weight = static_cast<double>(row.weight)});
    return prompts;
}

}  // namespace spillway::score
