#include "spillway/base/ids.hpp"

#include <gmock/gmock.h>

#include <set>

namespace spillway {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

const WallTime noon{seconds{1'795'000'000}};

TEST(RequestId, PrintsAs26CharactersOfCrockfordBase32)
{
    RequestIdMaker maker{7};
    const std::string text = maker.next(noon).text();
    EXPECT_EQ(text.size(), 26u);
    EXPECT_EQ(text.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
}

TEST(RequestId, PrintsAllItsBits)
{
    EXPECT_EQ((RequestId{0, 0}.text()), "00000000000000000000000000");
    EXPECT_EQ((RequestId{0, 31}.text()), "0000000000000000000000000Z");
    EXPECT_EQ((RequestId{1, 0}.text()), "0000000000000G000000000000");
    EXPECT_EQ((RequestId{~std::uint64_t{0}, ~std::uint64_t{0}}.text()),
              "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

TEST(RequestId, SortsByTimeOfCreationInBothForms)
{
    RequestIdMaker maker{7};
    const RequestId earlier = maker.next(noon);
    const RequestId later = maker.next(noon + microseconds{1'000});
    EXPECT_LT(earlier, later);
    EXPECT_LT(earlier.text(), later.text());
}

TEST(RequestId, HoldsTheMillisecondOfItsCreation)
{
    RequestIdMaker maker{7};
    EXPECT_EQ(maker.next(noon).high >> 16U, 1'795'000'000'000u);
}

TEST(RequestIdMaker, RepeatsNoId)
{
    RequestIdMaker maker{42};
    std::set<RequestId> seen;
    for (int i = 0; i < 10'000; ++i) {
        EXPECT_TRUE(seen.insert(maker.next(noon)).second);
    }
}

TEST(RequestIdMaker, MakesOtherIdsFromAnotherSeed)
{
    RequestIdMaker one{1};
    RequestIdMaker two{2};
    EXPECT_NE(one.next(noon), two.next(noon));
}

TEST(RequestIdMaker, DrawsSpreadOverTheWholeRange)
{
    RequestIdMaker maker{3};
    int upper_half = 0;
    for (int i = 0; i < 10'000; ++i) {
        upper_half += maker.draw() >> 63U ? 1 : 0;
    }
    EXPECT_GT(upper_half, 4'700);
    EXPECT_LT(upper_half, 5'300);
}

TEST(RandomSeed, DiffersFromCallToCall)
{
    EXPECT_NE(random_seed(), random_seed());
}

}  // namespace
}  // namespace spillway
