#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {

/// A body with the padding that the reader asks for, and nothing readable behind it, so that the
/// sanitizers see every byte too far.
class Padded {
public:
    explicit Padded(std::string_view text)
        : bytes_(std::make_unique<char[]>(text.size() + body_padding)), size_(text.size())
    {
        text.copy(bytes_.get(), text.size());
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

}  // namespace spillway::dialect
