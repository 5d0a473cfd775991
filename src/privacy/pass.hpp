#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "byte_masks.hpp"
#include "compiled.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

/// One walk over one text. Words, numbers and signs are met in order, block by block, so that what
/// a word says about a number nearby is known when the number comes, or the other way round.
class Pass {
public:
    /// @param unveiled  The text is a copy with escapes and disguises undone; they are not undone
    /// twice.
    Pass(const Compiled& compiled, std::string_view text, ClassSet known);

    /// Walks to the end, or until nothing more can be found. Returns what is new.
    ClassSet run();
    /// The same over a text whose disguises were undone already.
    ClassSet run_unveiled();

    // For the readers of numbers, addresses and secrets:

    [[nodiscard]] std::string_view text() const { return text_; }
    [[nodiscard]] bool wants(ClassId id) const { return wanted_.contains(id); }

    /// `value` as written was found to be of that class.
    void report(ClassId id, std::string_view value);
    /// The same for a mail address.
    void report_address(std::string_view address);
    /// The same for what counts only beside a word that says so, before or soon after it.
    void report_cued(ClassId id, std::size_t begin, std::size_t end);
    /// Did a word for this class end shortly before `begin`?
    [[nodiscard]] bool cued(ClassId id, std::size_t begin) const;

    /// What stands before `end` was looked at as an assigned value: signs in it assign nothing, and
    /// every byte of a text is looked at as a value once at most.
    void mark_value_read(std::size_t end) { value_end_ = end; }
    [[nodiscard]] bool is_value_read(std::size_t at) const { return at < value_end_; }

private:
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

    void walk_block(std::size_t begin, const ByteMasks& masks);
    void see_words(std::size_t begin, std::uint64_t starts);
    void see_numbers(std::size_t begin, std::uint64_t starts);
    void see_signs(std::size_t begin, std::uint64_t signs);
    void word_at(std::size_t at);
    void apply(const WordEntry& entry, std::size_t begin, std::size_t end);
    void cue(ClassSet classes, std::size_t begin, std::size_t end);
    void add(ClassSet classes);
    /// Is the character at `at` written in disguise, so that the stripe has to be read again?
    [[nodiscard]] bool is_veiled(std::size_t at) const;
    void unveil_stripe(std::size_t begin, std::size_t end);

    const Compiled& compiled_;
    std::string_view text_;
    ClassSet wanted_;  ///< Still to be found.
    ClassSet found_;
    std::size_t value_end_ = 0;
    bool veiled_ = false;  ///< Something in this stripe is written in disguise.
    bool looks_for_veils_ = true;
    std::uint64_t letter_before_ = 0;
    std::uint64_t digit_before_ = 0;
    std::array<std::size_t, built_in_classes> cue_end_;
    std::array<std::size_t, built_in_classes> waiting_end_;
};

/// Nothing that a number could go on with stands before `at`.
[[nodiscard]] inline bool starts_clean(std::string_view text, std::size_t at)
{
    if (at == 0) {
        return true;
    }
    const char before = text[at - 1];
    if (is_alnum(before) || before == '_' || before == '+') {
        return false;
    }
    const bool joins = before == '-' || before == '.' || before == '/' || before == ':';
    return !(joins && at >= 2 && is_digit(text[at - 2]));
}

/// The same behind a number.
[[nodiscard]] inline bool ends_clean(std::string_view text, std::size_t end)
{
    if (end >= text.size()) {
        return true;
    }
    const char next = text[end];
    if (is_alnum(next) || next == '_') {
        return false;
    }
    return !((next == '-' || next == '.') && end + 1 < text.size() && is_digit(text[end + 1]));
}

void read_number(Pass& pass, std::size_t at);
void read_parted_card(Pass& pass, std::size_t begin);
void read_iban(Pass& pass, std::size_t at, std::size_t run);
void read_travel_document(Pass& pass, std::size_t at, std::size_t run);
void read_phone(Pass& pass, std::size_t at, std::size_t run);
void read_address(Pass& pass, std::size_t at);
/// At ':' or '=': an assignment to a name such as `api_key`, or `://user:password@`.
void read_assignment(Pass& pass, std::size_t at);
/// Behind a word that a login follows: of a header, of a program's options.
void read_basic(Pass& pass, std::size_t end);
void read_curl(Pass& pass, std::size_t end);
void read_mysql(Pass& pass, std::size_t end);
/// At a word that a secret begins with or that is followed by one.
void read_secret(Pass& pass, const WordEntry& entry, std::size_t begin, std::size_t end);

}  // namespace spillway::privacy
