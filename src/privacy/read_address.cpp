#include <algorithm>
#include <array>

#include "pass.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t longest_local = 64;
constexpr std::size_t longest_domain = 253;

constexpr bool is_local_part(char c)
{
    constexpr std::string_view marks = ".!#$&'*+-/=?^_`{|}~";
    return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80 ||
           marks.find(c) != std::string_view::npos;
}

constexpr bool is_domain_part(char c)
{
    return is_alnum(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
}

/// Marks of Chinese and Japanese writing, and quotes: U+3000, U+FF00 and U+2000 onwards.
constexpr bool is_wide_mark(std::string_view text, std::size_t at)
{
    const auto two = text.substr(at, 2);
    return two == "\xE3\x80" || two == "\xEF\xBC" || two == "\xE2\x80";
}

/// Endings of files that are written with an '@' in their names ("icon@2x.png"), and of names that
/// programs form ("name@host.local").
constexpr std::array<std::string_view, 16> no_domains{
    "png", "jpg", "jpeg", "svg", "gif",  "webp", "js",    "ts",
    "tsx", "mjs", "cjs",  "css", "json", "html", "local", "internal"};

/// Two letters or more after the last dot, no empty label.
bool is_domain(std::string_view domain)
{
    const auto dot = domain.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || domain.find("..") != std::string_view::npos) {
        return false;
    }
    const auto top = domain.substr(dot + 1);
    const bool lettered = std::all_of(top.begin(), top.end(), [](char c) {
        return is_letter(c) || static_cast<unsigned char>(c) >= 0x80;
    });
    const auto same = [top](std::string_view ending) {
        return ending.size() == top.size() &&
               std::equal(top.begin(), top.end(), ending.begin(),
                          [](char a, char b) { return (a | 0x20) == b; });
    };
    return top.size() >= 2 && top.size() <= 24 && lettered &&
           std::none_of(no_domains.begin(), no_domains.end(), same);
}

}  // namespace

void read_address(Pass& pass, std::size_t at)
{
    const auto text = pass.text();
    // The last character of the local part is never a mark but for '_' and '-', which people use.
    const bool has_local =
        at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == '_' || text[at - 1] == '-' ||
                   static_cast<unsigned char>(text[at - 1]) >= 0x80);
    if (!has_local) {
        return;
    }
    auto end = at + 1;
    const auto last = std::min(text.size(), end + longest_domain);
    while (end < last && is_domain_part(text[end]) && !is_wide_mark(text, end)) {
        ++end;
    }
    while (end > at + 1 && !is_alnum(text[end - 1]) &&
           static_cast<unsigned char>(text[end - 1]) < 0x80) {
        --end;  // The dot that ends a sentence.
    }
    if (!is_domain(text.substr(at + 1, end - at - 1))) {
        return;
    }
    auto begin = at;
    while (begin > 0 && at - begin < longest_local && is_local_part(text[begin - 1])) {
        --begin;
    }
    const auto address = text.substr(begin, end - begin);
    // What git is told, "git@host:path", names a service and nobody.
    const bool is_service = address.starts_with("git@") && end < text.size() && text[end] == ':';
    if (!is_service) {
        pass.report_address(address);
    }
}

}  // namespace spillway::privacy
