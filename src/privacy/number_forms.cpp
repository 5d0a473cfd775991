#include "number_forms.hpp"

#include <array>

#include "byte_masks.hpp"
#include "number_rules.hpp"

namespace spillway::privacy {

namespace {

using enum ClassId;
using enum Proof;

/// In the order of the first run of digits, which `ranges` counts.
constexpr std::array all_forms{
    // 1
    NumberForm{fr_nir, sure, "1 2 2 2 3 3 2", rules::fr_nir},
    NumberForm{fr_nir, sure, "1 2 2 1L 3 3 2", rules::fr_nir},
    NumberForm{phone, sure, "1-3-3-4", rules::nanp_phone},
    NumberForm{phone, sure, "1.3.3.4", rules::nanp_phone},
    NumberForm{phone, cued, "1 3 3 4", rules::nanp_phone},
    // 2
    NumberForm{de_steuer_id, sure, "2 3 3 3", rules::de_steuer_id},
    NumberForm{be_nn, sure, "2.2.2-3.2", rules::be_nn},
    NumberForm{be_nn, sure, "2.2.2.3-2", rules::be_nn},
    NumberForm{be_nn, cued, "2 2 2 3 2", rules::be_nn},
    NumberForm{it_codice_fiscale, sure, "LLLLLL2L2L3L", rules::it_codice_fiscale},
    NumberForm{it_codice_fiscale, sure, "LLL LLL 2L2 L3L", rules::it_codice_fiscale},
    NumberForm{uk_nino, sure, "LL 2 2 2 L", rules::uk_nino},
    NumberForm{uk_nino, sure, "LL-2-2-2-L", rules::uk_nino},
    NumberForm{phone, sure, "2 2 2 2 2", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "2.2.2.2.2", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "2-2-2-2-2", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "2-4-4", rules::trunk_phone, zero_first},
    // 3
    NumberForm{us_ssn, sure, "3-2-4", rules::us_ssn},
    NumberForm{us_ssn, cued, "3 2 4", rules::us_ssn},
    NumberForm{br_cpf, sure, "3.3.3-2", rules::br_cpf},
    NumberForm{ch_ahv, sure, "3.4.4.2", rules::ch_ahv},
    NumberForm{ch_ahv, sure, "3 4 4 2", rules::ch_ahv},
    NumberForm{uk_nhs, cued, "3 3 4", rules::uk_nhs},
    NumberForm{uk_nhs, cued, "3-3-4", rules::uk_nhs},
    NumberForm{ca_sin, cued, "3 3 3", rules::ca_sin},
    NumberForm{ca_sin, cued, "3-3-3", rules::ca_sin},
    NumberForm{au_tfn, cued, "3 3 3", rules::au_tfn},
    NumberForm{phone, sure, "3-3-4", rules::nanp_phone},
    NumberForm{phone, sure, "3.3.4", rules::nanp_phone},
    NumberForm{phone, cued, "3 3 4", rules::nanp_phone},
    NumberForm{phone, sure, "3 4 4", rules::east_asian_phone, zero_or_one_first},
    NumberForm{phone, sure, "3-4-4", rules::east_asian_phone, zero_or_one_first},
    NumberForm{phone, sure, "3/7", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "3/8", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "3 7", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "3 8", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "3 3 3", rules::some_phone},
    NumberForm{phone, cued, "3 2 2 2", rules::some_phone},
    NumberForm{phone, cued, "3-4", rules::some_phone},
    // 4
    NumberForm{payment_card, sure, "4 4 4 4", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4-4-4-4", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4.4.4.4", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4 4 4 4 3", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4-4-4-4-3", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4 6 5", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4-6-5", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4 6 4", rules::payment_card, card_first},
    NumberForm{payment_card, sure, "4-6-4", rules::payment_card, card_first},
    NumberForm{in_aadhaar, cued, "4 4 4", rules::in_aadhaar, two_or_more_first},
    NumberForm{in_aadhaar, cued, "4-4-4", rules::in_aadhaar, two_or_more_first},
    NumberForm{jp_my_number, cued, "4 4 4", rules::jp_my_number},
    NumberForm{jp_my_number, cued, "4-4-4", rules::jp_my_number},
    NumberForm{nl_bsn, cued, "4.2.3", rules::nl_bsn},
    NumberForm{phone, sure, "4 3 4", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "4/7", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "4/8", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "4 3 3", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "4 7", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "4 8", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "4-7", rules::trunk_phone, zero_first},
    // 5
    NumberForm{phone, sure, "5 6", rules::trunk_phone, zero_first},
    NumberForm{phone, sure, "5/6", rules::trunk_phone, zero_first},
    NumberForm{phone, cued, "5 5", rules::some_phone},
    NumberForm{phone, cued, "5-4", rules::some_phone},
    // 6
    NumberForm{uk_nino, sure, "LL6L", rules::uk_nino},
    NumberForm{uk_nino, sure, "LL 6 L", rules::uk_nino},
    NumberForm{fr_nir, sure, "6L8", rules::fr_nir},
    NumberForm{se_personnummer, sure, "6-4", rules::se_personnummer},
    NumberForm{se_personnummer, sure, "6+4", rules::se_personnummer},
    NumberForm{no_fnr, sure, "6 5", rules::no_fnr},
    NumberForm{dk_cpr, cued, "6-4", rules::dk_cpr},
    NumberForm{fi_hetu, sure, "6-3L", rules::fi_hetu},
    NumberForm{fi_hetu, sure, "6-4", rules::fi_hetu},
    NumberForm{fi_hetu, sure, "6L3L", rules::fi_hetu},
    NumberForm{fi_hetu, sure, "6L4", rules::fi_hetu},
    NumberForm{kr_rrn, sure, "6-7", rules::kr_rrn},
    NumberForm{mx_curp, sure, "LLLL6LLLLLL2", rules::mx_curp},
    NumberForm{mx_curp, sure, "LLLL6LLLLLLL1", rules::mx_curp},
    // 7
    NumberForm{es_dni, sure, "L7L", rules::es_dni},
    NumberForm{es_dni, sure, "L-7-L", rules::es_dni},
    NumberForm{sg_nric, sure, "L7L", rules::sg_nric},
    NumberForm{phone, cued, "7", rules::some_phone},
    // 8
    NumberForm{es_dni, sure, "8L", rules::es_dni},
    NumberForm{es_dni, sure, "8-L", rules::es_dni},
    NumberForm{es_dni, cued, "8 L", rules::es_dni},
    NumberForm{se_personnummer, sure, "8-4", rules::se_personnummer},
    NumberForm{phone, cued, "8", rules::some_phone},
    // 9
    NumberForm{us_ssn, cued, "9", rules::us_ssn},
    NumberForm{nl_bsn, cued, "9", rules::nl_bsn},
    NumberForm{ca_sin, cued, "9", rules::ca_sin},
    NumberForm{au_tfn, cued, "9", rules::au_tfn},
    NumberForm{phone, cued, "9", rules::some_phone},
    // 10
    NumberForm{uk_nhs, cued, "a", rules::uk_nhs},
    NumberForm{se_personnummer, cued, "a", rules::se_personnummer},
    NumberForm{dk_cpr, cued, "a", rules::dk_cpr},
    NumberForm{phone, cued, "a", rules::some_phone},
    // 11
    NumberForm{de_steuer_id, cued, "b", rules::de_steuer_id},
    NumberForm{be_nn, cued, "b", rules::be_nn},
    NumberForm{pl_pesel, cued, "b", rules::pl_pesel},
    NumberForm{no_fnr, cued, "b", rules::no_fnr},
    NumberForm{br_cpf, cued, "b", rules::br_cpf},
    NumberForm{phone, cued, "b", rules::some_phone},
    // 12
    NumberForm{in_aadhaar, cued, "c", rules::in_aadhaar, two_or_more_first},
    NumberForm{jp_my_number, cued, "c", rules::jp_my_number},
    NumberForm{se_personnummer, cued, "c", rules::se_personnummer},
    NumberForm{phone, cued, "c", rules::some_phone},
    // 13
    NumberForm{payment_card, cued, "d", rules::payment_card, card_first},
    NumberForm{ch_ahv, sure, "d", rules::ch_ahv},
    NumberForm{kr_rrn, cued, "d", rules::kr_rrn},
    NumberForm{fr_nir, sure, "d 2", rules::fr_nir},
    // 14
    NumberForm{payment_card, sure, "e", rules::payment_card, card_first},
    // 15
    NumberForm{payment_card, sure, "f", rules::payment_card, card_first},
    NumberForm{fr_nir, sure, "f", rules::fr_nir},
    // 16
    NumberForm{payment_card, sure, "g", rules::payment_card, card_first},
    // 17
    NumberForm{payment_card, sure, "h", rules::union_pay},
    NumberForm{payment_card, cued, "h", rules::payment_card, card_first},
    NumberForm{cn_resident_id, sure, "hL", rules::cn_resident_id},
    // 18
    NumberForm{payment_card, sure, "i", rules::union_pay},
    NumberForm{payment_card, cued, "i", rules::payment_card, card_first},
    NumberForm{cn_resident_id, sure, "i", rules::cn_resident_id},
    // 19
    NumberForm{payment_card, sure, "j", rules::union_pay},
    NumberForm{payment_card, cued, "j", rules::payment_card, card_first},
};

struct Range {
    std::size_t first = 0;
    std::size_t count = 0;
};

constexpr auto ranges = [] {
    std::array<Range, longest_run + 1> by_run{};
    for (std::size_t i = 0; i < all_forms.size(); ++i) {
        auto& range = by_run[all_forms[i].run];
        range.first = range.count == 0 ? i : range.first;
        ++range.count;
    }
    return by_run;
}();

constexpr bool in_order()
{
    for (std::size_t run = 1; run < ranges.size(); ++run) {
        for (std::size_t i = ranges[run].first; i < ranges[run].first + ranges[run].count; ++i) {
            if (all_forms[i].run != run) {
                return false;
            }
        }
    }
    return true;
}
static_assert(in_order(), "forms are to be listed by their first run of digits");

constexpr std::string_view marks = " -./+";

/// Marks by position, then letters, then the end of a number.
constexpr std::size_t kind_of(char after)
{
    const auto mark = marks.find(after);
    if (mark != std::string_view::npos) {
        return mark;
    }
    return is_alnum(after) ? marks.size() : marks.size() + 1;
}

/// By first run and what is behind it: a bit for every length of a second run that goes on well.
constexpr auto seconds = [] {
    std::array<std::array<std::uint32_t, marks.size() + 2>, longest_run + 1> table{};
    for (const auto& form : all_forms) {
        auto& row = table[form.run];
        if (form.after == '\0') {
            for (std::size_t kind = 0; kind < row.size(); ++kind) {
                row[kind] = kind == marks.size() ? row[kind] : ~0U;
            }
        } else {
            row[kind_of(form.after)] |= form.second == 0 ? ~0U : 1U << form.second;
        }
    }
    return table;
}();

/// A letter as 10 to 35; 0 when it is none that a number may hold. China writes 'X' small as well.
constexpr std::uint8_t letter_value(char c)
{
    if (is_upper(c)) {
        return static_cast<std::uint8_t>(c - 'A' + 10);
    }
    return c == 'x' ? static_cast<std::uint8_t>('X' - 'A' + 10) : std::uint8_t{0};
}

}  // namespace

std::span<const NumberForm> forms_starting(std::size_t run)
{
    const auto range = run < ranges.size() ? ranges[run] : Range{};
    return std::span(all_forms).subspan(range.first, range.count);
}

bool any_form(std::size_t run, char after, std::size_t second)
{
    return run < seconds.size() && ((seconds[run][kind_of(after)] >> second) & 1U) != 0;
}

std::optional<ReadNumber> read_shape(std::string_view text, std::size_t begin,
                                     std::string_view shape)
{
    ReadNumber read;
    auto at = begin;
    for (const char element : shape) {
        const auto run = run_of(element);
        if (at + (run == 0 ? 1 : run) > text.size()) {
            return std::nullopt;
        }
        if (run == 0 && element != 'L') {
            if (text[at] != element) {
                return std::nullopt;
            }
            ++at;
            continue;
        }
        if (run == 0) {
            const auto value = letter_value(text[at++]);
            if (value == 0) {
                return std::nullopt;
            }
            read.digits[read.count++] = value;
            continue;
        }
        for (std::size_t i = 0; i < run; ++i, ++at) {
            if (!is_digit(text[at])) {
                return std::nullopt;
            }
            read.digits[read.count++] = static_cast<std::uint8_t>(text[at] - '0');
        }
    }
    read.end = at;
    return read;
}

}  // namespace spillway::privacy
