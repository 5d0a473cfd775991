#include "logistic.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

namespace spillway::score {

namespace {

constexpr int most_iterations = 200;
constexpr std::size_t memory = 8;
/// Of the gradient's norm, against that at zero: a good start needs few steps.
constexpr double tolerance = 1e-3;

double dot(std::span<const float> a, std::span<const float> b)
{
    // Sums of a few hundred in float, of those in double: fast and exact enough.
    constexpr std::size_t piece = 256;
    double sum = 0;
    for (std::size_t begin = 0; begin < a.size(); begin += piece) {
        const auto end = std::min(begin + piece, a.size());
        float part = 0;
        for (auto i = begin; i < end; ++i)
            part += a[i] * b[i];
        sum += static_cast<double>(part);
    }
    return sum;
}

/// log(1 + exp(x)) without overflow.
double softplus(double x)
{
    return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

/// The penalised loss as a function of one vector; the bias is its last element.
class Objective {
public:
    Objective(const Design& design, std::span<const float> targets, std::span<const float> weights,
              float c)
        : design_(design), targets_(targets), weights_(weights), c_(c)
    {}

    double operator()(std::span<const float> at, std::span<float> gradient) const
    {
        const auto bias = at.size() - 1;
        std::copy(at.begin(), at.end(), gradient.begin());
        gradient[bias] = 0;
        double loss = dot(at.first(bias), at.first(bias)) / 2;
        for (std::size_t i = 0; i < design_.rows(); ++i) {
            const double z = static_cast<double>(design_.dot(i, at));
            const double c = static_cast<double>(c_ * weights_[i]);
            const double target = static_cast<double>(targets_[i]);
            loss += c * (softplus(z) - target * z);
            const double slope = c * (1 / (1 + std::exp(-z)) - target);
            design_.add(i, static_cast<float>(slope), gradient);
        }
        return loss;
    }

private:
    const Design& design_;
    std::span<const float> targets_;
    std::span<const float> weights_;
    float c_;
};

struct Step {
    std::vector<float> moved;
    std::vector<float> bent;
    double curvature = 0;
};

/// The L-BFGS direction: two loops over the remembered steps.
std::vector<float> direction(const std::deque<Step>& steps, std::span<const float> gradient)
{
    std::vector<float> d(gradient.begin(), gradient.end());
    std::vector<double> alphas(steps.size());
    for (std::size_t k = steps.size(); k-- > 0;) {
        alphas[k] = dot(steps[k].moved, d) / steps[k].curvature;
        const auto alpha = static_cast<float>(alphas[k]);
        for (std::size_t i = 0; i < d.size(); ++i)
            d[i] -= alpha * steps[k].bent[i];
    }
    if (!steps.empty()) {
        const auto& last = steps.back();
        const auto gamma = static_cast<float>(last.curvature / dot(last.bent, last.bent));
        for (auto& value : d)
            value *= gamma;
    }
    for (std::size_t k = 0; k < steps.size(); ++k) {
        const auto beta =
            static_cast<float>(alphas[k] - dot(steps[k].bent, d) / steps[k].curvature);
        for (std::size_t i = 0; i < d.size(); ++i)
            d[i] += beta * steps[k].moved[i];
    }
    for (auto& value : d)
        value = -value;
    return d;
}

class Descent {
public:
    Descent(const Objective& objective, std::vector<float> start)
        : objective_(objective),
          at_(std::move(start)),
          gradient_(at_.size()),
          next_(at_.size()),
          next_gradient_(at_.size())
    {}

    std::vector<float> run()
    {
        objective_(next_, gradient_);  // at zero
        const double flat = tolerance * std::max(std::sqrt(dot(gradient_, gradient_)), 1e-6);
        loss_ = objective_(at_, gradient_);
        for (int i = 0; i < most_iterations; ++i) {
            if (std::sqrt(dot(gradient_, gradient_)) <= flat)
                break;
            if (!step())
                break;
        }
        return std::move(at_);
    }

private:
    /// One line search along the L-BFGS direction. @return False when it leads nowhere.
    bool step()
    {
        const auto d = direction(steps_, gradient_);
        const double slope = dot(d, gradient_);
        if (slope >= 0)
            return false;
        double length = steps_.empty() ? 1 / std::sqrt(-slope) : 1.0;
        for (int tries = 0; tries < 25; ++tries, length /= 2) {
            for (std::size_t i = 0; i < at_.size(); ++i)
                next_[i] = at_[i] + static_cast<float>(length) * d[i];
            const double loss = objective_(next_, next_gradient_);
            if (loss <= loss_ + 1e-4 * length * slope) {
                remember(loss);
                return true;
            }
        }
        return false;
    }

    void remember(double loss)
    {
        Step step{std::vector<float>(at_.size()), std::vector<float>(at_.size()), 0};
        for (std::size_t i = 0; i < at_.size(); ++i) {
            step.moved[i] = next_[i] - at_[i];
            step.bent[i] = next_gradient_[i] - gradient_[i];
        }
        step.curvature = dot(step.moved, step.bent);
        if (step.curvature > 1e-10)
            steps_.push_back(std::move(step));
        if (steps_.size() > memory)
            steps_.pop_front();
        at_.swap(next_);
        gradient_.swap(next_gradient_);
        loss_ = loss;
    }

    const Objective& objective_;
    std::vector<float> at_;
    std::vector<float> gradient_;
    std::vector<float> next_;
    std::vector<float> next_gradient_;
    std::deque<Step> steps_;
    double loss_ = 0;
};

}  // namespace

float Standard::operator()(const Features& features, std::size_t i) const noexcept
{
    return std::clamp((features.dense[i] - mean[i]) * scale[i], -dense_limit, dense_limit);
}

Standard standardise(std::span<const Features* const> rows)
{
    Standard standard;
    const double n = std::max<double>(1, static_cast<double>(rows.size()));
    for (std::size_t i = 0; i < dense_count; ++i) {
        double sum = 0;
        for (const auto* row : rows)
            sum += static_cast<double>(row->dense[i]);
        const double mean = sum / n;
        double squares = 0;
        for (const auto* row : rows)
            squares += std::pow(static_cast<double>(row->dense[i]) - mean, 2);
        const double deviation = std::sqrt(squares / n);
        standard.mean[i] = static_cast<float>(mean);
        standard.scale[i] = deviation > 1e-6 ? static_cast<float>(1 / deviation) : 0.0F;
    }
    return standard;
}

Design::Design(std::span<const Features* const> rows, const Standard& standard,
               const CounterTrust& trust)
{
    constexpr auto first = static_cast<std::size_t>(first_step);
    constexpr auto last = static_cast<std::size_t>(last_step);
    for (std::size_t i = 0; i < dense_count; ++i)
        trust_[i] = trust.all * (i >= first && i <= last ? trust.steps : 1.0F);
    constexpr std::uint16_t unused = 0xFFFF;
    std::vector<std::uint16_t> column_of(bucket_count, unused);
    begin_.push_back(0);
    dense_.reserve(rows.size() * dense_count);
    for (const auto* row : rows) {
        for (const auto bucket : row->buckets) {
            auto& column = column_of[bucket];
            if (column == unused) {
                column = static_cast<std::uint16_t>(columns_.size());
                columns_.push_back(bucket);
            }
            entries_.push_back(column);
        }
        begin_.push_back(entries_.size());
        norm_.push_back(wording_norm(*row));
        const bool none = row->system_hash == 0;
        system_.push_back(static_cast<std::int16_t>(
            none ? -1 : row->system_hash % static_cast<int>(system_count)));
        for (std::size_t i = 0; i < dense_count; ++i)
            dense_.push_back(standard(*row, i) * trust_[i]);
    }
}

float Design::dot(std::size_t i, std::span<const float> parameters) const noexcept
{
    float words = 0;
    for (auto k = begin_[i]; k < begin_[i + 1]; ++k)
        words += parameters[entries_[k]];
    float counters = 0;
    const auto* dense = &dense_[i * dense_count];
    const auto weights = parameters.subspan(dense_at(), dense_count);
    for (std::size_t k = 0; k < dense_count; ++k)
        counters += dense[k] * weights[k];
    const auto system = system_[i];
    const float task =
        system < 0 ? 0.0F : parameters[systems_at() + static_cast<std::size_t>(system)];
    return words * norm_[i] + counters + task * system_scale + parameters[bias_at()];
}

void Design::add(std::size_t i, float factor, std::span<float> gradient) const noexcept
{
    const float per_word = factor * norm_[i];
    for (auto k = begin_[i]; k < begin_[i + 1]; ++k)
        gradient[entries_[k]] += per_word;
    const auto* dense = &dense_[i * dense_count];
    const auto counters = gradient.subspan(dense_at(), dense_count);
    for (std::size_t k = 0; k < dense_count; ++k)
        counters[k] += dense[k] * factor;
    if (system_[i] >= 0)
        gradient[systems_at() + static_cast<std::size_t>(system_[i])] += factor * system_scale;
    gradient[bias_at()] += factor;
}

Coefficients Design::named(std::span<const float> parameters) const
{
    Coefficients result;
    for (std::size_t column = 0; column < columns_.size(); ++column)
        result.words[columns_[column]] = parameters[column];
    const auto systems = parameters.subspan(systems_at(), system_count);
    std::copy(systems.begin(), systems.end(), result.systems.begin());
    const auto dense = parameters.subspan(dense_at(), dense_count);
    for (std::size_t i = 0; i < dense_count; ++i)
        result.dense[i] = dense[i] * trust_[i];
    result.bias = parameters[bias_at()];
    return result;
}

std::vector<float> fit_logistic(const Design& design, std::span<const float> targets,
                                std::span<const float> weights, float c, std::vector<float> start)
{
    const Objective objective(design, targets, weights, c);
    return Descent(objective, std::move(start)).run();
}

}  // namespace spillway::score
