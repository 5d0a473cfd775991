#include "spillway/base/heap_cache.hpp"

#include <cstring>
#include <thread>
#include <vector>

#include "gmock/gmock.h"

namespace spillway {
namespace {

TEST(HeapCache, LendsTheBlockThatWasGivenBackLast)
{
    const HeapCache::Use use;
    void* const first = HeapCache::take(200);
    HeapCache::give_back(first);
    void* const second = HeapCache::take(200);
    EXPECT_EQ(first, second);
    HeapCache::give_back(second);
}

TEST(HeapCache, GivesBlocksThatHoldWhatWasAskedForWhateverWasFreedBefore)
{
    const HeapCache::Use use;
    for (int round = 0; round < 2; ++round) {
        std::vector<void*> blocks;
        for (std::size_t size = 0; size < 10'000; size += 7) {
            void* const block = HeapCache::take(size);
            ASSERT_NE(block, nullptr);
            ASSERT_GE(::malloc_usable_size(block), size);
            std::memset(block, 0x5A, size);
            blocks.push_back(block);
        }
        for (void* const block : blocks)
            HeapCache::give_back(block);
    }
}

TEST(HeapCache, TakesBlocksOfMallocOfAnySize)
{
    const HeapCache::Use use;
    for (std::size_t size = 1; size < 10'000; size += 5)
        HeapCache::give_back(std::malloc(size));
    for (std::size_t size = 1; size < 10'000; size += 5) {
        void* const block = HeapCache::take(size);
        ASSERT_GE(::malloc_usable_size(block), size);
        std::memset(block, 0x5A, size);
        std::free(block);
    }
}

TEST(HeapCache, TakesNothingForAnOrdinaryDelete)
{
    const HeapCache::Use use;
    HeapCache::give_back(nullptr);
    void* const block = HeapCache::take(64);
    EXPECT_NE(block, nullptr);
    HeapCache::give_back(block);
}

TEST(HeapCache, TakesBlocksThatAnotherThreadMade)
{
    const HeapCache::Use use;
    void* made = nullptr;
    std::thread([&made] { made = HeapCache::take(500); }).join();
    HeapCache::give_back(made);
    EXPECT_EQ(HeapCache::take(500), made);
    std::free(made);
}

}  // namespace
}  // namespace spillway
