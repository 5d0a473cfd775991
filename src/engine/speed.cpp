#include "spillway/engine/speed.hpp"

#include <algorithm>
#include <cmath>

namespace spillway::engine {

namespace {

/// What a guess is worth, in samples.
constexpr double guess_weight = 0.25;
/// Samples that count: about as many as an engine needs to show that it is slower tonight.
constexpr double longest_memory = 16;
/// While so few samples are known, a guess may be far off, and more than one of them is needed to
/// tell the truth from an outlier.
constexpr std::uint32_t first_samples = 3;

/// Samples of lengths that count: what people ask for changes slowly.
constexpr double lengths_memory = 300;

double lower_end(std::size_t step)
{
    return std::exp2(static_cast<double>(step) / 2);
}

}  // namespace

Learned::Learned(double guess) : log_(std::log(guess)), weight_(guess_weight) {}

void Learned::sample(double value, double weight)
{
    if (!(value > 0) || !std::isfinite(value) || !(weight > 0))
        return;
    weight = std::min(weight, 1.0);
    const auto most = std::log(samples_ < first_samples ? 64.0 : 4.0);
    const auto off = std::clamp(std::log(value) - log_, -most, most);
    weight_ = std::min(weight_ + weight, longest_memory);
    log_ += off * weight / weight_;
    ++samples_;
}

double Learned::value() const
{
    return std::exp(log_);
}

AnswerLengths::AnswerLengths()
{
    // Until something is known: a bell around 2^8 tokens that weighs two samples.
    double sum = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        const auto off = (static_cast<double>(step) - 15.5) / 4;
        sum += weights_[step] = std::exp(-off * off / 2);
    }
    for (auto& weight : weights_)
        weight *= 2 / sum;
}

void AnswerLengths::sample(Tokens generated)
{
    const auto tokens = static_cast<double>(std::max<std::int64_t>(count(generated), 1));
    const auto step = static_cast<std::size_t>(std::log2(tokens) * 2);
    for (auto& weight : weights_)
        weight *= 1 - 1 / lengths_memory;
    weights_[std::min(step, steps - 1)] += 1;
    ++samples_;
}

Tokens AnswerLengths::beyond(Tokens written, std::optional<Tokens> most) const
{
    const auto from = static_cast<double>(std::max<std::int64_t>(count(written), 0));
    const auto end = most ? static_cast<double>(count(*most)) : lower_end(steps);
    if (most && from >= end)
        return Tokens{0};
    double weight = 0;
    double left = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        const auto low = lower_end(step);
        const auto high = lower_end(step + 1);
        if (high <= from)
            continue;
        const auto begin = std::max(low, from);
        const auto share = weights_[step] * (high - begin) / (high - low);
        weight += share;
        left += share * (std::min((begin + high) / 2, end) - from);
    }
    // Longer than nearly all that were seen: then it goes on for about as long again.
    if (weight < 1e-3)
        left = from / 2, weight = 1;
    return Tokens{std::max<std::int64_t>(std::llround(std::max(left / weight, 0.0)), 1)};
}

}  // namespace spillway::engine
