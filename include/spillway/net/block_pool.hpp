#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace spillway::net {

class BlockPool;

/// Uninitialised memory borrowed from a shard's pool; goes back when it dies. Move-only.
class Block {
public:
    Block() noexcept = default;
    Block(Block&& other) noexcept
        : pool_(other.pool_),
          bytes_(std::exchange(other.bytes_, nullptr)),
          size_(std::exchange(other.size_, 0))
    {}
    Block& operator=(Block&& other) noexcept
    {
        std::swap(pool_, other.pool_);
        std::swap(bytes_, other.bytes_);
        std::swap(size_, other.size_);
        return *this;
    }
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block() { reset(); }

    [[nodiscard]] char* bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] explicit operator bool() const noexcept { return bytes_ != nullptr; }
    void reset() noexcept;
    /// At least `size` bytes, the first `keep` of them as they were.
    void grow(std::size_t size, std::size_t keep);

private:
    friend class BlockPool;
    Block(BlockPool* pool, char* bytes, std::size_t size) noexcept
        : pool_(pool), bytes_(bytes), size_(size)
    {}
    BlockPool* pool_ = nullptr;
    char* bytes_ = nullptr;
    std::size_t size_ = 0;
};

/// A shard's read buffers. Nobody who merely waits holds one, so ten thousand quiet streams share
/// the few that are in use; the one given back last, still in the cache, is lent first.
class BlockPool {
public:
    BlockPool() = default;
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;
    ~BlockPool();

    static constexpr std::size_t small = 16 * 1024;
    static constexpr std::size_t medium = 64 * 1024;
    static constexpr std::size_t wide = 128 * 1024;
    static constexpr std::size_t large = 256 * 1024;

    /// @param size  Rounded up to a class; beyond `large` the memory is not kept afterwards.
    [[nodiscard]] Block take(std::size_t size);

private:
    friend class Block;
    void give_back(char* bytes, std::size_t size) noexcept;

    struct Shelf {
        std::size_t size;
        std::size_t limit;
        std::vector<char*> blocks;
    };
    std::array<Shelf, 4> shelves_{
        {{small, 64, {}}, {medium, 8, {}}, {wide, 8, {}}, {large, 4, {}}}};
};

}  // namespace spillway::net
