#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "spillway/score/feature_row.hpp"
#include "spillway/score/score.hpp"

namespace {

using namespace spillway::score;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

/// The shipped weights with the input written over some of them, under a right checksum: so the
/// fuzzer gets past it.
std::string patched(std::string_view patch)
{
    auto bytes = serialise(*shipped_weights());
    std::size_t at = 0;
    if (patch.size() > 2) {
        at = (static_cast<unsigned char>(patch[0]) * 256U + static_cast<unsigned char>(patch[1])) %
             (bytes.size() - 4);
        patch.remove_prefix(2);
    }
    const auto room = bytes.size() - 4 - at;
    std::memcpy(bytes.data() + at, patch.data(), std::min(patch.size(), room));
    const auto crc = crc32c(std::string_view(bytes).substr(0, bytes.size() - 4));
    std::memcpy(bytes.data() + bytes.size() - 4, &crc, 4);
    return bytes;
}

}  // namespace

/// Whatever a weights file or a stored row holds, reading it ends well; what was read can be used
/// and written again. Any bytes are a prompt.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    (void)parse_weights(input);
    Extractor extractor;
    PromptView view;
    view.last_user = input;
    const auto& features = extractor.extract(view);
    if (const auto weights = parse_weights(patched(input))) {
        const auto found = score(*weights, features);
        require(!(found.rank < 0) && !(found.rank > 1));
        (void)reasons(*weights, features);
        require(parse_weights(serialise(*weights)).has_value());
    }
    if (const auto row = unpack(input))
        require(unpack(pack(*row)).has_value());
    require(unpack(pack(features)).has_value());
    return 0;
}
