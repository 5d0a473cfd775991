#include "spillway/net/block_pool.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace spillway::net {
namespace {

TEST(BlockPool, LendsTheBlockGivenBackLastFirst)
{
    BlockPool pool;
    Block block = pool.take(100);
    EXPECT_EQ(block.size(), BlockPool::small);
    const char* place = block.bytes();
    block.reset();
    EXPECT_EQ(pool.take(BlockPool::small).bytes(), place);
}

TEST(BlockPool, KeepsBytesWhenABlockGrows)
{
    BlockPool pool;
    Block block = pool.take(10);
    std::memcpy(block.bytes(), "0123456789", 10);
    block.grow(BlockPool::large + 1, 10);
    EXPECT_EQ(block.size(), BlockPool::large + 1);
    EXPECT_EQ(std::memcmp(block.bytes(), "0123456789", 10), 0);
}

TEST(BlockPool, LendsAnyNumber)
{
    BlockPool pool;
    std::vector<Block> blocks;
    for (int i = 0; i < 100; ++i)
        blocks.push_back(pool.take(BlockPool::medium));
    blocks.clear();
    EXPECT_TRUE(pool.take(1));
}

}  // namespace
}  // namespace spillway::net
