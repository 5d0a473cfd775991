#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace spillway {

/// A flag that `poll` can wait for. `raise` from any thread; `lower` by the one that waits.
class EventDescriptor {
public:
    EventDescriptor() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    EventDescriptor(const EventDescriptor&) = delete;
    EventDescriptor& operator=(const EventDescriptor&) = delete;
    ~EventDescriptor()
    {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }

    void raise()
    {
        const std::uint64_t one = 1;
        (void)!::write(descriptor_, &one, sizeof one);
    }
    void lower()
    {
        std::uint64_t raised = 0;
        (void)!::read(descriptor_, &raised, sizeof raised);
    }
    /// -1 when the process was out of descriptors; `poll` then ignores it.
    [[nodiscard]] int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

}  // namespace spillway
