#include "randomness.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "byte_masks.hpp"

namespace spillway::privacy {

namespace {

constexpr char small(char c)
{
    return is_upper(c) ? static_cast<char>(c | 0x20) : c;
}

/// Small letters. The first one of each opens the way to a comparison, so there are few first ones.
constexpr std::array<std::string_view, 17> placeholders{
    "your",        "xxxx",     "****",       "changeme", "change_me",  "change-me",
    "placeholder", "redacted", "os.environ", "insert",   "dummy",      "getenv",
    "...",         "secrets.", "_here",      "-here",    "process.env"};

constexpr auto opens_placeholder = [] {
    std::array<bool, 256> table{};
    for (const auto word : placeholders) {
        table[static_cast<unsigned char>(word.front())] = true;
    }
    return table;
}();

bool stands_at(std::string_view value, std::size_t at, std::string_view word)
{
    return at + word.size() <= value.size() &&
           std::equal(word.begin(), word.end(), value.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char a, char b) { return a == small(b); });
}

/// Letters beyond ASCII count as small ones.
constexpr bool is_small(char c)
{
    return is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool is_joint(char c)
{
    return c == '-' || c == '_' || c == '.' || c == '/' || c == ':';
}

struct Kinds {
    std::size_t lower = 0;
    std::size_t upper = 0;
    std::size_t digits = 0;
    std::size_t joints = 0;  ///< Marks that join words.
    std::size_t marks = 0;
    std::size_t different = 0;
    std::size_t longest_repeat = 0;
};

Kinds kinds_of(std::string_view value)
{
    Kinds kinds;
    std::array<bool, 256> seen{};
    std::size_t repeat = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        auto& kind = is_digit(c)   ? kinds.digits
                     : is_upper(c) ? kinds.upper
                     : is_small(c) ? kinds.lower
                     : is_joint(c) ? kinds.joints
                                   : kinds.marks;
        ++kind;
        auto& known = seen[static_cast<unsigned char>(c)];
        kinds.different += known ? 0U : 1U;
        known = true;
        repeat = i > 0 && value[i - 1] == c ? repeat + 1 : 1;
        kinds.longest_repeat = std::max(kinds.longest_repeat, repeat);
    }
    return kinds;
}

}  // namespace

bool looks_random(std::string_view value)
{
    const auto kinds = kinds_of(value);
    const auto letters = kinds.lower + kinds.upper;
    const bool mixed =
        kinds.digits >= 2 || (kinds.digits == 1 && kinds.upper > 3 && kinds.lower > 3);
    return mixed && letters >= 2 && kinds.different >= 8 && kinds.longest_repeat < 6 &&
           (kinds.marks + kinds.joints) * 4 <= value.size();
}

bool looks_generated(std::string_view value)
{
    constexpr std::size_t shortest = 24;
    const auto kinds = kinds_of(value);
    return value.size() >= shortest && kinds.digits >= 3 &&
           (kinds.marks + kinds.joints) * 10 <= value.size() && looks_random(value);
}

bool looks_chosen(std::string_view value)
{
    const auto kinds = kinds_of(value);
    const bool mixed = kinds.digits > 0 || kinds.marks > 0 || (kinds.lower > 0 && kinds.upper > 1);
    return kinds.lower + kinds.upper > 0 && mixed && kinds.different >= 5 &&
           kinds.longest_repeat < 5;
}

bool is_placeholder(std::string_view value)
{
    for (std::size_t at = 0; at < value.size(); ++at) {
        const auto found = [value, at](std::string_view word) {
            return stands_at(value, at, word);
        };
        if (opens_placeholder[static_cast<unsigned char>(small(value[at]))] &&
            std::any_of(placeholders.begin(), placeholders.end(), found)) {
            return true;
        }
    }
    return false;
}

}  // namespace spillway::privacy
