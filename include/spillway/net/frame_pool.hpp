#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace spillway::net {

/// Freed coroutine frames of one thread, by size, for the next ones. A frame lives and dies on its
/// shard's thread, so there is no lock; what is kept is bounded and given back with the thread.
/// Sanitizer builds go straight to the heap, or use after free would not be seen.
class FramePool {
public:
    [[nodiscard]] static void* take(std::size_t size)
    {
        const auto place = place_of(size);
        if (place < kept.lists.size() && kept.lists[place].first != nullptr) {
            auto& list = kept.lists[place];
            --list.count;
            auto* const frame = list.first;
            list.first = frame->next;
            return frame;
        }
        return ::operator new((place + 1) * step);
    }

    static void give_back(void* frame, std::size_t size) noexcept
    {
        const auto place = place_of(size);
        if (pools && place < kept.lists.size() && kept.lists[place].count < most_kept) {
            auto& list = kept.lists[place];
            ++list.count;
            list.first = new (frame) Free{list.first};
            return;
        }
        ::operator delete(frame);
    }

private:
    static constexpr std::size_t step = 64;
    static constexpr std::size_t classes = 128;  ///< Up to 8 KiB.
    static constexpr std::size_t most_kept = 256;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    static constexpr bool pools = false;
#else
    static constexpr bool pools = true;
#endif

    struct Free {
        Free* next;
    };
    struct List {
        Free* first;
        std::size_t count;
    };
    struct Kept {
        std::array<List, classes> lists;
        ~Kept()
        {
            for (auto& list : lists) {
                while (list.first != nullptr) {
                    auto* const next = list.first->next;
                    ::operator delete(list.first);
                    list.first = next;
                }
                // Frames that die after this, at the end of the thread, go to the heap.
                list.count = most_kept;
            }
        }
    };

    [[nodiscard]] static std::size_t place_of(std::size_t size) noexcept
    {
        return (size + step - 1) / step - 1;
    }

    static inline thread_local Kept kept{};
};

}  // namespace spillway::net
