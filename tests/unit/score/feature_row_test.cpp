#include "spillway/score/feature_row.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace spillway::score {
namespace {

Features sample(const std::string& text)
{
    Extractor extractor;
    PromptView view;
    view.last_user = text;
    view.system = "Answer in one word.";
    return extractor.extract(view);
}

Features in_order(Features features)
{
    std::sort(features.buckets.begin(), features.buckets.end());
    std::sort(features.words.begin(), features.words.end());
    return features;
}

TEST(FeatureRow, ComesBackAsItWas)
{
    for (const std::string text : {"", "one", "Which of these 12 is the largest, and why?"}) {
        const auto features = sample(text);
        const auto back = unpack(pack(features));
        ASSERT_TRUE(back) << back.error().message();
        EXPECT_EQ(in_order(*back), in_order(features));
    }
}

TEST(FeatureRow, HoldsNoText)
{
    const auto bytes = pack(sample("my password is correcthorsebatterystaple"));
    for (const char* word : {"password", "correcthorse", "Answer"})
        EXPECT_EQ(bytes.find(word), std::string::npos) << word;
}

TEST(FeatureRow, RefusesEveryCutAndWhatFollows)
{
    const auto bytes = pack(sample("a few words are enough for this"));
    for (std::size_t length = 0; length < bytes.size(); ++length)
        EXPECT_FALSE(unpack(bytes.substr(0, length))) << length;
    EXPECT_FALSE(unpack(bytes + 'x'));
}

TEST(FeatureRow, RefusesAnotherSchema)
{
    auto bytes = pack(sample("hello"));
    bytes[0] = static_cast<char>(bytes[0] ^ 1);
    EXPECT_FALSE(unpack(bytes));
}

}  // namespace
}  // namespace spillway::score
