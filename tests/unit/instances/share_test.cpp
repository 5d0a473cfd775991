#include "spillway/instances/share.hpp"

#include <gtest/gtest.h>

#include <random>

namespace spillway::instances {
namespace {

using Hungry = Share::Hungry;
using Phase = WindowFacts::Phase;

struct Row {
    const char* name;
    std::int64_t cap, granted, others, used, refused, least;
    std::size_t live;
    Phase phase;
    std::int64_t then, low;
    Hungry hungry;
};

// Half of the fair part of what is left is kept in hand.
const Row rows[] = {
    {"alone_at_first", 1000, 0, 0, 0, 0, 0, 1, Phase::running, 500, 250, Hungry::no},
    {"two_at_first", 1000, 0, 0, 0, 0, 0, 2, Phase::running, 250, 125, Hungry::no},
    {"enough_in_hand", 1000, 500, 0, 100, 0, 0, 1, Phase::running, 500, 125, Hungry::no},
    {"low", 1000, 500, 0, 450, 0, 0, 1, Phase::running, 700, 125, Hungry::no},
    {"a_call_that_needs_more_than_half", 1000, 0, 0, 0, 800, 800, 1, Phase::running, 800, 250,
     Hungry::no},
    {"a_call_that_needs_more_than_its_part", 1000, 0, 0, 0, 800, 800, 2, Phase::running, 800, 125,
     Hungry::no},
    {"many_calls_get_the_fair_part", 1000, 0, 0, 0, 5000, 10, 2, Phase::running, 500, 125,
     Hungry::no},
    {"all_but_a_little_is_elsewhere", 1000, 0, 990, 0, 20, 20, 2, Phase::running, 0, 0,
     Hungry::yes},
    {"just_enough_is_left", 1000, 0, 980, 0, 20, 20, 2, Phase::running, 20, 0, Hungry::no},
    {"what_is_in_hand_helps", 1000, 15, 980, 0, 20, 20, 2, Phase::running, 20, 0, Hungry::no},
    {"nothing_left", 1000, 500, 500, 500, 0, 0, 2, Phase::running, 500, 0, Hungry::no},
    {"used_is_a_fact", 1000, 100, 500, 700, 0, 0, 2, Phase::running, 700, 0, Hungry::no},
    {"the_cap_was_lowered", 100, 500, 500, 50, 0, 0, 2, Phase::running, 50, 0, Hungry::no},
    {"not_begun", 1000, 0, 0, 0, 50, 50, 1, Phase::ahead, 0, 0, Hungry::no},
    {"over", 1000, 10, 0, 7, 50, 50, 1, Phase::over, 10, 0, Hungry::no},
    {"a_cap_of_nothing", 0, 0, 0, 0, 5, 5, 1, Phase::running, 0, 0, Hungry::yes},
    {"others_have_what_was_ours", 100, 80, 70, 10, 0, 0, 2, Phase::running, 30, 0, Hungry::no},
    {"sums_do_not_wrap", INT64_MAX, INT64_MAX - 5, INT64_MAX - 5, 9, 0, 0, 2, Phase::running, 9, 0,
     Hungry::no},
};

class ShareTest : public ::testing::TestWithParam<Row> {};

TEST_P(ShareTest, Is)
{
    const auto& row = GetParam();
    const WindowFacts facts{row.cap,     row.granted, row.others, row.used,
                            row.refused, row.least,   row.live,   row.phase};
    const auto share = share_of(facts);
    EXPECT_EQ(share.granted, row.then);
    EXPECT_EQ(share.low, row.low);
    EXPECT_EQ(share.hungry, row.hungry);
}

INSTANTIATE_TEST_SUITE_P(Table, ShareTest, ::testing::ValuesIn(rows),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(Share, NeverGrantsMoreThanTheCapLeaves)
{
    std::mt19937_64 dice(7);
    const auto draw = [&dice](std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(0, most)(dice);
    };
    for (int i = 0; i < 20'000; ++i) {
        WindowFacts facts;
        facts.cap = draw(1000);
        facts.others = draw(1000);
        facts.granted = draw(1000);
        facts.used = draw(1000);
        facts.least = draw(300);
        facts.refused = facts.least == 0 ? 0 : facts.least + draw(2000);
        facts.live = 1 + static_cast<std::size_t>(draw(4));
        const auto share = share_of(facts);
        const auto held =
            std::max(facts.used,
                     std::min(facts.granted, std::max<std::int64_t>(0, facts.cap - facts.others)));
        ASSERT_GE(share.granted, held);
        if (share.granted > held) {
            ASSERT_LE(share.granted + facts.others, facts.cap);
            ASSERT_GE(share.granted - facts.used, facts.least);
        }
    }
}

TEST(Share, KeepsHalfOfWhatIsUnusedWhileItServes)
{
    EXPECT_EQ(kept_of(100, 40, Need::serving), 70);
    EXPECT_EQ(kept_of(41, 40, Need::serving), 40);
    EXPECT_EQ(kept_of(100, 40, Need::idle), 40);
    EXPECT_EQ(kept_of(30, 40, Need::idle), 40);
}

}  // namespace
}  // namespace spillway::instances
