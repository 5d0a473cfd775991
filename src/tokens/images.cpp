#include "spillway/tokens/images.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::tokens {
namespace {

/// An image as the rules see it: sides in pixels, after scaling.
struct Sides {
    double width;
    double height;
};

constexpr Sides usual{1024, 1024};

Sides sides_of(const Image& image)
{
    if (!image.size)
        return usual;
    return {std::max<double>(1, image.size->width), std::max<double>(1, image.size->height)};
}

Sides scaled(const Sides& sides, double factor)
{
    return factor < 1 ? Sides{sides.width * factor, sides.height * factor} : sides;
}

double cells(const Sides& sides, double cell)
{
    return std::ceil(sides.width / cell) * std::ceil(sides.height / cell);
}

/// A rule's answer: certain when the size was known, else with the most the rule can say.
Count answer(const Image& image, double tokens, double most)
{
    const Tokens counted{std::llround(std::ceil(tokens))};
    if (image.size)
        return {counted, counted, Certainty::estimated};
    return {counted, Tokens{std::llround(std::ceil(std::max(tokens, most)))}, Certainty::estimated};
}

/// OpenAI's two rules, by the beginning of the model's name; the longer names stand first.
struct OpenAiRule {
    std::string_view name;
    double base;   ///< Of an image in tiles, and all that low detail costs.
    double tile;   ///< Of each tile of 512 pixels; 0 for models that count patches.
    double patch;  ///< Of each patch of 32 pixels.
};
constexpr std::array openai_rules{
    OpenAiRule{"gpt-4o-mini", 2833, 5667, 0},
    OpenAiRule{"gpt-4.1-mini", 0, 0, 1.62},
    OpenAiRule{"gpt-4.1-nano", 0, 0, 2.46},
    OpenAiRule{"gpt-5-mini", 0, 0, 1.62},
    OpenAiRule{"gpt-5-nano", 0, 0, 2.46},
    OpenAiRule{"o4-mini", 0, 0, 1.72},
    OpenAiRule{"gpt-5", 70, 140, 0},
    OpenAiRule{"o1", 75, 150, 0},
    OpenAiRule{"o3", 75, 150, 0},
    OpenAiRule{"computer-use", 65, 129, 0},
};
constexpr OpenAiRule openai_default{"", 85, 170, 0};
constexpr double most_patches = 1536;
constexpr double most_tiles = 8;  // 768 x 2048

Count openai_tokens(std::string_view name, const Image& image)
{
    const auto* const found = std::ranges::find_if(
        openai_rules, [&](const OpenAiRule& rule) { return name.starts_with(rule.name); });
    const OpenAiRule& rule = found == openai_rules.end() ? openai_default : *found;
    Sides sides = sides_of(image);
    if (rule.patch > 0) {
        const double patches = std::min(cells(sides, 32), most_patches);
        return answer(image, patches * rule.patch, most_patches * rule.patch);
    }
    if (image.detail == Detail::low)
        return answer(image, rule.base, rule.base);
    sides = scaled(sides, 2048 / std::max(sides.width, sides.height));
    sides = scaled(sides, 768 / std::min(sides.width, sides.height));
    // A hair less, so that a side scaled to 2048 is four tiles whatever the rounding.
    sides = {sides.width - 1e-6, sides.height - 1e-6};
    return answer(image, rule.base + rule.tile * cells(sides, 512),
                  rule.base + rule.tile * most_tiles);
}

Count claude_tokens(const Image& image)
{
    Sides sides = sides_of(image);
    sides = scaled(sides, 1568 / std::max(sides.width, sides.height));
    return answer(image, std::min(1600.0, sides.width * sides.height / 750), 1600);
}

Count gemini_tokens(const Image& image)
{
    const Sides sides = sides_of(image);
    if (sides.width <= 384 && sides.height <= 384)
        return answer(image, 258, 258);
    const double unit =
        std::clamp(std::floor(std::min(sides.width, sides.height) / 1.5), 256.0, 768.0);
    return answer(image, 258 * cells(sides, unit), 258 * 8);
}

/// Patches of `cell` pixels after both sides were brought down to `limit`.
Count patch_tokens(const Image& image, double cell, double limit, double most)
{
    Sides sides = sides_of(image);
    sides = scaled(sides, limit / std::max(sides.width, sides.height));
    return answer(image, std::max(4.0, std::min(most, cells(sides, cell))), most);
}

}  // namespace

Count image_tokens(std::string_view model, const Image& image)
{
    const std::string name = lower(model.substr(model.find_last_of('/') + 1));
    switch (family_of(name)) {
        case Family::o200k:
        case Family::cl100k:
            return openai_tokens(name, image);
        case Family::claude:
            return claude_tokens(image);
        case Family::gemini:
            return gemini_tokens(image);
        case Family::qwen:  // patches of 14 pixels, merged two by two
            return patch_tokens(image, 28, 3584, 5476);
        case Family::mistral:
            return patch_tokens(image, 16, 1024, 4160);
        case Family::llama3:  // tiles of 560 pixels, 1,601 tokens each, four at most
            return answer(image, 1601 * std::min(4.0, cells(sides_of(image), 560)), 1601 * 4);
        case Family::generic:
            break;
    }
    return {Tokens{765}, Tokens{2880}, Certainty::estimated};  // LLaVA-NeXT: five tiles of 576
}

}  // namespace spillway::tokens
