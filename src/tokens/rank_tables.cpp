#include "rank_tables.hpp"

#include <algorithm>
#include <bit>

#include "piece.hpp"

namespace spillway::tokens {
namespace {

constexpr int rank_bits = 21;
constexpr Rank no_rank = (Rank{1} << rank_bits) - 1;
constexpr std::uint64_t no_pair = ~std::uint64_t{0};

/// Slots of a table at most half full.
std::size_t slots_for(std::size_t entries)
{
    return std::bit_ceil(entries * 2 + 1);
}

/// The rest of a slot of `whole_` besides the rank: bits of the hash that the place does not use.
Rank tag_of(std::uint64_t hash)
{
    return static_cast<Rank>(hash >> 53) << rank_bits;
}

std::uint64_t pair_key(Rank left, Rank right)
{
    return std::uint64_t{left} << rank_bits | right;
}

std::uint64_t pair_hash(std::uint64_t key)
{
    return key * 0x9e3779b97f4a7c15U;
}

std::size_t pair_slot(std::uint64_t hash, std::size_t mask)
{
    return (hash ^ hash >> 32) & mask;
}

/// The first eight bytes as a number that sorts like them.
std::uint64_t front_of(std::string_view bytes)
{
    std::uint64_t front = 0;
    for (std::size_t i = 0; i < 8; ++i)
        front = front << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0);
    return front;
}

}  // namespace

/// The tokens in the order of their bytes, which lie side by side: what walks them stays in cache.
struct RankTables::Alphabetical {
    std::vector<Rank> tokens;
    std::vector<std::uint32_t> starts;
    std::string bytes;

    [[nodiscard]] std::string_view operator[](std::size_t place) const
    {
        return std::string_view(bytes).substr(starts[place], starts[place + 1] - starts[place]);
    }
};

Result<std::unique_ptr<const RankTables>> RankTables::build(std::string bytes,
                                                            std::vector<Rank> starts)
{
    if (starts.size() < 257 || starts.size() > no_rank)
        return fail(Errc::bad_config, "a vocabulary has 256 to 2 million tokens");
    std::unique_ptr<RankTables> tables(new RankTables(std::move(bytes), std::move(starts)));
    if (const auto indexed = tables->index_tokens(); !indexed)
        return fail(indexed.error());
    const Alphabetical sorted = tables->alphabetical();
    tables->link_prefixes(sorted);
    tables->find_merges();
    tables->drop_unmade(sorted);
    tables->grow_trie(sorted);
    return tables;
}

RankTables::RankTables(std::string bytes, std::vector<Rank> starts)
    : bytes_(std::move(bytes)),
      starts_(std::move(starts)),
      whole_(slots_for(size()), no_token),
      tokens_(size()),
      pairs_(slots_for(size()), no_pair)
{
    const std::size_t bits = std::bit_ceil(size() * 8);
    filter_.resize(bits / 64);
    filter_shift_ = 64 - std::countr_zero(bits);
    for (Rank token = 0; token < size(); ++token)
        tokens_[token].length = starts_[token + 1] - starts_[token];
}

Result<void> RankTables::index_tokens()
{
    const std::size_t mask = whole_.size() - 1;
    std::size_t single = 0;
    for (Rank token = 0; token < size(); ++token) {
        const std::string_view piece = bytes(token);
        const std::uint64_t hash = hash_of(piece);
        if (whole(piece, hash) != no_token)
            return fail(Errc::bad_config, "the vocabulary has a token twice");
        single += piece.size() == 1 ? 1 : 0;
        std::size_t slot = hash & mask;
        while (whole_[slot] != no_token)
            slot = (slot + 1) & mask;
        whole_[slot] = tag_of(hash) | token;
    }
    if (single != 256)
        return fail(Errc::bad_config, "the vocabulary lacks single bytes");
    return {};
}

Rank RankTables::whole(std::string_view piece, std::uint64_t hash) const
{
    const std::size_t mask = whole_.size() - 1;
    const Rank tag = tag_of(hash);
    for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
        const Rank entry = whole_[slot];
        if (entry == no_token)
            return no_token;
        if ((entry & ~no_rank) == tag && bytes(entry & no_rank) == piece)
            return entry & no_rank;
    }
}

RankTables::Alphabetical RankTables::alphabetical() const
{
    std::vector<std::pair<std::uint64_t, Rank>> fronts(size());
    for (Rank token = 0; token < size(); ++token)
        fronts[token] = {front_of(bytes(token)), token};
    std::ranges::sort(fronts, [&](const auto& a, const auto& b) {
        return a.first != b.first ? a.first < b.first : bytes(a.second) < bytes(b.second);
    });
    Alphabetical sorted;
    sorted.tokens.reserve(size());
    sorted.starts.reserve(size() + 1);
    sorted.bytes.reserve(bytes_.size());
    for (const auto& [front, token] : fronts) {
        sorted.tokens.push_back(token);
        sorted.starts.push_back(static_cast<std::uint32_t>(sorted.bytes.size()));
        sorted.bytes += bytes(token);
    }
    sorted.starts.push_back(static_cast<std::uint32_t>(sorted.bytes.size()));
    return sorted;
}

/// In alphabetical order a token's prefixes come before it: those open at any time form a stack.
void RankTables::link_prefixes(const Alphabetical& sorted)
{
    std::vector<std::size_t> open;
    for (std::size_t place = 0; place < size(); ++place) {
        while (!open.empty() && !sorted[place].starts_with(sorted[open.back()]))
            open.pop_back();
        tokens_[sorted.tokens[place]].shorter =
            open.empty() ? no_token : sorted.tokens[open.back()];
        open.push_back(place);
    }
}

void RankTables::find_merges()
{
    for (Rank token = 0; token < size(); ++token)
        if (length(token) > 1 && find_merge(token))
            add_merge(tokens_[token].left, tokens_[token].right, token);
}

/// A token is made from two of lower rank that stay apart until its own turn; at most one cut is
/// so.
bool RankTables::find_merge(Rank token)
{
    const std::string_view all = bytes(token);
    for (Rank left = shorter(token); left != no_token; left = shorter(left)) {
        if (left > token || !is_made(left))
            continue;
        const std::string_view rest = all.substr(length(left));
        const Rank right = whole(rest, hash_of(rest));
        if (right < token && is_made(right) && stay_apart(left, right)) {
            tokens_[token].left = left;
            tokens_[token].right = right;
            return true;
        }
    }
    return false;
}

/// Tokens that no merge makes are only found as whole pieces.
void RankTables::drop_unmade(const Alphabetical& sorted)
{
    for (const Rank token : sorted.tokens) {
        const Rank prefix = shorter(token);
        if (prefix != no_token && !is_made(prefix))
            tokens_[token].shorter = shorter(prefix);
    }
}

Rank RankTables::merged(Rank left, Rank right) const
{
    const std::uint64_t key = pair_key(left, right);
    const std::uint64_t hash = pair_hash(key);
    const std::uint64_t bit = hash >> filter_shift_;
    if ((filter_[bit / 64] >> bit % 64 & 1) == 0)
        return no_token;
    const std::size_t mask = pairs_.size() - 1;
    for (std::size_t slot = pair_slot(hash, mask);; slot = (slot + 1) & mask) {
        const std::uint64_t entry = pairs_[slot];
        if (entry == no_pair)
            return no_token;
        if (entry >> rank_bits == key)
            return static_cast<Rank>(entry & no_rank);
    }
}

void RankTables::add_merge(Rank left, Rank right, Rank token)
{
    const std::uint64_t key = pair_key(left, right);
    const std::uint64_t hash = pair_hash(key);
    const std::uint64_t bit = hash >> filter_shift_;
    filter_[bit / 64] |= std::uint64_t{1} << bit % 64;
    const std::size_t mask = pairs_.size() - 1;
    std::size_t slot = pair_slot(hash, mask);
    while (pairs_[slot] != no_pair)
        slot = (slot + 1) & mask;
    pairs_[slot] = key << rank_bits | token;
}

bool RankTables::stay_apart(Rank left, Rank right) const
{
    // Goes back in time: undoes the later of the merges that made both sides, and asks each time
    // whether what then met at the border would have been merged before the merge just undone.
    // Equal ranks are merged from left to right.
    Rank before = no_token;
    for (;;) {
        if (merged(left, right) < before)
            return false;
        const Token& left_token = tokens_[left];
        const Token& right_token = tokens_[right];
        const bool left_single = left_token.left == no_token;
        const bool right_single = right_token.left == no_token;
        if (left_single && right_single)
            return true;
        if (!left_single && (right_single || left > right)) {
            before = left;
            left = left_token.right;
        } else {
            before = right + 1;
            right = right_token.left;
        }
    }
}

void RankTables::grow_trie(const Alphabetical& sorted)
{
    struct Range {  // of sorted tokens that share the first `depth` bytes
        std::uint32_t first;
        std::uint32_t last;
        std::uint32_t depth;
    };
    std::vector<Range> ranges{{0, static_cast<std::uint32_t>(size()), 0}};
    ranges.reserve(size() * 2);
    nodes_.reserve(size() * 2);
    nodes_.push_back({no_rank, 0, 0, 0});
    for (std::size_t node = 0; node < ranges.size(); ++node) {
        auto [first, last, depth] = ranges[node];
        if (sorted[first].size() == depth) {
            if (is_made(sorted.tokens[first]))
                nodes_[node].token = sorted.tokens[first];
            ++first;
        }
        nodes_[node].first_child = nodes_.size();
        while (first < last) {
            const char byte = sorted[first][depth];
            std::uint32_t next = first + 1;
            while (next < last && sorted[next][depth] == byte)
                ++next;
            ranges.push_back({first, next, depth + 1});
            nodes_.push_back({no_rank, 0, 0, static_cast<unsigned char>(byte)});
            nodes_[node].children = nodes_[node].children + 1;
            first = next;
        }
    }
    nodes_.shrink_to_fit();
}

Rank RankTables::longest(std::string_view text) const
{
    // All single bytes are tokens, so the root's children are found by their byte.
    Node node = nodes_[nodes_[0].first_child + static_cast<unsigned char>(text[0])];
    Rank found = node.token;
    for (std::size_t at = 1; at < text.size() && node.children > 0; ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        const Node* const first = nodes_.data() + node.first_child;
        if (byte < first->byte)
            break;
        // Bytes ascend, so a child is at most as far from the first as its byte is.
        const Node* child = first + std::min<std::size_t>(byte - first->byte, node.children - 1);
        while (child->byte > byte)
            --child;
        if (child->byte != byte)
            break;
        node = *child;
        if (node.token != no_rank)
            found = node.token;
    }
    return found;
}

std::size_t RankTables::footprint() const
{
    const auto held = [](const auto& vector) { return vector.capacity() * sizeof(vector[0]); };
    return bytes_.capacity() + held(starts_) + held(whole_) + held(tokens_) + held(pairs_) +
           held(filter_) + held(nodes_);
}

}  // namespace spillway::tokens
