// Does a text go round in circles?
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spillway/review/checks.hpp"

namespace spillway::review {
namespace {

constexpr std::string_view blanks = " \t\r\n";

constexpr std::size_t longest_period = 240;
constexpr std::size_t least_repeated = 240;
constexpr std::size_t least_times = 6;

/// Of the looser check: the words that are looked at, the length of a run, how often it must have
/// been said, and the share of runs that were.
constexpr std::size_t words_looked_at = 600;
constexpr std::size_t least_words = 150;
constexpr std::size_t run_length = 6;
constexpr std::uint32_t times_said = 4;
constexpr double share_said = 0.6;

/// To the letter: one passage again and again up to the last byte.
bool repeats_exactly(std::string_view text)
{
    for (std::size_t period = 1; period <= longest_period; ++period) {
        const auto span = std::max(least_repeated, period * least_times);
        if (text.size() < span)
            return false;
        const auto end = text.substr(text.size() - span);
        if (std::equal(end.begin() + static_cast<std::ptrdiff_t>(period), end.end(), end.begin()))
            return true;
    }
    return false;
}

/// FNV-1a.
std::uint64_t hash_of(std::string_view word)
{
    std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;
    for (const char c : word)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3U;
    return hash;
}

/// The last words, in their order.
std::vector<std::uint64_t> last_words(std::string_view text)
{
    std::vector<std::uint64_t> words;
    words.reserve(words_looked_at);
    while (words.size() < words_looked_at) {
        const auto end = text.find_last_not_of(blanks);
        if (end == std::string_view::npos)
            break;
        text = text.substr(0, end + 1);
        const auto before = text.find_last_of(blanks);
        const auto begin = before == std::string_view::npos ? 0 : before + 1;
        words.push_back(hash_of(text.substr(begin)));
        text = text.substr(0, begin);
    }
    std::reverse(words.begin(), words.end());
    return words;
}

/// Longer passages, and such as change a little each time they come round.
bool repeats_in_runs(std::string_view text)
{
    const auto words = last_words(text);
    if (words.size() < least_words)
        return false;
    std::unordered_map<std::uint64_t, std::uint32_t> runs;
    const auto count = words.size() - run_length + 1;
    std::vector<std::uint64_t> hashes(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t hash = 0;
        for (std::size_t j = 0; j < run_length; ++j)
            hash = (hash ^ words[i + j]) * 0x9E37'79B9'7F4A'7C15U + j;
        hashes[i] = hash;
        ++runs[hash];
    }
    const auto said = std::count_if(hashes.begin(), hashes.end(),
                                    [&](std::uint64_t run) { return runs[run] >= times_said; });
    return static_cast<double>(said) > share_said * static_cast<double>(count);
}

}  // namespace

bool is_looping(std::string_view text)
{
    const auto end = text.find_last_not_of(blanks);
    if (end == std::string_view::npos)
        return false;
    text = text.substr(0, end + 1);
    return repeats_exactly(text) || repeats_in_runs(text);
}

}  // namespace spillway::review
