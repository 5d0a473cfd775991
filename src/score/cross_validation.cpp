#include "cross_validation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace spillway::score {

namespace {

constexpr std::size_t folds = 5;

/// Strengths of the data against the penalty, tried in this order.
constexpr std::array<float, 8> strengths{0.06F, 0.12F, 0.25F, 0.5F, 1.0F, 2.0F, 4.0F, 8.0F};
/// The first of them serve both heads, all of them the strong model's: it fails so seldom that in a
/// small set the penalty would flatten what little is known of it.
constexpr std::size_t common_strengths = 6;

/// Small sets lean on the counters, and one division into folds says little about them.
constexpr std::size_t small_set = 2500;
float dense_scale_for(std::size_t rows)
{
    return rows < small_set ? 0.1F : 0.05F;
}
/// Trust in the counts of steps beside the other counters: what helps on problems in words hurts
/// where questions ask for facts.
constexpr std::array<float, 2> step_scales{0.25F, 1.0F};

std::uint64_t repeats_for(std::size_t rows)
{
    return rows < small_set ? 4 : 1;
}

/// Places in `strengths`, one for each head.
using Pairing = std::array<std::size_t, head_count>;

/// What is tried together with the strength `weak` of the first head. A choice among many needs
/// the repeated divisions of small sets, and large ones have nothing to gain by it.
std::vector<Pairing> pairings_of(std::size_t weak, std::size_t rows)
{
    if (rows >= small_set)
        return {Pairing{weak, weak}};
    std::vector<Pairing> pairings;
    for (std::size_t strong = 0; strong < strengths.size(); ++strong)
        pairings.push_back({weak, strong});
    return pairings;
}

std::span<const float> strengths_for(std::size_t rows)
{
    return std::span(strengths).first(rows < small_set ? strengths.size() : common_strengths);
}

std::size_t fold_of(const LabelledRow& row, std::uint64_t salt)
{
    auto hash = row.group + (salt + 1) * 0x9e3779b97f4a7c15U;
    hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
    hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::size_t>((hash ^ (hash >> 31U)) % folds);
}

std::vector<const Features*> features_of(const Rows& rows)
{
    std::vector<const Features*> features;
    features.reserve(rows.size());
    for (const auto* row : rows)
        features.push_back(&row->features);
    return features;
}

float target(const LabelledRow& row, Head head)
{
    return 1 - (head == Head::weak_fails ? row.weak : row.strong);
}

struct Split {
    Rows inside;
    Rows outside;
    std::vector<std::size_t> places;  ///< Of the rows outside, in the whole.
};

Split split(const Rows& rows, std::size_t fold, std::uint64_t salt)
{
    Split parts;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (fold_of(*rows[i], salt) != fold) {
            parts.inside.push_back(rows[i]);
            continue;
        }
        parts.outside.push_back(rows[i]);
        parts.places.push_back(i);
    }
    return parts;
}

/// Rows laid out for fitting either head.
class Fitting {
public:
    Fitting(const Rows& rows, const CounterTrust& trust)
        : rows_(rows),
          features_(features_of(rows)),
          standard_(standardise(features_)),
          design_(features_, standard_, trust)
    {
        for (const auto* row : rows)
            weights_.push_back(row->weight);
    }

    [[nodiscard]] const Standard& standard() const { return standard_; }
    /// One per strength in `cs` (ascending); each starts from the one before, which is quicker.
    [[nodiscard]] std::vector<Coefficients> path(Head head, std::span<const float> cs) const
    {
        std::vector<float> targets;
        for (const auto* row : rows_)
            targets.push_back(target(*row, head));
        std::vector<Coefficients> path;
        std::vector<float> start(design_.parameters());
        for (const float c : cs) {
            start = fit_logistic(design_, targets, weights_, c, std::move(start));
            path.push_back(design_.named(start));
        }
        return path;
    }

private:
    const Rows& rows_;
    std::vector<const Features*> features_;
    Standard standard_;
    Design design_;
    std::vector<float> weights_;
};

/// One pair per strength, the same for both heads.
std::vector<HeadPair> fit_path(const Rows& rows, const CounterTrust& trust,
                               std::span<const float> cs)
{
    const Fitting fitting(rows, trust);
    std::vector<HeadPair> pairs(cs.size());
    for (const auto head : {Head::weak_fails, Head::strong_fails}) {
        auto path = fitting.path(head, cs);
        for (std::size_t i = 0; i < cs.size(); ++i)
            pairs[i].heads[static_cast<std::size_t>(head)] = std::move(path[i]);
    }
    for (auto& pair : pairs)
        pair.standard = fitting.standard();
    return pairs;
}

CounterTrust trust_of(const Trial& trial)
{
    return {.all = trial.dense_scale, .steps = trial.step_scale};
}

/// Out-of-fold log odds, one vector per strength.
std::vector<std::vector<LogOdds>> out_of_fold(const Rows& rows, const CounterTrust& trust,
                                              std::uint64_t salt)
{
    const auto cs = strengths_for(rows.size());
    std::vector<std::vector<LogOdds>> odds(cs.size(), std::vector<LogOdds>(rows.size()));
    for (std::size_t fold = 0; fold < folds; ++fold) {
        const auto parts = split(rows, fold, salt);
        if (parts.inside.empty() || parts.outside.empty())
            continue;
        const auto pairs = fit_path(parts.inside, trust, cs);
        for (std::size_t s = 0; s < cs.size(); ++s) {
            const auto some = log_odds(pairs[s], parts.outside);
            for (std::size_t i = 0; i < some.size(); ++i)
                odds[s][parts.places[i]] = some[i];
        }
    }
    return odds;
}

float log_odds(const HeadPair& pair, const Coefficients& head, const Features& features)
{
    float words = 0;
    for (const auto bucket : features.buckets)
        words += head.words[bucket];
    float counters = 0;
    for (std::size_t i = 0; i < dense_count; ++i)
        counters += pair.standard(features, i) * head.dense[i];
    const float task =
        features.system_hash == 0 ? 0.0F : head.systems[features.system_hash % system_count];
    return words * wording_norm(features) + counters + task * system_scale + head.bias;
}

struct Sums {
    double gradient_slope = 0;
    double gradient_offset = 0;
    double ss = 1e-6;
    double so = 0;
    double oo = 1e-6;
};

Sums platt_sums(const Rows& rows, std::span<const LogOdds> odds, Head head, double slope,
                double offset)
{
    Sums sums;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double z = static_cast<double>(odds[i][static_cast<std::size_t>(head)]);
        const double p = 1 / (1 + std::exp(-(slope * z + offset)));
        const double weight = static_cast<double>(rows[i]->weight);
        const double error = weight * (p - static_cast<double>(target(*rows[i], head)));
        const double curvature = weight * p * (1 - p);
        sums.gradient_slope += error * z;
        sums.gradient_offset += error;
        sums.ss += curvature * z * z;
        sums.so += curvature * z;
        sums.oo += curvature;
    }
    return sums;
}

/// Newton's method on two numbers, with a slope near 1 favoured a little: a handful of rows must
/// not make certainties.
Platt fit_platt(const Rows& rows, std::span<const LogOdds> odds, Head head)
{
    constexpr double prior = 4;
    double slope = 1;
    double offset = 0;
    for (int i = 0; i < 20; ++i) {
        const auto sums = platt_sums(rows, odds, head, slope, offset);
        const double gs = sums.gradient_slope + prior * (slope - 1);
        const double ss = sums.ss + prior;
        const double determinant = ss * sums.oo - sums.so * sums.so;
        if (!(determinant > 1e-9))
            break;
        slope -= (sums.oo * gs - sums.so * sums.gradient_offset) / determinant;
        offset -= (ss * sums.gradient_offset - sums.so * gs) / determinant;
        slope = std::clamp(slope, 0.1, 10.0);
        offset = std::clamp(offset, -20.0, 20.0);
    }
    return {static_cast<float>(slope), static_cast<float>(offset)};
}

}  // namespace

float Platt::operator()(float z) const noexcept
{
    return 1 / (1 + std::exp(-(slope * z + offset)));
}

HeadPair fit_pair(const Rows& rows, const Trial& trial)
{
    const Fitting fitting(rows, trust_of(trial));
    HeadPair pair;
    pair.standard = fitting.standard();
    for (const auto head : {Head::weak_fails, Head::strong_fails}) {
        const auto place = static_cast<std::size_t>(head);
        pair.heads[place] = std::move(fitting.path(head, {{trial.c[place]}}).front());
    }
    return pair;
}

std::vector<LogOdds> log_odds(const HeadPair& pair, const Rows& rows)
{
    std::vector<LogOdds> odds;
    odds.reserve(rows.size());
    for (const auto* row : rows) {
        auto& sums = odds.emplace_back();
        for (std::size_t h = 0; h < head_count; ++h)
            sums[h] = log_odds(pair, pair.heads[h], row->features);
    }
    return odds;
}

std::array<Platt, head_count> calibrate(const Rows& rows, std::span<const LogOdds> odds)
{
    return {fit_platt(rows, odds, Head::weak_fails), fit_platt(rows, odds, Head::strong_fails)};
}

float gain(const std::array<Platt, head_count>& calibration, const LogOdds& odds)
{
    return calibration[0](odds[0]) - calibration[1](odds[1]);
}

std::vector<Judged> judged(const Rows& rows, std::span<const LogOdds> odds)
{
    const auto calibration = calibrate(rows, odds);
    std::vector<Judged> prompts;
    prompts.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
        prompts.push_back({.score = static_cast<double>(gain(calibration, odds[i])),
                           .gain = static_cast<double>(rows[i]->strong - rows[i]->weak),
                           .weight = static_cast<double>(rows[i]->weight)});
    return prompts;
}

namespace {

/// Chances of failing, out of fold: by strength, by head, by row.
class Chances {
public:
    Chances(const Rows& rows, const std::vector<std::vector<LogOdds>>& odds) : rows_(rows)
    {
        for (const auto& of_strength : odds) {
            const auto calibration = calibrate(rows, of_strength);
            auto& chances = chances_.emplace_back();
            for (const auto& each : of_strength)
                chances.push_back({calibration[0](each[0]), calibration[1](each[1])});
        }
    }

    [[nodiscard]] double apgr(const Pairing& pairing) const
    {
        std::vector<Judged> prompts;
        prompts.reserve(rows_.size());
        for (std::size_t i = 0; i < rows_.size(); ++i) {
            const auto& row = *rows_[i];
            const float gain = chances_[pairing[0]][i][0] - chances_[pairing[1]][i][1];
            prompts.push_back({.score = static_cast<double>(gain),
                               .gain = static_cast<double>(row.strong - row.weak),
                               .weight = static_cast<double>(row.weight)});
        }
        return curve(prompts).apgr;
    }

private:
    const Rows& rows_;
    std::vector<std::vector<std::array<float, head_count>>> chances_;
};

/// The two heads' log odds at the strengths of `pairing`.
std::vector<LogOdds> paired(const std::vector<std::vector<LogOdds>>& odds, const Pairing& pairing)
{
    auto pairs = odds[pairing[0]];
    for (std::size_t i = 0; i < pairs.size(); ++i)
        pairs[i][1] = odds[pairing[1]][i][1];
    return pairs;
}

/// The best partner of the strength `weak`, by the mean over all divisions into folds.
std::pair<Pairing, double> best_pairing(const std::vector<Chances>& divisions, std::size_t weak,
                                        std::size_t rows)
{
    std::pair<Pairing, double> best{{weak, weak}, -1.0};
    for (const auto& pairing : pairings_of(weak, rows)) {
        double sum = 0;
        for (const auto& division : divisions)
            sum += division.apgr(pairing);
        const double mean = sum / static_cast<double>(divisions.size());
        if (mean > best.second)
            best = {pairing, mean};
    }
    return best;
}

}  // namespace

Choice choose(const Rows& rows)
{
    Choice choice;
    for (const float steps : step_scales) {
        const CounterTrust trust{.all = dense_scale_for(rows.size()), .steps = steps};
        std::vector<Chances> divisions;
        std::vector<std::vector<LogOdds>> first;
        for (std::uint64_t salt = 0; salt < repeats_for(rows.size()); ++salt) {
            auto odds = out_of_fold(rows, trust, salt);
            divisions.emplace_back(rows, odds);
            if (salt == 0)
                first = std::move(odds);
        }
        for (std::size_t weak = 0; weak < common_strengths; ++weak) {
            const auto [pairing, apgr] = best_pairing(divisions, weak, rows.size());
            const Trial trial{
                {strengths[pairing[0]], strengths[pairing[1]]}, trust.all, trust.steps, apgr};
            if (choice.trials.empty() || trial.apgr > choice.best.apgr) {
                choice.best = trial;
                choice.out_of_fold = paired(first, pairing);
            }
            choice.trials.push_back(trial);
        }
    }
    return choice;
}

std::vector<Judged> nested(const Rows& rows)
{
    std::vector<Judged> all(rows.size());
    constexpr std::uint64_t outer_salt = 1000;
    for (std::size_t fold = 0; fold < folds; ++fold) {
        const auto parts = split(rows, fold, outer_salt);
        if (parts.inside.empty() || parts.outside.empty())
            continue;
        const auto choice = choose(parts.inside);
        const auto calibration = calibrate(parts.inside, choice.out_of_fold);
        const auto odds = log_odds(fit_pair(parts.inside, choice.best), parts.outside);
        for (std::size_t i = 0; i < odds.size(); ++i) {
            const auto& row = *parts.outside[i];
            all[parts.places[i]] = {static_cast<double>(gain(calibration, odds[i])),
                                    static_cast<double>(row.strong - row.weak),
                                    static_cast<double>(row.weight)};
        }
    }
    return all;
}

}  // namespace spillway::score
