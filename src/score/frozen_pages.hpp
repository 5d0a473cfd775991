#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"

namespace spillway::score {

/// What a file held when it was read, in pages of their own that nobody can write to any more.
/// Unlike a mapping of the file itself, they stay as they are when it is cut or written over in its
/// place: such a mapping would end the process with SIGBUS, or change behind its checksum.
class FrozenPages {
public:
    /// Reads the file whole.
    /// @return `most` + 1 bytes of a longer one; `io_error`, which names it.
    [[nodiscard]] static Result<std::shared_ptr<const FrozenPages>> of_file(const std::string& path,
                                                                            std::size_t most);
    ~FrozenPages();
    FrozenPages(const FrozenPages&) = delete;
    FrozenPages& operator=(const FrozenPages&) = delete;

    [[nodiscard]] std::string_view bytes() const noexcept { return {begin_, used_}; }

private:
    FrozenPages(char* begin, std::size_t length) : begin_(begin), length_(length) {}

    char* begin_;
    std::size_t length_;
    std::size_t used_ = 0;
};

}  // namespace spillway::score
