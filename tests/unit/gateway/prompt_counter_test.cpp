#include "spillway/gateway/prompt_counter.hpp"

#include <gtest/gtest.h>

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
        return count(counter.count(prompt_, model_, nullptr).best.tokens);
    }
    /// What the upstream says, as often as it takes: half as much again as we count.
    void teach(PromptCounter& counter, int times)
    {
        for (int i = 0; i < times; ++i) {
            const auto counted = counter.count(prompt_, model_, nullptr).uncorrected;
            counter.reported(model_, counted, Tokens{count(counted) * 3 / 2});
        }
    }

    std::string text_ = std::string(400, 'a') + " word and another word";
    chat::Prompt prompt_;
    std::string model_ = "llama3";
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

}  // namespace
}  // namespace spillway::gateway
