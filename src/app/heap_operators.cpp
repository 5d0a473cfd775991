// The daemon's heap: docs/adr/0023. Part of the executable only, and not of sanitizer builds, whose
// own operators must see every use after free.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <new>

#include "spillway/base/heap_cache.hpp"

void* operator new(std::size_t size)
{
    if (void* const block = spillway::HeapCache::take(size))
        return block;
    throw std::bad_alloc{};
}

void operator delete(void* block) noexcept
{
    spillway::HeapCache::give_back(block);
}

void operator delete(void* block, std::size_t) noexcept
{
    spillway::HeapCache::give_back(block);
}

#endif
