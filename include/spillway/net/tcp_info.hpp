#pragma once

#include <cstdint>
#include <optional>

namespace spillway::net {

/// Bytes written on this TCP connection that the peer's kernel has confirmed, its SYN included;
/// nothing when the kernel does not say. Also works after the connection was reset.
[[nodiscard]] std::optional<std::uint64_t> bytes_acknowledged(int descriptor) noexcept;

}  // namespace spillway::net
