#include "spillway/base/on_demand.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spillway {
namespace {

struct Told {
    int status = 200;
    std::string text;
};

TEST(OnDemand, ReadsLikeADefaultBeforeItIsMade)
{
    const OnDemand<Told> told;
    EXPECT_EQ(told->status, 200);
    EXPECT_TRUE((*told).text.empty());
}

TEST(OnDemand, KeepsWhatIsChangedInIt)
{
    OnDemand<Told> told;
    told->status = 503;
    told->text = "busy";
    EXPECT_EQ((*told).status, 503);
    EXPECT_EQ(std::as_const(told)->text, "busy");
}

TEST(OnDemand, TakesAWholeValue)
{
    OnDemand<std::string> word;
    word = "first";
    word = std::string("second");
    EXPECT_EQ(*word, "second");
}

TEST(OnDemand, MovesWithItsValue)
{
    OnDemand<std::string> word;
    word = "here";
    const auto taken = std::move(word);
    EXPECT_EQ(*taken, "here");
}

TEST(OnDemand, IsNoLargerThanAPointer)
{
    EXPECT_EQ(sizeof(OnDemand<Told>), sizeof(void*));
}

}  // namespace
}  // namespace spillway
