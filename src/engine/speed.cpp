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

/// Weight below which a histogram says nothing.
constexpr double too_little = 1e-3;

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
    // Until something is known: a bell around 2^7 tokens that weighs no more than one sample. A
    // wider one has its mean far beyond what most answers have, and so has the first forecast.
    double sum = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        const auto off = (static_cast<double>(step) - 13.5) / 2;
        sum += weights_[step] = std::exp(-off * off / 2);
    }
    for (auto& weight : weights_)
        weight /= sum;
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
        const auto part = part_of(step, from);
        weight += part.weight;
        left += part.weight * (std::min((part.low + part.high) / 2, end) - from);
    }
    // Longer than nearly all that were seen: then it goes on for about half as long again.
    const auto mean = weight < too_little ? from / 2 : left / weight;
    return Tokens{std::max<std::int64_t>(std::llround(mean), 1)};
}

Tokens AnswerLengths::beyond(Tokens written, std::optional<Tokens> most, double share) const
{
    const auto from = static_cast<double>(std::max<std::int64_t>(count(written), 0));
    const auto end = most ? static_cast<double>(count(*most)) : lower_end(steps);
    double weight = 0;
    for (std::size_t step = 0; step < steps; ++step)
        weight += part_of(step, from).weight;
    if (weight < too_little || from >= end)
        return beyond(written, most);
    auto left = std::clamp(share, 0.0, 1.0) * weight;
    auto found = from;
    for (std::size_t step = 0; step < steps && left > 0; ++step) {
        const auto part = part_of(step, from);
        if (part.weight <= 0)
            continue;
        found = part.low + (part.high - part.low) * std::min(left / part.weight, 1.0);
        left -= part.weight;
    }
    return Tokens{std::max<std::int64_t>(std::llround(std::min(found, end) - from), 1)};
}

/// What of a step lies beyond `from`.
AnswerLengths::Part AnswerLengths::part_of(std::size_t step, double from) const
{
    const auto low = std::max(lower_end(step), from);
    const auto high = lower_end(step + 1);
    if (high <= low)
        return {low, low, 0};
    return {low, high, weights_[step] * (high - low) / (high - lower_end(step))};
}

}  // namespace spillway::engine
