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
    if (!read || !ends_clean(text, read->end) || !form.valid(read->all())) {
        return;
    }
    const auto size = form.id == ClassId::payment_card ? 0 : group_size(form.shape);
    if (size != 0 && is_part_of_list(text, begin, read->end, size)) {
        return;
    }
    if (form.proof == Proof::sure) {
        pass.report(form.id, text.substr(begin, read->end - begin));
    } else {
        pass.report_cued(form.id, begin, read->end);
    }
}

}  // namespace

void read_number(Pass& pass, std::size_t at)
{
    const auto text = pass.text();
    const auto run = run_at(text, at);
    const char before = at == 0 ? ' ' : text[at - 1];
    const bool clean = starts_clean(text, at);
    for (const auto& form : forms_starting(run)) {
        if (!pass.wants(form.id)) {
            continue;
        }
        const auto lead = lead_of(form.shape);
        if (lead == 0 ? clean : lead <= at && starts_clean(text, at - lead)) {
            try_form(pass, form, at - lead);
        }
    }
    if (run >= 2 && is_letter(before) && pass.wants(ClassId::iban)) {
        read_iban(pass, at, run);
    }
    if (pass.wants(ClassId::passport)) {
        read_travel_document(pass, at, run);
    }
    if ((before == '+' || before == '(') && pass.wants(ClassId::phone)) {
        read_phone(pass, at, run);
    }
}

}  // namespace spillway::privacy
