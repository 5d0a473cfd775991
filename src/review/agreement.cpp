#include "spillway/review/agreement.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "spillway/base/text.hpp"
#include "spillway/review/checks.hpp"

namespace spillway::review {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 5> names{"calls", "json", "choice", "number", "words"};

bool is_word(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte >= 0x80;
}

/// Words in small letters; characters of three bytes and more (CJK) stand alone.
std::map<std::string, int> words_of(std::string_view text)
{
    std::map<std::string, int> words;
    const auto folded = lower(text);
    std::size_t at = 0;
    while (at < folded.size()) {
        if (!is_word(folded[at])) {
            ++at;
            continue;
        }
        auto end = at + 1;
        if (static_cast<unsigned char>(folded[at]) >= 0xE0U) {
            while (end < folded.size() &&
                   (static_cast<unsigned char>(folded[end]) & 0xC0U) == 0x80U)
                ++end;
        } else {
            while (end < folded.size() && is_word(folded[end]) &&
                   static_cast<unsigned char>(folded[end]) < 0xE0U)
                ++end;
        }
        ++words[folded.substr(at, end - at)];
        at = end;
    }
    return words;
}

std::vector<std::pair<std::string, Json>> calls_of(const Answer& answer)
{
    std::vector<std::pair<std::string, Json>> calls;
    for (const auto& call : answer.calls) {
        auto arguments = Json::parse(call.arguments, nullptr, false);
        calls.emplace_back(call.name,
                           arguments.is_discarded() ? Json(call.arguments) : std::move(arguments));
    }
    std::sort(calls.begin(), calls.end());
    return calls;
}

/// JSON that is more than a bare word or number.
std::optional<Json> structure_of(std::string_view text)
{
    auto parsed = Json::parse(unfenced(text), nullptr, false);
    if (parsed.is_discarded() || !parsed.is_structured())
        return std::nullopt;
    return parsed;
}

/// What stands behind the last of the words that announce a result.
std::string_view announced(std::string_view text, const std::string& folded)
{
    constexpr std::array<std::string_view, 7> marks{
        "answer is", "answer:", "answer**:", "final answer", "result is", "####", "\\boxed{"};
    std::size_t behind = std::string_view::npos;
    for (const auto mark : marks) {
        const auto at = folded.rfind(mark);
        if (at == std::string::npos)
            continue;
        const auto end = at + mark.size();
        if (behind == std::string_view::npos || end > behind)
            behind = end;
    }
    if (behind == std::string_view::npos)
        return {};
    const auto rest = text.substr(behind);
    const auto begin = rest.find_first_not_of(" \t*:($\\`\"");
    return begin == std::string_view::npos ? std::string_view() : rest.substr(begin);
}

std::optional<char> leading_letter(std::string_view text)
{
    const auto begin = text.find_first_not_of(" \t\r\n*(\"`");
    if (begin == std::string_view::npos)
        return std::nullopt;
    const char letter = text[begin];
    const bool ends = begin + 1 >= text.size() || !is_word(text[begin + 1]);
    // "A cat" is an article: behind a letter that is a choice stands a mark or nothing.
    const bool marked =
        begin + 1 >= text.size() || (text[begin + 1] != ' ' && text[begin + 1] != '\'');
    if (letter < 'A' || letter > 'J' || !ends || !marked)
        return std::nullopt;
    return letter;
}

/// @param whole  Nothing but blanks and a final mark may follow.
std::optional<double> number_at(std::string_view text, std::string_view may_follow)
{
    std::string digits;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == ',' && !digits.empty())
            continue;
        if ((c < '0' || c > '9') && c != '.' && c != '-')
            break;
        digits += c;
    }
    while (!digits.empty() && digits.back() == '.')
        digits.pop_back();
    double value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value);
    if (digits.empty() || read.ec != std::errc{} || read.ptr != end || !std::isfinite(value))
        return std::nullopt;
    const auto rest = text.substr(at);
    if (!may_follow.empty() && rest.find_first_not_of(may_follow) != std::string_view::npos)
        return std::nullopt;
    return value;
}

}  // namespace

std::string_view name(Ground ground)
{
    return names[static_cast<std::size_t>(ground)];
}

std::optional<char> stated_choice(std::string_view text)
{
    if (const auto said = announced(text, lower(text)); !said.empty())
        return leading_letter(said);
    return leading_letter(text);
}

std::optional<double> stated_number(std::string_view text)
{
    if (const auto said = announced(text, lower(text)); !said.empty())
        return number_at(said, {});
    const auto begin = text.find_first_not_of(" \t\r\n$");
    if (begin == std::string_view::npos)
        return std::nullopt;
    return number_at(text.substr(begin), " \t\r\n.%$");
}

double shared_words(std::string_view a, std::string_view b)
{
    const auto left = words_of(a);
    const auto right = words_of(b);
    double total = 0;
    double shared = 0;
    for (const auto& [word, count] : left) {
        total += count;
        if (const auto other = right.find(word); other != right.end())
            shared += std::min(count, other->second);
    }
    for (const auto& each : right)
        total += each.second;
    return total == 0 ? 1 : 2 * shared / total;
}

Agreement agreement(const Answer& a, const Answer& b)
{
    const auto as_share = [](bool equal) { return equal ? 1.0 : 0.0; };
    if (!a.calls.empty() || !b.calls.empty())
        return {Ground::calls, as_share(calls_of(a) == calls_of(b))};
    if (const auto left = structure_of(a.text), right = structure_of(b.text); left && right)
        return {Ground::json, as_share(*left == *right)};
    if (const auto left = stated_choice(a.text), right = stated_choice(b.text); left && right)
        return {Ground::choice, as_share(*left == *right)};
    if (const auto left = stated_number(a.text), right = stated_number(b.text); left && right)
        return {Ground::number,
                as_share(std::abs(*left - *right) <= 1e-9 * std::max(1.0, std::abs(*left)))};
    return {Ground::words, shared_words(a.text, b.text)};
}

}  // namespace spillway::review
