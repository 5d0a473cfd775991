#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"

namespace spillway::tokens {

/// A token's rank, which is its number: tokens of lower rank are merged first.
using Rank = std::uint32_t;
inline constexpr Rank no_token = std::numeric_limits<Rank>::max();

/// A vocabulary in the form that counting needs. Immutable after `build`.
///
/// Merging the pair of lowest rank again and again has one result, and it can be found without
/// merging: a sequence of tokens is the result exactly when no two neighbours could have been
/// merged otherwise. So tokens are matched greedily from the left, longest first, each is checked
/// against its neighbour, and where nothing fits the neighbour gives way to a shorter one. Every
/// place of the text is abandoned at most once, hence the time is linear whatever the text is.
class RankTables {
public:
    /// Takes the tokens in the order of their ranks. Fails unless all single bytes are there once.
    [[nodiscard]] static Result<std::unique_ptr<const RankTables>> build(std::string bytes,
                                                                         std::vector<Rank> starts);

    /// The token that is exactly `piece`, however it came about; `no_token` if there is none.
    [[nodiscard]] Rank whole(std::string_view piece, std::uint64_t hash) const;
    /// The longest token that merging can make from the front of `text`, which is not empty.
    [[nodiscard]] Rank longest(std::string_view text) const;
    /// The next shorter token that begins like `token`; `no_token` for a single byte.
    [[nodiscard]] Rank shorter(Rank token) const { return tokens_[token].shorter; }
    /// Whether merging leaves `left` and `right` as they are when they stand side by side.
    [[nodiscard]] bool stay_apart(Rank left, Rank right) const;

    [[nodiscard]] std::size_t length(Rank token) const { return tokens_[token].length; }
    [[nodiscard]] std::string_view bytes(Rank token) const
    {
        return std::string_view(bytes_).substr(starts_[token], starts_[token + 1] - starts_[token]);
    }
    [[nodiscard]] std::size_t size() const { return starts_.size() - 1; }
    /// Memory held, in bytes.
    [[nodiscard]] std::size_t footprint() const;

private:
    RankTables(std::string bytes, std::vector<Rank> starts);
    [[nodiscard]] Result<void> index_tokens();
    struct Alphabetical;
    [[nodiscard]] Alphabetical alphabetical() const;
    void link_prefixes(const Alphabetical& sorted);
    void find_merges();
    [[nodiscard]] bool find_merge(Rank token);
    void drop_unmade(const Alphabetical& sorted);
    void grow_trie(const Alphabetical& sorted);
    [[nodiscard]] bool is_made(Rank token) const
    {
        return tokens_[token].length == 1 || tokens_[token].left != no_token;
    }
    [[nodiscard]] Rank merged(Rank left, Rank right) const;
    void add_merge(Rank left, Rank right, Rank token);

    /// All that counting asks of a token, in one place: a cache line is what costs.
    struct Token {
        Rank left = no_token;  ///< The last merge that makes it; none for single bytes.
        Rank right = no_token;
        Rank shorter = no_token;
        std::uint32_t length = 0;
    };
    /// A node of the trie over the tokens that merging makes, in 64 bits; children lie side by
    /// side in the order of their bytes.
    struct Node {
        std::uint64_t token : 21;  ///< All ones: none ends here.
        std::uint64_t children : 9;
        std::uint64_t first_child : 26;
        std::uint64_t byte : 8;  ///< That leads here.
    };
    static_assert(sizeof(Node) == 8);

    std::string bytes_;         ///< All tokens, one after the other.
    std::vector<Rank> starts_;  ///< Where each begins, and the end.
    std::vector<Rank> whole_;   ///< Open addressing by hash: rank, and 11 bits of the hash.
    std::vector<Token> tokens_;
    std::vector<std::uint64_t> pairs_;  ///< Open addressing: left, right, token in 21 bits each.
    std::vector<std::uint64_t>
        filter_;  ///< A bit per pair by another hash: most asked for are none.
    int filter_shift_ = 0;
    std::vector<Node> nodes_;
};

}  // namespace spillway::tokens
