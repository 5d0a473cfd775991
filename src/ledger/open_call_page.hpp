#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "spillway/ledger/open_calls.hpp"

namespace spillway::ledger {

inline constexpr std::size_t open_call_page_size = 4'096;

/// One page of the file of open calls, as it lies in memory and on disk. It counts when `state` is
/// `live` and the checksum holds; `state` is stored last.
struct OpenCallPage {
    static constexpr std::uint32_t live = 0x4C495645;  // "LIVE"
    static constexpr std::size_t room = open_call_page_size - 64;

    std::atomic<std::uint32_t> state;
    std::uint32_t attempt;
    std::uint64_t checksum;  ///< Of all that follows, as far as it is used.
    std::uint64_t id_high;
    std::uint64_t id_low;
    std::int64_t started;
    std::int64_t charged_at;
    std::int64_t amount;
    std::uint32_t used;  ///< Bytes of `texts`.
    std::uint32_t unused;
    unsigned char texts[room];  ///< Each with its length in two bytes before it.
};
static_assert(sizeof(OpenCallPage) == open_call_page_size);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

/// What `checksum` holds of a sound page.
[[nodiscard]] std::uint64_t checksum_of(const OpenCallPage& page);

/// Makes the page live.
void write_page(OpenCallPage& page, const CallNote& call);

/// The call as a record, and its attempt; empty when the page holds none.
struct PageContent {
    SpendRecord record;
    std::uint32_t attempt = 0;
};
[[nodiscard]] std::optional<PageContent> read_page(const OpenCallPage& page);

}  // namespace spillway::ledger
