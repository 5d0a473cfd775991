#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "spillway/base/ids.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/rates.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Header lines put together on the stack and handed over in as few pieces as fit: an answer has a
/// dozen of them, and a string that grows with each is copied as often. Writes what it is given:
/// only for text that cannot end a line, ours or what a head parser let through.
class LineBuffer {
public:
    explicit LineBuffer(net::HeaderLines& lines) noexcept : lines_(lines) {}
    ~LineBuffer() { hand_over(); }
    LineBuffer(const LineBuffer&) = delete;
    LineBuffer& operator=(const LineBuffer&) = delete;

    LineBuffer& put(std::string_view piece)
    {
        if (piece.size() > bytes_.size() - used_)
            return put_large(piece);
        std::memcpy(bytes_.data() + used_, piece.data(), piece.size());
        used_ += piece.size();
        return *this;
    }

    /// A literal: its size is known, so copying it takes a few instructions and no call.
    template <std::size_t size>
    LineBuffer& put(const char (&literal)[size])
    {
        return put(std::string_view{literal, size - 1});
    }

    LineBuffer& put(std::int64_t number)
    {
        std::array<char, 20> digits;  // NOLINT(*-member-init): written by the next line
        const auto* const end = std::to_chars(digits.begin(), digits.end(), number).ptr;
        return put({digits.data(), static_cast<std::size_t>(end - digits.data())});
    }

private:
    LineBuffer& put_large(std::string_view piece);
    void hand_over();

    net::HeaderLines& lines_;
    std::size_t used_ = 0;
    std::array<char, 1024> bytes_;  // NOLINT(*-member-init): only what was put in is read
};

/// The lines of every answer that one deployment gives: which model, group and base.
[[nodiscard]] std::string answer_block(std::string_view deployment, std::string_view group,
                                       std::string_view api_base);

/// The upstream's headers that a client may see: an allow-list (reliability.md, finding 3). Where
/// limits of our own hold, its own become `llm_provider-x-ratelimit-*` as in LiteLLM.
void copy_reply_headers(LineBuffer& lines, const net::ReplyHead& head, RateLines rates);

/// The same for an answer in another form than the upstream's. @param type  Its content type.
void copy_reply_headers_as(LineBuffer& lines, const net::ReplyHead& head, RateLines rates,
                           std::string_view type);

/// Headers of a streamed answer or of a whole one, but for what is only known at the end.
void add_answer_headers(LineBuffer& lines, const RequestId& id, const Upstream& upstream,
                        int retries, int fallbacks);

/// Headers that are known only at the end: cost, durations, and their LiteLLM twins.
void add_final_headers(LineBuffer& lines, const ledger::SpendRecord& record,
                       const Outcome& outcome);

}  // namespace spillway::gateway
