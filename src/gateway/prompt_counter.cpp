#include "spillway/gateway/prompt_counter.hpp"

#include <algorithm>
#include <utility>

#include "spillway/tokens/attachments.hpp"
#include "spillway/tokens/estimator.hpp"
#include "spillway/tokens/images.hpp"

namespace spillway::gateway {

namespace {
/// Text without blanks counts at a few MB/s: a shard must not be held by it (docs/tokens.md).
constexpr std::size_t most_exact = std::size_t{256} * 1024;

/// Numbers and names of members are read for what they may give away, not counted.
bool is_text(const chat::PromptPiece& piece)
{
    return piece.speaker != chat::Speaker::nobody;
}

tokens::Image image_of(const chat::Attachment& attachment)
{
    using Detail = chat::Attachment::Detail;
    tokens::Image image;
    image.size = tokens::pixels_of(attachment.payload);
    image.detail = attachment.detail == Detail::low    ? tokens::Detail::low
                   : attachment.detail == Detail::high ? tokens::Detail::high
                                                       : tokens::Detail::automatic;
    return image;
}

tokens::Count tokens_of(const chat::Attachment& attachment, const std::string& model)
{
    switch (attachment.kind) {
        case chat::Attachment::Kind::image:
            return tokens::image_tokens(model, image_of(attachment));
        case chat::Attachment::Kind::audio:
            return tokens::audio_tokens(model, attachment.payload, attachment.characters);
        case chat::Attachment::Kind::video:
            return tokens::video_tokens(attachment.characters);
        case chat::Attachment::Kind::file:
            break;
    }
    return tokens::file_tokens(attachment.payload, attachment.characters);
}

/// What the template adds, and pictures, sounds and files by their rules: a payload as text says
/// nothing of its tokens.
tokens::Count beside_text(const chat::Prompt& prompt, const CountedModel& model)
{
    auto count = tokens::exactly(tokens::template_tokens(model.family, prompt.turns));
    std::uint32_t images = 0;
    for (const auto& attachment : prompt.attachments) {
        count = count + tokens_of(attachment, model.name);
        images += attachment.kind == chat::Attachment::Kind::image ? 1 : 0;
    }
    // Of those that stand in no list of parts nothing is known.
    for (; images < prompt.images; ++images)
        count = count + tokens::image_tokens(model.name, {});
    return count;
}

}  // namespace

Tokens most_beside_text(const chat::Prompt& prompt, std::span<const CountedModel> models)
{
    Tokens most{0};
    if (prompt.attachments.empty() && prompt.images == 0)
        return most;
    for (const auto& model : models)
        most = std::max(most, beside_text(prompt, model).upper);
    return most;
}

std::optional<Tokens> PromptCounter::count_exactly(const chat::Prompt& prompt,
                                                   tokens::Family family, tokens::Library* library)
{
    std::size_t bytes = 0;
    for (const auto& piece : prompt.pieces)
        bytes += is_text(piece) ? piece.text.size() : 0;
    if (library == nullptr || bytes > most_exact)
        return std::nullopt;
    auto known = exact_.find(family);
    if (known == exact_.end())
        if (auto vocabulary = library->find(family))
            known = exact_.emplace(family, tokens::Counter(std::move(vocabulary))).first;
    if (known == exact_.end())
        return std::nullopt;
    Tokens sum{0};
    for (const auto& piece : prompt.pieces)
        if (is_text(piece))
            sum = sum + known->second.count(piece.text);
    return sum;
}

tokens::Count PromptCounter::corrected(const std::string& model, const tokens::Count& count) const
{
    const auto learned = learned_.find(model);
    return learned == learned_.end() ? count : learned->second.apply(count);
}

PromptCount PromptCounter::count(const chat::Prompt& prompt, std::span<const CountedModel> models,
                                 tokens::Library* library)
{
    PromptCount counted;
    const auto usual = models.front().family;
    const auto exact = count_exactly(prompt, usual, library);
    const auto given = tokens::exactly(Tokens{prompt.token_ids});
    if (exact) {
        counted.best = tokens::exactly(*exact) + given + beside_text(prompt, models.front());
        counted.uppers.set(usual, counted.best.upper);
        if (models.size() == 1)
            return counted;
    }
    tokens::ByteClasses classes;
    for (const auto& piece : prompt.pieces)
        if (is_text(piece))
            classes += tokens::classify(piece.text);
    for (const auto& model : models) {
        const auto family = model.family;
        const auto estimate =
            tokens::Estimator(family).estimate(classes) + beside_text(prompt, model);
        // Tokens that were given say nothing of how well texts are estimated.
        if (prompt.token_ids == 0)
            counted.uncorrected.set(family, estimate.tokens);
        if (exact && family == usual)
            continue;
        const auto best = corrected(model.name, estimate) + given;
        counted.uppers.set(family, best.upper);
        if (&model == &models.front())
            counted.best = best;
    }
    return counted;
}

void PromptCounter::reported(const std::string& model, Tokens uncorrected, Tokens reported)
{
    if (uncorrected == Tokens{0} || (learned_.size() >= most_models && !learned_.contains(model)))
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
