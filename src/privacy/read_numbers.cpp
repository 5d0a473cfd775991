#include <algorithm>
#include <array>
#include <optional>

#include "number_forms.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

/// Length of the run of digits at `at`, counted to one more than any form has.
std::size_t run_at(std::string_view text, std::size_t at)
{
    const auto last = std::min(text.size(), at + longest_run + 1);
    auto end = at;
    while (end < last && is_digit(text[end])) {
        ++end;
    }
    return end - at;
}

/// Size of the groups, when a shape is groups of one size with blanks between; 0 otherwise.
constexpr std::size_t group_size(std::string_view shape)
{
    if (shape.size() < 3 || shape[0] < '1' || shape[0] > '9') {
        return 0;
    }
    for (std::size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] != (i % 2 == 0 ? shape[0] : ' ')) {
            return 0;
        }
    }
    return static_cast<std::size_t>(shape[0] - '0');
}

bool is_group(std::string_view text, std::size_t at, std::size_t size)
{
    return at + size <= text.size() && run_at(text, at) == size;
}

/// Is this a piece of a longer row of such groups: a table, a list of years, a longer number?
bool is_part_of_list(std::string_view text, std::size_t begin, std::size_t end, std::size_t size)
{
    const bool goes_on = end + 1 < text.size() && text[end] == ' ' && is_group(text, end + 1, size);
    if (goes_on) {
        return true;
    }
    const bool has_room = begin > size && text[begin - 1] == ' ';
    return has_room && is_group(text, begin - 1 - size, size) &&
           (begin == size + 1 || !is_digit(text[begin - 2 - size]));
}

void try_form(Pass& pass, const NumberForm& form, std::size_t begin)
{
    const auto text = pass.text();
    const auto read = read_shape(text, begin, form.shape);
    if (!read || !ends_clean(text, read->end)) {
        return;
    }
    const auto size = form.id == ClassId::payment_card ? 0 : group_size(form.shape);
    if ((size != 0 && is_part_of_list(text, begin, read->end, size)) || !form.valid(read->all())) {
        return;
    }
    if (form.proof == Proof::sure) {
        pass.report(form.id, text.substr(begin, read->end - begin));
    } else {
        pass.report_cued(form.id, begin, read->end);
    }
}

/// What surrounds a run of digits, looked at once for all forms.
struct Surroundings {
    unsigned first;  ///< Bit of the first digit.
    char before;
    char after;
    std::size_t second;  ///< Digits behind `after`.
    bool clean;          ///< Nothing goes on before the digits.

    [[nodiscard]] bool may_be(const NumberForm& form) const
    {
        const bool goes_on = form.after == 'L'
                                 ? is_upper(after) || after == 'x'
                                 : (form.after == '\0' ? !is_alnum(after) : after == form.after);
        const bool begins = form.lead == 0       ? clean
                            : form.before == 'L' ? is_upper(before)
                                                 : before == form.before;
        return goes_on && begins && (form.lead != 0 || (form.firsts & first) != 0) &&
               (form.second == 0 || form.second == second);
    }
};

void try_forms(Pass& pass, const Surroundings& around, std::size_t at, std::size_t run)
{
    for (const auto& form : forms_starting(run)) {
        const bool possible = around.may_be(form) && form.lead <= at && pass.wants(form.id);
        if (possible && (form.lead == 0 || starts_clean(pass.text(), at - form.lead))) {
            try_form(pass, form, at - form.lead);
        }
    }
}

}  // namespace

void read_number(Pass& pass, std::size_t at)
{
    constexpr std::size_t first_group_of_card = 4;
    const auto text = pass.text();
    const auto run = run_at(text, at);
    const auto behind = at + run;
    Surroundings around{};
    around.first = 1U << static_cast<unsigned>(text[at] - '0');
    around.before = at == 0 ? ' ' : text[at - 1];
    around.after = behind < text.size() ? text[behind] : '\0';
    around.second = behind + 1 < text.size() ? run_at(text, behind + 1) : 0;
    around.clean = starts_clean(text, at);
    if (any_form(run, around.after, around.second)) {
        try_forms(pass, around, at, run);
    }
    if (run == first_group_of_card && around.clean && (card_first & around.first) != 0 &&
        pass.wants(ClassId::payment_card)) {
        read_parted_card(pass, at);
    }
    if (run >= 2 && is_letter(around.before) && pass.wants(ClassId::iban)) {
        read_iban(pass, at, run);
    }
    if (pass.wants(ClassId::passport)) {
        read_travel_document(pass, at, run);
    }
    if ((around.before == '+' || around.before == '(') && pass.wants(ClassId::phone)) {
        read_phone(pass, at, run);
    }
}

}  // namespace spillway::privacy
