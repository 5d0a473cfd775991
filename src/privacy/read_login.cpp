#include <algorithm>
#include <array>
#include <cstdint>

#include "pass.hpp"
#include "randomness.hpp"

namespace spillway::privacy {

namespace {

/// How far behind a program's name its options are looked for.
constexpr std::size_t longest_command = 200;

/// The value of 64's digit `c`; 64 when it is none.
constexpr unsigned sextet(char c)
{
    if (is_upper(c)) {
        return static_cast<unsigned>(c - 'A');
    }
    if (is_letter(c)) {
        return static_cast<unsigned>(c - 'a') + 26;
    }
    if (is_digit(c)) {
        return static_cast<unsigned>(c - '0') + 52;
    }
    return c == '+' ? 62U : c == '/' ? 63U : 64U;
}

bool is_real(std::string_view password)
{
    constexpr std::string_view gaps = "$<{%*[(";
    return gaps.find(password.front()) == std::string_view::npos && !is_placeholder(password);
}

/// Up to a blank or quote; a quote before it is skipped.
std::string_view argument_at(std::string_view text, std::size_t at)
{
    constexpr std::string_view quotes = "\"'";
    if (at < text.size() && quotes.find(text[at]) != std::string_view::npos) {
        ++at;
    }
    const auto rest = text.substr(std::min(at, text.size()));
    return rest.substr(0, rest.find_first_of(" \t\r\n\"'"));
}

void report_chosen(Pass& pass, std::string_view password)
{
    constexpr std::size_t shortest = 6;
    if (password.size() >= shortest && looks_chosen(password) && is_real(password)) {
        pass.report(ClassId::secret, password);
    }
}

}  // namespace

/// "Basic" and base64 of "user:password": whatever else follows the word is no text with a colon.
void read_basic(Pass& pass, std::size_t end)
{
    constexpr std::size_t longest = 240;
    constexpr std::size_t shortest_password = 3;
    const auto text = pass.text();
    if (end >= text.size() || text[end] != ' ') {
        return;
    }
    std::array<char, longest> plain{};
    std::size_t size = 0;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (auto at = end + 1; at < text.size() && sextet(text[at]) < 64 && size < longest; ++at) {
        bits = (bits << 6U) | sextet(text[at]);
        count += 6;
        if (count < 8) {
            continue;
        }
        count -= 8;
        const auto byte = static_cast<unsigned char>((bits >> count) & 0xFFU);
        if (byte < ' ' || byte == 0x7F) {
            return;
        }
        plain[size++] = static_cast<char>(byte);
    }
    const std::string_view login(plain.data(), size);
    const auto colon = login.find(':');
    const bool is_text = std::all_of(login.begin(), login.end(),
                                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    if (!is_text || colon == std::string_view::npos || colon == 0 ||
        login.size() - colon - 1 < shortest_password || !is_real(login.substr(colon + 1))) {
        return;
    }
    pass.report(ClassId::secret, login);
}

/// "curl ... -u user:password"
void read_curl(Pass& pass, std::size_t end)
{
    const auto command = pass.text().substr(end, longest_command);
    for (const std::string_view option : {" -u ", " --user "}) {
        const auto at = command.find(option);
        if (at == std::string_view::npos) {
            continue;
        }
        const auto login = argument_at(command, at + option.size());
        const auto colon = login.find(':');
        if (colon != std::string_view::npos && colon > 0) {
            report_chosen(pass, login.substr(colon + 1));
        }
    }
}

/// "mysql ... -ppassword"
void read_mysql(Pass& pass, std::size_t end)
{
    constexpr std::string_view option = " -p";
    auto command = pass.text().substr(end, longest_command);
    command = command.substr(0, command.find('\n'));
    const auto at = command.find(option);
    if (at != std::string_view::npos) {
        report_chosen(pass, argument_at(command, at + option.size()));
    }
}

}  // namespace spillway::privacy
