#include "spillway/gateway/prompt_counter.hpp"

#include <utility>

#include "spillway/tokens/estimator.hpp"
#include "spillway/tokens/images.hpp"

namespace spillway::gateway {

namespace {
/// Text without blanks counts at a few MB/s: a shard must not be held by it (docs/tokens.md).
constexpr std::size_t most_exact = std::size_t{256} * 1024;
}  // namespace

tokens::Count PromptCounter::count_text(const chat::Prompt& prompt, tokens::Family family,
                                        tokens::Library* library)
{
    const auto is_text = [](const chat::PromptPiece& piece) {
        return piece.speaker != chat::Speaker::nobody;
    };
    std::size_t bytes = 0;
    for (const auto& piece : prompt.pieces)
        bytes += is_text(piece) ? piece.text.size() : 0;
    if (bytes > most_exact)
        library = nullptr;
    auto known = exact_.find(family);
    if (known == exact_.end() && library != nullptr)
        if (auto vocabulary = library->find(family))
            known = exact_.emplace(family, tokens::Counter(std::move(vocabulary))).first;
    if (known != exact_.end() && library != nullptr) {
        auto sum = tokens::exactly(Tokens{0});
        for (const auto& piece : prompt.pieces)
            if (is_text(piece))
                sum = sum + tokens::exactly(known->second.count(piece.text));
        return sum;
    }
    tokens::ByteClasses classes;
    for (const auto& piece : prompt.pieces)
        if (is_text(piece))
            classes += tokens::classify(piece.text);
    return tokens::Estimator(family).estimate(classes);
}

PromptCount PromptCounter::count(const chat::Prompt& prompt, const std::string& model,
                                 tokens::Library* library)
{
    const auto family = tokens::family_of(model);
    auto count = count_text(prompt, family, library) +
                 tokens::exactly(tokens::template_tokens(family, prompt.turns));
    // By rule, never as text: the payload of an image says nothing of its tokens.
    for (std::uint32_t image = 0; image < prompt.images; ++image)
        count = count + tokens::image_tokens(model, {});
    const auto learned = learned_.find(model);
    return {learned == learned_.end() ? count : learned->second.apply(count), count.tokens};
}

void PromptCounter::reported(const std::string& model, Tokens uncorrected, Tokens reported)
{
    if (learned_.size() >= most_models && !learned_.contains(model))
        return;
    learned_[model].observe(uncorrected, reported);
    fresh_[model].observe(uncorrected, reported);
}

void PromptCounter::adopt(const std::map<std::string, tokens::Calibration>& learned)
{
    for (const auto& [model, seen] : learned)
        if (learned_.size() < most_models || learned_.contains(model))
            learned_[model] += seen;
}

std::map<std::string, tokens::Calibration> PromptCounter::take_fresh()
{
    return std::exchange(fresh_, {});
}

}  // namespace spillway::gateway
