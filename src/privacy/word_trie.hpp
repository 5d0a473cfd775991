#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::privacy {

/// Many words and phrases, looked up at one place of a text: in any case, one blank of a phrase
/// standing for up to eight blanks or hyphens.
///
/// A filter over the first four bytes answers for nearly all places without touching the trie.
class WordTrie {
public:
    static constexpr std::uint32_t none = 0xFFFFFFFF;

    /// @param word   UTF-8, single blanks; at least three bytes.
    /// @param entry  What `each_at` reports. A word that is there already keeps its entry.
    /// @return The entry of the word.
    std::uint32_t add(std::string_view word, std::uint32_t entry);

    /// Makes ready for lookups; no `add` after it.
    void finish();

    /// Quick: may a word begin at `at`? Never wrong when it says no.
    [[nodiscard]] bool may_begin(std::string_view text, std::size_t at) const
    {
        const auto bit = slot(first_four(text, at));
        return ((filter_[bit / 64] >> (bit % 64)) & 1U) != 0;
    }

    /// Calls `visit(entry, end)` for every word that is written at `at`, short ones first.
    template <class Visit>
    void each_at(std::string_view text, std::size_t at, Visit visit) const
    {
        std::uint32_t node = 0;
        while (at < text.size()) {
            node = step(node, text, at);
            if (node == none) {
                return;
            }
            if (nodes_[node].entry != none) {
                visit(nodes_[node].entry, at);
            }
        }
    }

private:
    struct Edge {
        char byte;
        std::uint32_t to;
    };
    struct Node {
        std::uint32_t entry = none;
        std::uint32_t first_edge = 0;  ///< In `edges_`, once finished.
        std::uint32_t edge_count = 0;
    };

    static constexpr std::uint32_t case_bits = 0x20202020;

    [[nodiscard]] static std::uint32_t first_four(std::string_view text, std::size_t at)
    {
        std::uint32_t bytes = 0;
        if (at + sizeof bytes <= text.size()) {
            std::memcpy(&bytes, text.data() + at, sizeof bytes);
        } else {
            std::memcpy(&bytes, text.data() + at, text.size() - at);
        }
        return bytes | case_bits;
    }
    /// Position in the filter; the mixing constant is 2^32 divided by the golden ratio.
    [[nodiscard]] static std::uint32_t slot(std::uint32_t key)
    {
        return (key * 0x9E3779B1U) >> 16U;
    }

    /// The node after the byte (or the blanks) at `at`, which is moved behind them; `none` at an
    /// end.
    [[nodiscard]] std::uint32_t step(std::uint32_t node, std::string_view text,
                                     std::size_t& at) const;
    [[nodiscard]] std::uint32_t child(std::uint32_t node, char byte) const;

    std::uint32_t insert(std::string_view folded, std::uint32_t entry);
    void open_filter(std::string_view folded);

    std::vector<Node> nodes_{1};
    std::vector<std::vector<Edge>> building_{1};
    std::vector<Edge> edges_;
    std::array<std::uint32_t, 256> root_{};
    std::array<std::uint64_t, 1024> filter_{};
};

}  // namespace spillway::privacy
