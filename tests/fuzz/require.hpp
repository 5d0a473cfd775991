#pragma once

#include <cstdlib>

/// Stops the fuzzer at a broken promise, which counts as a crash.
inline void require(bool holds)
{
    if (!holds) {
        std::abort();
    }
}
