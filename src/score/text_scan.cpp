#include "text_scan.hpp"

#include <algorithm>
#include <cstring>

#include "option_overlap.hpp"
#include "utf8.hpp"

namespace spillway::score {

namespace {

enum class Byte : std::uint8_t { blank, newline, letter, digit, mark, wide };

constexpr std::array<Byte, 256> make_bytes()
{
    std::array<Byte, 256> kinds{};
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        const bool letter = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
        if (i == '\n')
            kinds[i] = Byte::newline;
        else if (i <= ' ' || i == 0x7F)
            kinds[i] = Byte::blank;
        else if (letter)
            kinds[i] = Byte::letter;
        else if (i >= '0' && i <= '9')
            kinds[i] = Byte::digit;
        else
            kinds[i] = i < 0x80 ? Byte::mark : Byte::wide;
    }
    return kinds;
}

constexpr auto byte_kinds = make_bytes();

Byte kind_of(char c)
{
    return byte_kinds[static_cast<unsigned char>(c)];
}

/// Small letters for ASCII letters; 0 for everything else.
constexpr std::array<unsigned char, 256> make_small_letters()
{
    std::array<unsigned char, 256> small{};
    for (unsigned i = 0; i < 26; ++i)
        small['a' + i] = small['A' + i] = static_cast<unsigned char>('a' + i);
    return small;
}

constexpr auto small_letters = make_small_letters();

constexpr std::uint64_t splitmix(std::uint64_t x)
{
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

constexpr std::uint32_t long_word = 7;
constexpr std::uint32_t very_long_word = 11;

/// "A. ", "(B) ", "c) ": the start of an answer to choose from. @return Bytes of the mark, or 0.
std::size_t option_mark(std::string_view line)
{
    const std::size_t open = !line.empty() && line.front() == '(' ? 1 : 0;
    if (line.size() < open + 3)
        return 0;
    const char letter = static_cast<char>(line[open] | 0x20);
    const char close = line[open + 1];
    const bool closed = close == ')' || (open == 0 && (close == '.' || close == ':'));
    return letter >= 'a' && letter <= 'j' && closed && line[open + 2] == ' ' ? open + 3 : 0;
}

/// "- ", "* ", "12. ": the start of an item.
bool starts_item(std::string_view line)
{
    std::size_t i = 0;
    while (i < line.size() && i < 3 && kind_of(line[i]) == Byte::digit)
        ++i;
    if (i == 0)
        return line.starts_with("- ") || line.starts_with("* ") || line.starts_with("\u2022");
    return line.size() > i + 1 && (line[i] == '.' || line[i] == ')') && line[i + 1] == ' ';
}

class Scan {
public:
    Scan(std::string_view window, const ScanMemory& memory) : text_(window), memory_(memory) {}

    TextCounts run()
    {
        start_line();
        while (at_ < text_.size()) {
            switch (kind_of(text_[at_])) {
                case Byte::letter:
                    word(text_[at_] < 'a');
                    break;
                case Byte::wide:
                    wide();
                    break;
                case Byte::digit:
                    number();
                    break;
                case Byte::mark:
                    mark();
                    break;
                case Byte::newline:
                    end_line();
                    ++at_;
                    ++counts_.bytes['\n'];
                    start_line();
                    break;
                case Byte::blank:
                    ++counts_.bytes[' '];
                    ++at_;
                    break;
            }
        }
        end_line();
        counts_.options_alike = overlap_.mean();
        counts_.two_options_alike = overlap_.most();
        return counts_;
    }

private:
    /// @return 1 when no token of this bucket came before, else 0.
    std::size_t token(std::uint64_t hash)
    {
        ++counts_.tokens;
        const auto mixed = splitmix(hash);
        if (option_mark_ != 0)
            overlap_.add(mixed);
        const auto is_new = put(mixed >> (64U - bucket_bits));
        put(splitmix(hash + 0x9e3779b97f4a7c15U * before_) >> (64U - bucket_bits));
        before_ = mixed;
        return is_new;
    }

    /// Writes first and counts afterwards: whether a bucket is new cannot be predicted.
    std::size_t put(std::uint64_t bucket)
    {
        auto& bits = memory_.seen[bucket >> 6U];
        const auto shift = bucket & 63U;
        const std::size_t is_new = (~bits >> shift) & 1U;
        bits |= std::uint64_t{1} << shift;
        memory_.buckets[counts_.buckets] = static_cast<std::uint16_t>(bucket);
        counts_.buckets += is_new;
        return is_new;
    }

    /// A word ended: `hash` of its folded letters.
    void word_token(std::uint64_t hash, std::uint32_t length)
    {
        const auto kind = word_class(hash);
        if (counts_.words == 0)
            counts_.first_class = kind;
        if (line_words_++ == 0)
            line_class_ = kind;
        ++counts_.words;
        ++counts_.classes[static_cast<std::size_t>(kind)];
        counts_.word_bytes += length;
        counts_.longest_word = std::max(counts_.longest_word, length);
        counts_.long_words += length >= long_word ? 1U : 0U;
        counts_.very_long_words += length >= very_long_word ? 1U : 0U;
        const auto is_new = token(hash);
        memory_.words[counts_.new_words] =
            static_cast<std::uint16_t>((hash * 0x9e3779b97f4a7c15U) >> 48U);
        counts_.new_words += is_new;
        counts_.last_mark = 'a';
    }

    /// Reads the word that begins at the cursor.
    void word(bool capital)
    {
        auto hash = fnv_basis;
        const auto begin = at_;
        const auto upper_before = counts_.upper;
        std::uint32_t ascii = 0;
        do {
            ascii += ascii_letters(hash);
        } while (at_ < text_.size() && kind_of(text_[at_]) == Byte::wide && wide_letter(hash));
        counts_.letters[static_cast<std::size_t>(Script::latin)] += ascii;
        const auto length = static_cast<std::uint32_t>(at_ - begin);
        const auto upper = counts_.upper - upper_before;
        counts_.capitalised += capital ? 1U : 0U;
        counts_.acronyms += upper >= 2 && upper == length ? 1U : 0U;
        word_token(hash, length);
    }

    /// Takes the ASCII letters at the cursor into a word's hash. @return How many.
    std::uint32_t ascii_letters(std::uint64_t& word_hash)
    {
        // Locals: the compiler cannot keep members in registers across writes.
        auto hash = word_hash;
        auto at = at_;
        std::uint32_t upper = 0;
        for (; at < text_.size(); ++at) {
            const auto small = small_letters[static_cast<unsigned char>(text_[at])];
            if (small == 0)
                break;
            upper += static_cast<unsigned char>(text_[at]) != small ? 1U : 0U;
            hash = (hash ^ small) * fnv_prime;
        }
        const auto length = static_cast<std::uint32_t>(at - at_);
        counts_.upper += upper;
        word_hash = hash;
        at_ = at;
        return length;
    }

    /// Takes the wide letter at the cursor into a word's hash. @return False when it is no letter.
    bool wide_letter(std::uint64_t& hash)
    {
        const auto found = wide_character(text_.substr(at_));
        if (found.kind != WideCharacter::Kind::letter)
            return false;
        hash = (hash ^ found.code) * fnv_prime;
        ++counts_.letters[static_cast<std::size_t>(found.script)];
        counts_.other_bytes += found.size;
        counts_.upper += found.upper ? 1U : 0U;
        at_ += found.size;
        return true;
    }

    void wide()
    {
        const auto found = wide_character(text_.substr(at_));
        if (found.kind == WideCharacter::Kind::letter) {
            word(found.upper);
            return;
        }
        at_ += found.size;
        counts_.other_bytes += found.size;
        if (found.kind == WideCharacter::Kind::blank)
            return;
        const auto hash = (fnv_basis ^ found.code) * fnv_prime;
        if (found.kind == WideCharacter::Kind::lone) {
            ++counts_.letters[static_cast<std::size_t>(found.script)];
            word_token(hash, found.size);
        } else {
            ++counts_.marks;
            token(hash);
            sentence_end(found.code == 0x3002 || found.code == 0xFF1F || found.code == 0xFF01);
            counts_.last_mark = found.code == 0xFF1F ? '?' : '\x01';
        }
    }

    void number()
    {
        const auto begin = at_;
        if (begin >= 2 && text_[begin - 1] == '.' && kind_of(text_[begin - 2]) == Byte::digit)
            ++counts_.decimals;
        for (; at_ < text_.size() && kind_of(text_[at_]) == Byte::digit; ++at_)
            token((fnv_basis ^ static_cast<unsigned char>(text_[at_])) * fnv_prime);
        const auto length = static_cast<std::uint32_t>(at_ - begin);
        counts_.digits += length;
        ++counts_.numbers;
        counts_.longest_number = std::max(counts_.longest_number, length);
        counts_.last_mark = '0';
    }

    void mark()
    {
        const char c = text_[at_];
        const char before = at_ > 0 ? text_[at_ - 1] : '\n';
        ++at_;
        ++counts_.bytes[static_cast<unsigned char>(c)];
        ++counts_.marks;
        counts_.gaps += c == '_' && before != '_' ? 1U : 0U;
        sentence_end((c == '.' || c == '?' || c == '!') && kind_of(before) != Byte::mark &&
                     (at_ == text_.size() || kind_of(text_[at_]) <= Byte::newline));
        counts_.last_mark = c;
        token((fnv_basis ^ static_cast<unsigned char>(c)) * fnv_prime);
    }

    void sentence_end(bool ends) { counts_.sentences += ends ? 1U : 0U; }

    void start_line()
    {
        line_words_ = 0;
        line_class_ = WordClass::none;
        line_from_ = at_;
        line_tokens_ = counts_.tokens;
        auto line = text_.substr(at_, 256);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t'))
            line.remove_prefix(1);
        option_mark_ = option_mark(line);
        if (option_mark_ != 0)
            overlap_.begin();
        if (option_mark_ != 0 && line.size() > option_mark_)
            counts_.numeric_options += kind_of(line[option_mark_]) == Byte::digit ? 1U : 0U;
        counts_.bullets += option_mark_ == 0 && starts_item(line) ? 1U : 0U;
        counts_.fences += line.starts_with("```") ? 1U : 0U;
    }

    void end_line()
    {
        ++counts_.lines;
        if (counts_.tokens == line_tokens_) {
            ++counts_.blank_lines;
            return;
        }
        const char last = counts_.last_mark;
        const bool code = last == ';' || last == '{' || last == '}' ||
                          (line_class_ == WordClass::code_word && (last == ':' || last == ')'));
        counts_.code_lines += code ? 1U : 0U;
        if (option_mark_ == 0)
            return;
        const auto length = static_cast<std::uint32_t>(at_ - line_from_);
        counts_.shortest_option =
            counts_.options == 0 ? length : std::min(counts_.shortest_option, length);
        counts_.longest_option = std::max(counts_.longest_option, length);
        counts_.option_bytes += length;
        ++counts_.options;
        overlap_.end();
    }

    std::string_view text_;
    ScanMemory memory_;
    TextCounts counts_;
    std::size_t at_ = 0;
    std::uint64_t before_ = 0;  ///< Mixed hash of the token before; 0 at the start.
    std::size_t line_from_ = 0;
    std::size_t option_mark_ = 0;
    OptionOverlap overlap_;
    std::uint32_t line_tokens_ = 0;
    std::uint32_t line_words_ = 0;
    WordClass line_class_ = WordClass::none;
};

}  // namespace

TextCounts scan_text(std::string_view window, const ScanMemory& memory)
{
    return Scan(window, memory).run();
}

}  // namespace spillway::score
