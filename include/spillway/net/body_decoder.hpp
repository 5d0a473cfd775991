#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/net/block_pool.hpp"
#include "spillway/net/http_head.hpp"

namespace spillway::net {

enum class Coding : std::uint8_t { identity, gzip, zstd };

/// What Content-Encoding asks for. Fails with `unsupported_encoding` on anything but one of the
/// three, also on several at once.
[[nodiscard]] Result<Coding> content_coding(const Fields& fields);

struct Decoded {
    Block block;  ///< With at least `padding` bytes behind `size`.
    std::size_t size = 0;
};

/// Decompresses a whole body. Bounded by `limit` bytes and, once beyond a megabyte, by a hundred
/// times the compressed size, whichever is less: `body_too_large` beyond. `bad_encoding` when the
/// bytes do not decode or something follows them.
[[nodiscard]] Result<Decoded> decode_body(Coding coding, std::string_view bytes, std::size_t limit,
                                          std::size_t padding, BlockPool& blocks);

}  // namespace spillway::net
