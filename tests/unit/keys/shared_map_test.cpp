#include "spillway/keys/shared_map.hpp"

#include <gtest/gtest.h>

namespace spillway::keys {
namespace {

using Map = SharedMap<int>;

TEST(SharedMapTest, FindsWhatWasPut)
{
    Map map;
    map.put("a", std::make_shared<const int>(1));
    map.put("b", std::make_shared<const int>(2));
    map.put("a", std::make_shared<const int>(3));
    EXPECT_EQ(*map.find("a"), 3);
    EXPECT_EQ(*map.find("b"), 2);
    EXPECT_EQ(map.find("c"), nullptr);
    EXPECT_EQ(map.size(), 2U);
}

TEST(SharedMapTest, LeavesItsCopiesAsTheyAre)
{
    Map map;
    for (int i = 0; i < 1'000; ++i)
        map.put(std::to_string(i), std::make_shared<const int>(i));
    const Map before = map;
    for (int i = 0; i < 1'000; ++i) {
        if (i % 2 == 0)
            map.erase(std::to_string(i));
        else
            map.put(std::to_string(i), std::make_shared<const int>(-i));
    }
    EXPECT_EQ(before.size(), 1'000U);
    EXPECT_EQ(map.size(), 500U);
    int sum = 0;
    before.each([&sum](const std::string& name, const auto& value) {
        EXPECT_EQ(name, std::to_string(*value));
        sum += *value;
    });
    EXPECT_EQ(sum, 999 * 1'000 / 2);
}

TEST(SharedMapTest, ErasesOnlyWhatIsThere)
{
    Map map;
    map.erase("a");
    map.put("a", std::make_shared<const int>(1));
    map.erase("b");
    map.erase("a");
    EXPECT_EQ(map.size(), 0U);
    EXPECT_EQ(map.find("a"), nullptr);
}

}  // namespace
}  // namespace spillway::keys
