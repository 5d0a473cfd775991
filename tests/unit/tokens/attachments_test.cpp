#include "spillway/tokens/attachments.hpp"

#include <gtest/gtest.h>

namespace spillway::tokens {
namespace {

/// The header of a WAV file of 16,000 samples a second, 16 bits each.
constexpr std::string_view wav = "UklGRiR3AQBXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQB3AQA=";
constexpr std::size_t three_seconds = 128060;  ///< Characters of its base64.

TEST(AudioTokens, FollowTheLengthOfAWavFile)
{
    const auto openai = audio_tokens("gpt-4o-audio-preview", wav, three_seconds);
    EXPECT_NEAR(static_cast<double>(count(openai.tokens)), 30, 1);
    EXPECT_EQ(openai.upper, openai.tokens);
    const auto gemini = audio_tokens("gemini-2.5-flash", wav, three_seconds);
    EXPECT_NEAR(static_cast<double>(count(gemini.tokens)), 96, 1);
    const auto other = audio_tokens("qwen2.5-omni", wav, three_seconds);
    EXPECT_NEAR(static_cast<double>(count(other.tokens)), 75, 1);
    EXPECT_NEAR(static_cast<double>(count(other.upper)), 150, 1);
}

TEST(AudioTokens, GuessTheLengthOfOthersBetweenTwoRates)
{
    // 96 kB: six seconds at 128 kbit/s, a minute and a half at 8.
    const auto sound = audio_tokens("gpt-4o", "SUQzBAAAAAAA", 128'000);
    EXPECT_EQ(sound.tokens, Tokens{60});
    EXPECT_EQ(sound.upper, Tokens{960});
}

TEST(AudioTokens, TakeALinkForAMinuteOrHalfAnHour)
{
    const auto link = audio_tokens("gpt-4o", {}, 0);
    EXPECT_EQ(link.tokens, Tokens{600});
    EXPECT_EQ(link.upper, Tokens{18'000});
}

TEST(AudioTokens, DoNotTrustARateThatNoSoundHas)
{
    const std::string_view silent = "UklGRiRLAQBXQVZFZm10IBAAAAABAAEAAAAAAAAAAAAAAAAAAAAAAA==";
    EXPECT_EQ(audio_tokens("gpt-4o", silent, 128'000).tokens, Tokens{60});
}

TEST(VideoTokens, FollowTheLengthThatItsSizeLeaves)
{
    // 3 MB: 24 seconds at 1 Mbit/s.
    const auto clip = video_tokens(4'000'000);
    EXPECT_EQ(clip.tokens, Tokens{7'200});
    EXPECT_EQ(clip.upper, Tokens{72'000});
    EXPECT_GE(video_tokens(1).tokens, Tokens{1});
    const auto link = video_tokens(0);
    EXPECT_EQ(link.tokens, Tokens{18'000});
    EXPECT_EQ(link.upper, Tokens{180'000});
}

TEST(FileTokens, LeaveADocumentAWideUpperEnd)
{
    const auto pdf = file_tokens("JVBERi0xLjcK", 64'000);
    EXPECT_EQ(pdf.tokens, Tokens{3'000});
    EXPECT_EQ(pdf.upper, Tokens{51'000});
    const auto text = file_tokens("SGVsbG8gd29ybGQ=", 64'000);
    EXPECT_EQ(text.tokens, Tokens{12'000});
    EXPECT_EQ(text.upper, Tokens{48'000});
    const auto by_id = file_tokens({}, 0);
    EXPECT_LT(by_id.tokens, by_id.upper);
}

}  // namespace
}  // namespace spillway::tokens
