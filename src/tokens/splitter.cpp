#include "splitter.hpp"

#include "unicode.hpp"

// The patterns, each alternative tried only when those before it do not match:
//
// cl100k  '(?i:[sdmt]|ll|ve|re)                      contraction
//         [^\r\n\p{L}\p{N}]?+\p{L}++                  word
//         \p{N}{1,3}+                                 digits
//         " "?[^\s\p{L}\p{N}]++[\r\n]*+               punctuation
//         \s++$ | \s*[\r\n] | \s+(?!\S) | \s          blanks
// o200k   [^\r\n\p{L}\p{N}]?U*L+(contraction)?        word with a small letter, U = upper_like,
//         [^\r\n\p{L}\p{N}]?U+L*(contraction)?        word without                L = lower_like
//         \p{N}{1,3}
//         " "?[^\s\p{L}\p{N}]+[\r\n/]*
//         \s*[\r\n]+ | \s+(?!\S) | \s+

namespace spillway::tokens {
namespace {

/// Reads characters from a position on; the classes are looked up once per piece.
struct Reader {
    const CharClasses& classes;
    const char* end;

    [[nodiscard]] Character at(const char* position) const
    {
        return position < end ? classes.read(position, end) : Character{white | line_end, 0};
    }
    /// The end of the run of characters that have a bit of `wanted` and none of `refused`.
    [[nodiscard]] const char* run(const char* position, CharClass wanted) const
    {
        while (position < end) {
            const Character character = classes.read(position, end);
            if ((character.kind & wanted) == 0)
                break;
            position += character.length;
        }
        return position;
    }
    [[nodiscard]] const char* run_without(const char* position, CharClass refused) const
    {
        while (position < end) {
            const Character character = classes.read(position, end);
            if ((character.kind & refused) != 0)
                break;
            position += character.length;
        }
        return position;
    }
};

/// Length of a contraction at `at`: 's 'd 'm 't 'll 've 're in any case; 0 when there is none. The
/// long s (U+017F) is an s to a pattern that ignores case.
std::size_t contraction(const char* at, const char* end)
{
    if (end - at < 2 || *at != '\'')
        return 0;
    const auto small = [](char letter) { return static_cast<char>(letter | 0x20); };
    const char first = small(at[1]);
    if (first == 's' || first == 'd' || first == 'm' || first == 't')
        return 2;
    if (end - at < 3)
        return 0;
    if (at[1] == '\xc5' && at[2] == '\xbf')
        return 3;
    const char second = small(at[2]);
    const bool two =
        (first == 'l' && second == 'l') || ((first == 'v' || first == 'r') && second == 'e');
    return two ? 3 : 0;
}

const char* three_digits(const Reader& reader, const char* at)
{
    for (int i = 0; i < 3; ++i) {
        const Character character = reader.at(at);
        if ((character.kind & number) == 0)
            break;
        at += character.length;
    }
    return at;
}

/// Punctuation from `at` with the trailing line ends (and `also`); `at` when there is none.
const char* end_of_punctuation(const Reader& reader, const char* at, char also)
{
    const char* const body = *at == ' ' ? at + 1 : at;
    const char* position = reader.run_without(body, white | letter | number);
    if (position == body)
        return at;
    while (position < reader.end && (*position == '\r' || *position == '\n' || *position == also))
        ++position;
    return position;
}

/// Blanks from `at`: up to the last line end, or all but the one that belongs to the next word.
const char* end_of_blanks(const Reader& reader, const char* at)
{
    const char* after_line_end = nullptr;
    const char* last = at;
    const char* position = at;
    while (position < reader.end) {
        const Character character = reader.classes.read(position, reader.end);
        if ((character.kind & white) == 0)
            break;
        last = position;
        position += character.length;
        if ((character.kind & line_end) != 0)
            after_line_end = position;
    }
    if (after_line_end != nullptr)
        return after_line_end;
    return position == reader.end || last == at ? position : last;
}

/// The letters of an o200k word from `at`; null when there are none. Capitals end where the last
/// small letter could be: a run of capitals and ideographs without small letters behind it ends
/// after its last ideograph or mark, and is taken whole only when it has none.
enum class Small : std::uint8_t { wanted, optional };
const char* end_of_letters(const Reader& reader, const char* at, Small small)
{
    const char* after_either = nullptr;
    const char* position = at;
    Character character = reader.at(position);
    while ((character.kind & upper_like) != 0) {
        position += character.length;
        if ((character.kind & lower_like) != 0)
            after_either = position;
        character = reader.at(position);
    }
    if ((character.kind & lower_like) != 0)
        return reader.run(position, lower_like);
    if (after_either != nullptr)
        return after_either;
    return small == Small::optional && position != at ? position : nullptr;
}

/// A whole o200k word from `at`, where `first` stands; null when there is none.
const char* end_of_word(const Reader& reader, const char* at, Character first)
{
    if ((first.kind & letter) != 0)
        return end_of_letters(reader, at, Small::optional);
    if ((first.kind & (line_end | number)) != 0)
        return nullptr;
    // A mark may be what stands before the word or its first letter; before is tried first.
    const bool mark = (first.kind & lower_like) != 0;
    const char* const after = at + first.length;
    const char* const word = end_of_letters(reader, after, mark ? Small::wanted : Small::optional);
    return word == nullptr && mark ? end_of_letters(reader, at, Small::wanted) : word;
}

}  // namespace

const char* end_of_o200k_piece(const char* at, const char* end)
{
    const Reader reader{CharClasses::the(), end};
    const Character first = reader.at(at);
    if (const char* const word = end_of_word(reader, at, first))
        return word + contraction(word, end);
    if ((first.kind & number) != 0)
        return three_digits(reader, at);
    if (const char* const punctuation = end_of_punctuation(reader, at, '/'); punctuation != at)
        return punctuation;
    return end_of_blanks(reader, at);
}

const char* end_of_cl100k_piece(const char* at, const char* end)
{
    if (const std::size_t length = contraction(at, end))
        return at + length;
    const Reader reader{CharClasses::the(), end};
    const Character first = reader.at(at);
    if ((first.kind & letter) != 0)
        return reader.run(at, letter);
    if ((first.kind & number) != 0)
        return three_digits(reader, at);
    if ((first.kind & line_end) == 0) {
        const char* const after = at + first.length;
        if (const char* const word = reader.run(after, letter); word != after)
            return word;
    }
    if (const char* const punctuation = end_of_punctuation(reader, at, '\n'); punctuation != at)
        return punctuation;
    // Blanks up to the end of the text are one piece, line ends among them or not.
    const char* const blanks = reader.run(at, white);
    return blanks == end ? end : end_of_blanks(reader, at);
}

}  // namespace spillway::tokens
