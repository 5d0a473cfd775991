#include "word_trie.hpp"

#include <algorithm>

namespace spillway::privacy {

namespace {

constexpr std::size_t most_blanks = 8;

constexpr char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

constexpr bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '-';
}

/// Upper and lower case of the two-byte letters that differ in case: Latin-1, Latin Extended-A,
/// Greek, Cyrillic. ASCII is folded when text is read, these when words are added.
char32_t other_case(char32_t c)
{
    if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) || (c >= 0x391 && c <= 0x3A9) ||
        (c >= 0x410 && c <= 0x42F)) {
        return c + 0x20;
    }
    if ((c >= 0xE0 && c <= 0xFE && c != 0xF7) || (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) ||
        (c >= 0x430 && c <= 0x44F)) {
        return c - 0x20;
    }
    if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) {
        return c ^ 1U;
    }
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) {
        return ((c - 1U) ^ 1U) + 1U;
    }
    return c;
}

constexpr bool is_upper_two_byte(char32_t c)
{
    return (c >= 0xC0 && c <= 0xDE) || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F) ||
           (c >= 0x100 && c <= 0x137 && c % 2 == 0) || (c >= 0x14A && c <= 0x177 && c % 2 == 0) ||
           (((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) && c % 2 == 1);
}

enum class Casing { lower, title, upper };

/// `word` with its two-byte letters in the wanted case and ASCII in lower case.
std::string cased(std::string_view word, Casing casing)
{
    std::string out;
    bool at_start = true;
    for (std::size_t i = 0; i < word.size(); ++i) {
        const auto first = static_cast<unsigned char>(word[i]);
        if (first < 0xC2 || first > 0xDF || i + 1 == word.size()) {
            out += fold(word[i]);
            at_start = first == ' ';
            continue;
        }
        const auto second = static_cast<unsigned char>(word[++i]);
        auto c = static_cast<char32_t>(((first & 0x1FU) << 6U) | (second & 0x3FU));
        const bool wants_upper = casing == Casing::upper || (casing == Casing::title && at_start);
        if (is_upper_two_byte(c) != wants_upper) {
            c = other_case(c);
        }
        out += static_cast<char>(0xC0U | (c >> 6U));
        out += static_cast<char>(0x80U | (c & 0x3FU));
        at_start = false;
    }
    return out;
}

}  // namespace

std::uint32_t WordTrie::add(std::string_view word, std::uint32_t entry)
{
    const auto kept = insert(cased(word, Casing::lower), entry);
    insert(cased(word, Casing::title), kept);
    insert(cased(word, Casing::upper), kept);
    return kept;
}

std::uint32_t WordTrie::insert(std::string_view folded, std::uint32_t entry)
{
    std::uint32_t node = 0;
    for (const char byte : folded) {
        auto& edges = building_[node];
        const auto known = std::find_if(edges.begin(), edges.end(),
                                        [byte](const Edge& edge) { return edge.byte == byte; });
        if (known != edges.end()) {
            node = known->to;
            continue;
        }
        const auto fresh = static_cast<std::uint32_t>(nodes_.size());
        edges.push_back({byte, fresh});
        nodes_.emplace_back();
        building_.emplace_back();
        node = fresh;
    }
    if (nodes_[node].entry == none) {
        nodes_[node].entry = entry;
        open_filter(folded);
    }
    return nodes_[node].entry;
}

void WordTrie::open_filter(std::string_view folded)
{
    constexpr std::string_view blanks = " \t\n\r-";
    std::vector<std::uint32_t> keys{0};
    for (std::size_t i = 0; i < 4; ++i) {
        std::vector<std::uint32_t> longer;
        const auto spell = [&](unsigned byte) {
            for (const auto key : keys) {
                longer.push_back(key | (byte << (8 * i)));
            }
        };
        if (i >= folded.size()) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                spell(byte);
            }
        } else if (folded[i] == ' ') {
            std::for_each(blanks.begin(), blanks.end(),
                          [&spell](char c) { spell(static_cast<unsigned char>(c)); });
        } else {
            spell(static_cast<unsigned char>(folded[i]));
        }
        keys = std::move(longer);
    }
    for (auto key : keys) {
        if constexpr (std::endian::native == std::endian::big) {
            key = (key >> 24U) | ((key >> 8U) & 0xFF00U) | ((key << 8U) & 0xFF0000U) | (key << 24U);
        }
        const auto bit = slot(key | case_bits);
        filter_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
}

void WordTrie::finish()
{
    edges_.clear();
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        auto& own = building_[i];
        std::sort(own.begin(), own.end(), [](Edge a, Edge b) { return a.byte < b.byte; });
        nodes_[i].first_edge = static_cast<std::uint32_t>(edges_.size());
        nodes_[i].edge_count = static_cast<std::uint32_t>(own.size());
        edges_.insert(edges_.end(), own.begin(), own.end());
    }
    root_.fill(none);
    for (const auto& edge : building_[0]) {
        root_[static_cast<unsigned char>(edge.byte)] = edge.to;
    }
    building_ = {};
}

std::uint32_t WordTrie::child(std::uint32_t node, char byte) const
{
    if (node == 0) {
        return root_[static_cast<unsigned char>(byte)];
    }
    const auto begin = edges_.begin() + nodes_[node].first_edge;
    const auto end = begin + nodes_[node].edge_count;
    const auto found =
        std::lower_bound(begin, end, byte, [](const Edge& edge, char b) { return edge.byte < b; });
    return found != end && found->byte == byte ? found->to : none;
}

std::uint32_t WordTrie::step(std::uint32_t node, std::string_view text, std::size_t& at) const
{
    const char byte = text[at];
    const auto next = child(node, fold(byte));
    if (next != none && byte != ' ') {
        ++at;
        return next;
    }
    const auto after_blank = is_blank(byte) ? child(node, ' ') : none;
    if (after_blank == none) {
        return none;
    }
    const auto last = std::min(text.size(), at + most_blanks);
    while (at < last && is_blank(text[at])) {
        ++at;
    }
    return after_blank;
}

}  // namespace spillway::privacy
