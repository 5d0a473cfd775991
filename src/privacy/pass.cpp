#include "pass.hpp"

#include <algorithm>
#include <bit>

#include "unveil.hpp"

namespace spillway::privacy {

namespace {

/// How much is read again at once when something in it is written in disguise.
constexpr std::size_t stripe = 4096;
/// What is read again before and behind it, so that nothing is cut in two.
constexpr std::size_t overlap = 256;

/// How far before a number a word may stand that tells what it is, and how far behind it.
constexpr std::size_t cue_before = 64;
constexpr std::size_t cue_behind = 32;

/// First bytes of the characters that `plain_form` knows; the others need no second look.
constexpr auto may_veil = [] {
    std::array<bool, 256> table{};
    for (const unsigned char lead :
         {0xC2, 0xCD, 0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xE2, 0xE3, 0xEF, 0xF0}) {
        table[lead] = true;
    }
    return table;
}();

unsigned char byte_at(std::string_view text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

/// Is the character that ends before `at` a letter of an alphabet that divides words by blanks?
bool letter_before(std::string_view text, std::size_t at)
{
    if (at == 0) {
        return false;
    }
    const char before = text[at - 1];
    if (byte_at(text, at - 1) < 0x80) {
        return is_alnum(before) || before == '_';
    }
    // Two bytes from C3 on: Latin, Greek, Cyrillic, Hebrew, Arabic. Longer ones: no word
    // boundaries.
    return at >= 2 && byte_at(text, at - 2) >= 0xC3 && byte_at(text, at - 2) <= 0xDF;
}

bool letter_at(std::string_view text, std::size_t at)
{
    if (at >= text.size()) {
        return false;
    }
    const auto byte = byte_at(text, at);
    return byte < 0x80 ? is_alnum(text[at]) || text[at] == '_' : byte >= 0xC3 && byte <= 0xDF;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end, bool may_go_on)
{
    const bool divided_left = byte_at(text, begin) >= 0xE0 || !letter_before(text, begin);
    if (!divided_left || may_go_on) {
        return divided_left;
    }
    // A phrase that ends with a mark ("diagnosis:") ends there.
    if (byte_at(text, end - 1) < 0x80 && !is_alnum(text[end - 1])) {
        return true;
    }
    // A word whose last character has three bytes is of a script without blanks.
    const bool undivided = end >= 3 && byte_at(text, end - 1) >= 0x80 &&
                           byte_at(text, end - 2) >= 0x80 && byte_at(text, end - 2) < 0xC0;
    return undivided || !letter_at(text, end);
}

/// The next place from `at` on, within 64 bytes, that is no part of a word or number.
std::size_t next_gap(std::string_view text, std::size_t at)
{
    const auto last = std::min(text.size(), at + 64);
    while (at < last && is_alnum(text[at])) {
        ++at;
    }
    return at;
}

}  // namespace

Pass::Pass(const Compiled& compiled, std::string_view text, ClassSet known)
    : compiled_(compiled), text_(text), wanted_(compiled.wanted - known)
{
    cue_end_.fill(nowhere);
    waiting_end_.fill(nowhere);
}

ClassSet Pass::run()
{
    std::size_t stripe_begin = 0;
    for (std::size_t at = 0; at < text_.size() && !wanted_.empty(); at += block_size) {
        walk_block(at, masks_at(text_, at));
        const auto next = at + block_size;
        const bool stripe_ends = next % stripe == 0 || next >= text_.size();
        if (!stripe_ends) {
            continue;
        }
        if (veiled_) {
            unveil_stripe(stripe_begin, std::min(next, text_.size()));
        }
        veiled_ = false;
        stripe_begin = next;
    }
    return found_;
}

ClassSet Pass::run_unveiled()
{
    looks_for_veils_ = false;
    return run();
}

void Pass::walk_block(std::size_t begin, const ByteMasks& masks)
{
    const auto word_going_on = masks.letters | masks.digits;
    const auto word_starts = masks.letters & ~((word_going_on << 1U) | letter_before_);
    const auto number_starts = masks.digits & ~((masks.digits << 1U) | digit_before_);
    letter_before_ = word_going_on >> 63U;
    digit_before_ = masks.digits >> 63U;
    see_words(begin, word_starts | masks.leads);
    if (number_starts != 0) {
        see_numbers(begin, number_starts);
    }
    if (masks.signs != 0) {
        see_signs(begin, masks.signs);
    }
}

void Pass::see_words(std::size_t begin, std::uint64_t starts)
{
    for (; starts != 0; starts &= starts - 1) {
        const auto at = begin + static_cast<std::size_t>(std::countr_zero(starts));
        const auto first = byte_at(text_, at);
        if (may_veil[first] && is_veiled(at)) {
            veiled_ = true;
        }
        // Within a word of a script with blanks between words no other one begins.
        if (first >= 0xC3 && first <= 0xDF && letter_before(text_, at)) {
            continue;
        }
        if (compiled_.words.may_begin(text_, at)) {
            word_at(at);
        }
    }
}

void Pass::see_numbers(std::size_t begin, std::uint64_t starts)
{
    for (; starts != 0; starts &= starts - 1) {
        read_number(*this, begin + static_cast<std::size_t>(std::countr_zero(starts)));
    }
}

void Pass::see_signs(std::size_t begin, std::uint64_t signs)
{
    for (; signs != 0; signs &= signs - 1) {
        const auto at = begin + static_cast<std::size_t>(std::countr_zero(signs));
        switch (text_[at]) {
            case '@':
                if (wants(ClassId::email)) {
                    read_address(*this, at);
                }
                break;
            case ':':
            case '=':
                if (wants(ClassId::secret)) {
                    read_assignment(*this, at);
                }
                break;
            default:
                veiled_ = veiled_ || is_veiled(at);
                break;
        }
    }
}

bool Pass::is_veiled(std::size_t at) const
{
    return looks_for_veils_ && !veiled_ && hides_something(text_, at);
}

void Pass::word_at(std::size_t at)
{
    compiled_.words.each_at(text_, at, [this, at](std::uint32_t entry, std::size_t end) {
        apply(compiled_.entries[entry], at, end);
    });
}

void Pass::apply(const WordEntry& entry, std::size_t begin, std::size_t end)
{
    if (entry.hint != SecretHint::none) {
        read_secret(*this, entry, begin, end);
    }
    if (entry.wording == Wording::none ||
        !stands_alone(text_, begin, end, entry.wording == Wording::stem)) {
        return;
    }
    if (!(entry.fires & wanted_).empty() &&
        !compiled_.allowed.holds(text_.substr(begin, end - begin))) {
        add(entry.fires);
    }
    if (!entry.cues.empty()) {
        cue(entry.cues, begin, end);
    }
}

void Pass::cue(ClassSet classes, std::size_t begin, std::size_t end)
{
    (classes & wanted_).each([this, begin, end](ClassId id) {
        const auto index = static_cast<std::size_t>(id);
        cue_end_[index] = end;
        const auto waiting = waiting_end_[index];
        if (waiting != nowhere && waiting <= begin && begin - waiting <= cue_behind) {
            add(ClassSet{id});
        }
    });
}

void Pass::add(ClassSet classes)
{
    const auto fresh = classes & wanted_;
    found_.add(fresh);
    wanted_.remove(fresh);
}

void Pass::report(ClassId id, std::string_view value)
{
    if (wants(id) && !compiled_.allowed.holds(value)) {
        add(ClassSet{id});
    }
}

void Pass::report_address(std::string_view address)
{
    if (!compiled_.allowed.holds_address(address)) {
        add(ClassSet{ClassId::email});
    }
}

bool Pass::cued(ClassId id, std::size_t begin) const
{
    const auto end = cue_end_[static_cast<std::size_t>(id)];
    // Words of a block are met before its numbers: a cue may already stand behind the number.
    return end != nowhere &&
           (end <= begin ? begin - end <= cue_before : end - begin <= cue_behind * 2);
}

void Pass::report_cued(ClassId id, std::size_t begin, std::size_t end)
{
    if (compiled_.allowed.holds(text_.substr(begin, end - begin))) {
        return;
    }
    if (cued(id, begin)) {
        add(ClassSet{id});
    } else {
        waiting_end_[static_cast<std::size_t>(id)] = end;
    }
}

void Pass::unveil_stripe(std::size_t begin, std::size_t end)
{
    std::array<char, stripe + 3 * overlap> copy;
    // Edges lie between words: half a number could pass for a whole one.
    const auto from = begin < overlap ? 0 : next_gap(text_, begin - overlap);
    const auto to = next_gap(text_, std::min(text_.size(), end + overlap));
    const auto size = unveil(text_.substr(from, to - from), copy);
    Pass again(compiled_, std::string_view(copy.data(), size), compiled_.wanted - wanted_);
    add(again.run_unveiled());
}

}  // namespace spillway::privacy
