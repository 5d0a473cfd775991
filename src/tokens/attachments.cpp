#include "spillway/tokens/attachments.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "base64.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::tokens {
namespace {

/// A duration, and the longest that it may be.
struct Seconds {
    double likely;
    double longest;
};

double bytes_of(std::size_t characters)
{
    return static_cast<double>(characters) * 3 / 4;
}

std::string head_of(std::string_view base64, std::size_t bytes)
{
    std::string head;
    append_decoded(head, base64, bytes);
    return head;
}

/// Bytes that one second takes, by the header of a WAV file; 0 when it is none.
double byte_rate(std::string_view base64)
{
    constexpr std::size_t rate_at = 28;
    const auto head = head_of(base64, rate_at + 4);
    if (head.size() < rate_at + 4 || !head.starts_with("RIFF") || head.substr(8, 4) != "WAVE")
        return 0;
    double rate = 0;
    for (std::size_t i = 4; i > 0; --i)
        rate = rate * 256 + static_cast<unsigned char>(head[rate_at + i - 1]);
    return rate;
}

Seconds length_of(std::string_view base64, std::size_t characters)
{
    constexpr Seconds unknown{60, 1'800};
    constexpr double usual_rate = 16'000;
    constexpr double lowest_rate = 1'000;
    if (characters == 0)
        return unknown;
    const double bytes = bytes_of(characters);
    if (const double rate = byte_rate(base64); rate >= lowest_rate)
        return {bytes / rate, bytes / rate};
    return {bytes / usual_rate, bytes / lowest_rate};
}

Count rounded(double tokens, double most)
{
    const auto up = [](double value) {
        return Tokens{std::max<std::int64_t>(1, std::llround(std::ceil(value)))};
    };
    return {up(tokens), up(std::max(tokens, most)), Certainty::estimated};
}

}  // namespace

Count audio_tokens(std::string_view model, std::string_view base64, std::size_t characters)
{
    const auto length = length_of(base64, characters);
    switch (family_of(model)) {
        case Family::o200k:
        case Family::cl100k:
            return rounded(length.likely * 10, length.longest * 10);
        case Family::gemini:
            return rounded(length.likely * 32, length.longest * 32);
        case Family::llama3:
        case Family::qwen:
        case Family::claude:
        case Family::mistral:
        case Family::generic:
            break;
    }
    return rounded(length.likely * 25, length.longest * 50);
}

Count video_tokens(std::size_t characters)
{
    constexpr double tokens_a_second = 300;
    constexpr Seconds unknown{60, 600};
    constexpr double usual_rate = 125'000;
    constexpr double lowest_rate = 12'500;
    if (characters == 0)
        return rounded(unknown.likely * tokens_a_second, unknown.longest * tokens_a_second);
    const double bytes = bytes_of(characters);
    return rounded(bytes / usual_rate * tokens_a_second, bytes / lowest_rate * tokens_a_second);
}

Count file_tokens(std::string_view base64, std::size_t characters)
{
    if (characters == 0)
        return rounded(2'000, 100'000);
    const double bytes = bytes_of(characters);
    return head_of(base64, 5) == "%PDF-" ? rounded(bytes / 16, bytes + 3'000)
                                         : rounded(bytes / 4, bytes);
}

}  // namespace spillway::tokens
