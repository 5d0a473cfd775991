#include "unicode.hpp"

#include <algorithm>
#include <cassert>

namespace spillway::tokens {
namespace {

constexpr std::uint32_t ranges[] = {
#include "unicode_classes.inc"
};

}  // namespace

const CharClasses& CharClasses::the()
{
    static const CharClasses classes;
    return classes;
}

CharClasses::CharClasses()
{
    std::size_t range = 0;
    for (std::size_t block = 0; block < block_.size(); ++block) {
        std::array<CharClass, 256> classes{};
        for (std::size_t i = 0; i < classes.size(); ++i) {
            const std::uint32_t code = static_cast<std::uint32_t>(block << 8 | i);
            while (range + 1 < std::size(ranges) && ranges[range + 1] >> 8 <= code)
                ++range;
            classes[i] = static_cast<CharClass>(ranges[range] & 0xff);
        }
        auto same = std::ranges::find(blocks_, classes);
        if (same == blocks_.end()) {
            blocks_.push_back(classes);
            same = blocks_.end() - 1;
        }
        block_[block] = static_cast<std::uint8_t>(same - blocks_.begin());
    }
    assert(blocks_.size() <= 256);
    std::ranges::copy_n(blocks_[block_[0]].begin(), ascii_.size(), ascii_.begin());
}

}  // namespace spillway::tokens
