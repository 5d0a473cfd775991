#include "spillway/gateway/prompt_counter.hpp"

#include <gtest/gtest.h>

#include <span>
#include <vector>

namespace spillway::gateway {
namespace {

class Counting : public ::testing::Test {
protected:
    Counting()
    {
        prompt_.pieces.push_back({chat::Speaker::last_user, 0, text_});
        prompt_.turns = 1;
    }
    [[nodiscard]] std::int64_t best(PromptCounter& counter)
    {
        return count(counter.count(prompt_, std::span(&model_, 1), nullptr).best.tokens);
    }
    /// What the upstream says, as often as it takes: half as much again as we count.
    void teach(PromptCounter& counter, int times)
    {
        for (int i = 0; i < times; ++i) {
            const auto counted = counter.count(prompt_, std::span(&model_, 1), nullptr)
                                     .uncorrected[tokens::Family::llama3];
            counter.reported(model_.name, counted, Tokens{count(counted) * 3 / 2});
        }
    }

    std::string text_ = std::string(400, 'a') + " word and another word";
    chat::Prompt prompt_;
    CountedModel model_{"llama3"};
    PromptCounter counter_;
};

TEST_F(Counting, StaysWithWhatUpstreamsReportHoweverOftenTheyDo)
{
    const auto before = best(counter_);
    teach(counter_, 300);
    for (int round = 0; round < 20; ++round) {
        teach(counter_, 20);
        EXPECT_NEAR(static_cast<double>(best(counter_)), 1.5 * static_cast<double>(before),
                    0.06 * static_cast<double>(before))
            << round;
    }
}

TEST_F(Counting, WhatIsAdoptedCountsLikeWhatWasLearned)
{
    teach(counter_, 50);
    PromptCounter other;
    other.adopt(counter_.take_fresh());
    EXPECT_EQ(best(other), best(counter_));
}

TEST_F(Counting, WhatIsTakenIsTakenOnce)
{
    teach(counter_, 5);
    EXPECT_EQ(counter_.take_fresh().size(), 1U);
    EXPECT_TRUE(counter_.take_fresh().empty());
}

TEST_F(Counting, GivesEachFamilyItsOwnUpperEnd)
{
    const std::vector<CountedModel> models{CountedModel("gpt-4o"), CountedModel("qwen3")};
    const std::string german = "Donaudampfschifffahrtsgesellschaft 4111 2222 3333 0815 ";
    prompt_.pieces.front().text = german;
    const auto counted = counter_.count(prompt_, models, nullptr);
    EXPECT_EQ(counted.uppers[tokens::Family::o200k], counted.best.upper);
    EXPECT_GT(counted.uppers[tokens::Family::qwen], counted.uppers[tokens::Family::o200k]);
    EXPECT_EQ(counted.uppers[tokens::Family::llama3], Tokens{0}) << "nobody asked";
}

TEST_F(Counting, LearnsOfTheModelThatServedAlone)
{
    const std::vector<CountedModel> models{CountedModel("gpt-4o"), CountedModel("qwen3")};
    const auto before = counter_.count(prompt_, models, nullptr);
    const auto own = before.uncorrected[tokens::Family::qwen];
    for (int i = 0; i < 300; ++i)
        counter_.reported("qwen3", own, Tokens{2 * count(own)});
    const auto after = counter_.count(prompt_, models, nullptr);
    EXPECT_EQ(after.best, before.best);
    EXPECT_EQ(after.uppers[tokens::Family::o200k], before.uppers[tokens::Family::o200k]);
    EXPECT_GT(count(after.uppers[tokens::Family::qwen]), 3 * count(own) / 2);
    EXPECT_EQ(after.uncorrected, before.uncorrected);
}

TEST_F(Counting, LearnsNothingFromWhatNobodyEstimated)
{
    counter_.reported(model_.name, Tokens{0}, Tokens{100});
    EXPECT_TRUE(counter_.take_fresh().empty());
}

TEST_F(Counting, AddsTokensThatAreGivenWhateverWasLearned)
{
    teach(counter_, 300);
    const auto text = counter_.count(prompt_, std::span(&model_, 1), nullptr);
    prompt_.token_ids = 5'000;
    const auto all = counter_.count(prompt_, std::span(&model_, 1), nullptr);
    EXPECT_EQ(all.best.tokens, text.best.tokens + Tokens{5'000});
    EXPECT_EQ(all.best.upper, text.best.upper + Tokens{5'000});
    EXPECT_EQ(all.uppers[tokens::Family::llama3], all.best.upper);
    EXPECT_EQ(all.uncorrected, route::FamilyTokens{}) << "nothing to learn from";
    prompt_.pieces.clear();
    const auto alone = counter_.count(prompt_, std::span(&model_, 1), nullptr).best;
    EXPECT_EQ(alone.tokens, alone.upper) << "no band";
}

TEST_F(Counting, CountsPicturesByTheirSizeAndDetail)
{
    const CountedModel model("gpt-4o");
    const auto with = [&](chat::Attachment attachment) {
        auto prompt = prompt_;
        prompt.images = 1;
        prompt.attachments = {attachment};
        const auto text = counter_.count(prompt_, std::span(&model, 1), nullptr).best;
        const auto all = counter_.count(prompt, std::span(&model, 1), nullptr).best;
        return std::pair{count(all.tokens) - count(text.tokens),
                         count(all.upper) - count(text.upper)};
    };
    // The first bytes of a PNG file of 2048 x 4096 pixels.
    constexpr std::string_view png = "iVBORw0KGgoAAAANSUhEUgAACAAAABAACAIAAAAAAAAAAAAA";
    chat::Attachment picture;
    picture.payload = png;
    picture.characters = png.size();
    EXPECT_EQ(with(picture), (std::pair<std::int64_t, std::int64_t>{1105, 1105}));
    picture.detail = chat::Attachment::Detail::low;
    EXPECT_EQ(with(picture), (std::pair<std::int64_t, std::int64_t>{85, 85}));
    const auto [tokens, upper] = with({});
    EXPECT_EQ(tokens, 765) << "a link: 1024 x 1024";
    EXPECT_GT(upper, tokens);
}

TEST_F(Counting, CountsSoundsAndFiles)
{
    const CountedModel model("gpt-4o");
    const auto upper = [&](chat::Attachment::Kind kind) {
        auto prompt = prompt_;
        chat::Attachment attachment;
        attachment.kind = kind;
        prompt.attachments = {attachment};
        return count(counter_.count(prompt, std::span(&model, 1), nullptr).best.upper) -
               count(counter_.count(prompt_, std::span(&model, 1), nullptr).best.upper);
    };
    EXPECT_EQ(upper(chat::Attachment::Kind::audio), 18'000);
    EXPECT_EQ(upper(chat::Attachment::Kind::file), 100'000);
}

}  // namespace
}  // namespace spillway::gateway
