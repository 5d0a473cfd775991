#pragma once

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace spillway {

/// Freed blocks of one thread, by size, for its next ones: no lock, and bounded. malloc keeps seven
/// of each size and none above 1 KiB, which a shard with dozens of requests in flight soon exceeds
/// (docs/adr/0023). The daemon's `operator new` and `operator delete` stand on it.
///
/// Blocks are malloc's, so it does not matter which thread made a block or frees it.
class HeapCache {
public:
    /// While it lives, what this thread frees is kept. One at a time in each thread.
    class Use {
    public:
        Use() noexcept
        {
            for (std::size_t place = 0; place < places; ++place)
                kept[place].room = std::max(least_kept, most_bytes / size_of(place));
        }
        ~Use()
        {
            for (auto& list : kept) {
                list.room = 0;
                while (list.first != nullptr)
                    std::free(pop(list));
            }
        }
        Use(const Use&) = delete;
        Use& operator=(const Use&) = delete;
    };

    /// @return Uninitialised memory; null when there is none.
    [[nodiscard]] static void* take(std::size_t size) noexcept
    {
        const auto place = place_for(size);
        if (place >= places)
            return std::malloc(size);
        auto& list = kept[place];
        if (list.first == nullptr)
            return std::malloc(size_of(place));
        ++list.room;
        return pop(list);
    }

    /// @param block  From `take` or malloc, of any thread; or null.
    static void give_back(void* block) noexcept
    {
        if (block == nullptr)
            return;
        const auto place = place_within(::malloc_usable_size(block));
        if (place >= places || kept[place].room == 0) {
            std::free(block);
            return;
        }
        auto& list = kept[place];
        --list.room;
        list.first = new (block) Free{list.first};
    }

private:
    /// Up to 1 KiB by sixteens, as malloc has them, and from there to 8 KiB by 128.
    static constexpr std::size_t step = 16;
    static constexpr std::size_t small = 1024;
    static constexpr std::size_t small_places = small / step;
    static constexpr std::size_t wide_step = 128;
    static constexpr std::size_t places = small_places + 7 * small / wide_step;
    static constexpr std::size_t most_bytes = std::size_t{128} * 1024;  ///< Kept of each size.
    static constexpr std::size_t least_kept = 8;

    struct Free {
        Free* next;
    };
    struct List {
        Free* first;
        std::size_t room;
    };

    [[nodiscard]] static constexpr std::size_t size_of(std::size_t place) noexcept
    {
        return place < small_places ? (place + 1) * step
                                    : small + (place + 1 - small_places) * wide_step;
    }
    /// The smallest size that holds `size` bytes.
    [[nodiscard]] static constexpr std::size_t place_for(std::size_t size) noexcept
    {
        return size <= small ? (std::max(size, std::size_t{1}) - 1) / step
                             : small_places + (size - small - 1) / wide_step;
    }
    /// The largest size that a block of `usable` bytes holds.
    [[nodiscard]] static constexpr std::size_t place_within(std::size_t usable) noexcept
    {
        return usable < small + wide_step ? std::min(usable / step, small_places) - 1
                                          : small_places + (usable - small) / wide_step - 1;
    }
    static void* pop(List& list) noexcept
    {
        auto* const block = list.first;
        list.first = block->next;
        return block;
    }

    static constinit inline thread_local std::array<List, places> kept{};
};

}  // namespace spillway
