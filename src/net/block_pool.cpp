#include "spillway/net/block_pool.hpp"

#include <cstring>
#include <new>

namespace spillway::net {

void Block::reset() noexcept
{
    if (bytes_ != nullptr)
        pool_->give_back(std::exchange(bytes_, nullptr), std::exchange(size_, 0));
}

void Block::grow(std::size_t size, std::size_t keep)
{
    Block bigger = pool_->take(size);
    std::memcpy(bigger.bytes(), bytes_, keep);
    *this = std::move(bigger);
}

BlockPool::~BlockPool()
{
    for (Shelf& shelf : shelves_)
        for (char* block : shelf.blocks)
            std::free(block);
}

Block BlockPool::take(std::size_t size)
{
    for (Shelf& shelf : shelves_) {
        if (size > shelf.size)
            continue;
        size = shelf.size;
        if (shelf.blocks.empty())
            break;
        char* bytes = shelf.blocks.back();
        shelf.blocks.pop_back();
        return Block{this, bytes, size};
    }
    auto* bytes = static_cast<char*>(std::malloc(size));
    if (bytes == nullptr)
        throw std::bad_alloc{};
    return Block{this, bytes, size};
}

void BlockPool::give_back(char* bytes, std::size_t size) noexcept
{
    for (Shelf& shelf : shelves_) {
        if (size != shelf.size || shelf.blocks.size() == shelf.limit)
            continue;
        if (shelf.blocks.capacity() == 0)
            shelf.blocks.reserve(shelf.limit);
        shelf.blocks.push_back(bytes);
        return;
    }
    std::free(bytes);
}

}  // namespace spillway::net
