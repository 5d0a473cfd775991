#include "spillway/tokens/images.hpp"

#include <gtest/gtest.h>

namespace spillway::tokens {
namespace {

Tokens tokens_of(std::string_view model, std::uint32_t width, std::uint32_t height)
{
    return image_tokens(model, {Pixels{width, height}, Detail::high}).tokens;
}

TEST(ImageTokens, FollowTheTilesOfOpenAi)
{
    EXPECT_EQ(tokens_of("gpt-4o", 512, 512), Tokens{255});
    EXPECT_EQ(tokens_of("gpt-4o", 1024, 1024), Tokens{765});
    EXPECT_EQ(tokens_of("gpt-4o", 2048, 4096), Tokens{1105});
    EXPECT_EQ(tokens_of("openai/gpt-5", 1024, 1024), Tokens{630});
    EXPECT_EQ(tokens_of("gpt-4o-mini", 512, 512), Tokens{8500});
}

TEST(ImageTokens, FollowThePatchesOfSmallModels)
{
    EXPECT_EQ(tokens_of("gpt-4.1-mini", 1024, 1024), Tokens{1659});
    EXPECT_EQ(tokens_of("o4-mini", 4000, 4000), Tokens{2642});
}

TEST(ImageTokens, OfLowDetailAreTheBaseAlone)
{
    const Count low = image_tokens("gpt-4o", {Pixels{4096, 4096}, Detail::low});
    EXPECT_EQ(low.tokens, Tokens{85});
}

TEST(ImageTokens, FollowTheAreaForClaude)
{
    EXPECT_EQ(tokens_of("claude-sonnet-4", 750, 750), Tokens{750});
    EXPECT_EQ(tokens_of("claude-sonnet-4", 8000, 8000), Tokens{1600});
}

TEST(ImageTokens, FollowTheTilesOfGemini)
{
    EXPECT_EQ(tokens_of("gemini-2.0-flash", 300, 384), Tokens{258});
    EXPECT_EQ(tokens_of("gemini-2.0-flash", 960, 540), Tokens{1548});
}

TEST(ImageTokens, OfAnUnknownSizeHaveTheRulesGreatestValueAsUpperEnd)
{
    const Count unknown = image_tokens("gpt-4o", {});
    EXPECT_EQ(unknown.tokens, Tokens{765});
    EXPECT_EQ(unknown.upper, Tokens{1445});
}

TEST(ImageTokens, AreSomethingForEveryFamily)
{
    for (const std::string_view model :
         {"gpt-4", "qwen2.5vl", "pixtral-12b", "llama3.2-vision", "llava"}) {
        const Count count = image_tokens(model, {Pixels{0, 70'000}, Detail::automatic});
        EXPECT_GT(count.tokens, Tokens{0}) << model;
        EXPECT_GE(count.upper, count.tokens) << model;
    }
}

TEST(Pixels, AreReadFromHeaders)
{
    EXPECT_EQ(pixels_of("iVBORw0KGgoAAAANSUhEUgAAAyAAAAJYCAYAAACadoJwAAAA"),
              (Pixels{800, 600}));  // PNG
    EXPECT_EQ(pixels_of("R0lGODlhIAMsAfcAAAAAAAAAMwAAZgAAmQAAzAAA/wArAAArMwAr"),
              (Pixels{800, 300}));  // GIF
}

TEST(Pixels, AreReadFromTheFrameOfAJpegAfterOtherSegments)
{
    // SOI, APP0 of 16 bytes, a fill byte, SOF2 600 x 800
    EXPECT_EQ(pixels_of("/9j/4AAQSkZJRgABAQAAAQABAAD///8AAA=="), std::nullopt);
    EXPECT_EQ(pixels_of("/9j/4AAQSkZJRgABAQAAAQABAAD//8IAEQgDIAJYAwEiAAIRAQMRAQ=="),
              (Pixels{600, 800}));
}

TEST(Pixels, AreReadFromTheThreeSortsOfWebP)
{
    EXPECT_EQ(pixels_of("UklGRgAAAABXRUJQVlA4WAoAAAAQAAAAHwMAVwIAAAAAAAAA"), (Pixels{800, 600}));
    EXPECT_EQ(pixels_of("UklGRgAAAABXRUJQVlA4IAAAAAAAAACdASogA1gCAAAAAAAA"), (Pixels{800, 600}));
    EXPECT_EQ(pixels_of("UklGRgAAAABXRUJQVlA4TAAAAAAvH8OVAAAAAAAAAAAAAAAA"), (Pixels{800, 600}));
}

TEST(Pixels, AreUnknownInAnythingElse)
{
    EXPECT_EQ(pixels_of(""), std::nullopt);
    EXPECT_EQ(pixels_of("not base64 !"), std::nullopt);
    EXPECT_EQ(pixels_of("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), std::nullopt);
    EXPECT_EQ(pixels_of("/9j/4AAA"), std::nullopt);
}

}  // namespace
}  // namespace spillway::tokens
