#include <array>
#include <optional>

#include "group_gap.hpp"
#include "number_rules.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

/// One more than any group of a card has.
constexpr std::size_t longest_group = 7;
constexpr std::size_t most_digits = 16;
constexpr std::size_t most_groups = 4;

std::size_t group_at(std::string_view text, std::size_t at)
{
    std::size_t size = 0;
    while (size < longest_group && at + size < text.size() && is_digit(text[at + size])) {
        ++size;
    }
    return size;
}

/// The gap between two groups: blanks, or a hyphen that a line may break behind.
struct Gap {
    std::size_t end = 0;
    bool hyphen = false;
    bool plain = false;  ///< A single blank or hyphen.
};

Gap gap_at(std::string_view text, std::size_t at)
{
    Gap gap;
    gap.hyphen = at < text.size() && text[at] == '-';
    gap.end = gap_end(text, gap.hyphen ? at + 1 : at);
    gap.plain = gap.end == at + 1 && (gap.hyphen || text[at] == ' ');
    return gap;
}

struct PartedCard {
    std::array<std::uint8_t, most_digits> digits{};
    std::size_t count = 0;
    std::size_t end = 0;

    [[nodiscard]] Digits all() const { return Digits(digits).first(count); }
};

/// Groups as cards print them (4-4-4-4, 4-6-5, 4-6-4) whose gaps are of one kind and not all plain:
/// those with plain gaps have forms of their own.
std::optional<PartedCard> read_groups(std::string_view text, std::size_t begin)
{
    constexpr std::size_t smallest = 4;
    constexpr std::size_t largest = 6;
    PartedCard card;
    card.end = begin;
    bool all_plain = true;
    bool hyphens = false;
    std::size_t sizes = 0;  // As a decimal number: 4444, 465.
    for (std::size_t groups = 0; groups < most_groups && sizes != 465 && sizes != 464; ++groups) {
        if (groups > 0) {
            const auto gap = gap_at(text, card.end);
            if (gap.end == card.end || (groups > 1 && gap.hyphen != hyphens)) {
                return std::nullopt;
            }
            hyphens = gap.hyphen;
            all_plain = all_plain && gap.plain;
            card.end = gap.end;
        }
        const auto size = group_at(text, card.end);
        if (size < smallest || size > largest || card.count + size > most_digits) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i < size; ++i) {
            card.digits[card.count++] = static_cast<std::uint8_t>(text[card.end++] - '0');
        }
        sizes = sizes * 10 + size;
    }
    const bool usual = sizes == 4444 || sizes == 465 || sizes == 464;
    return usual && !all_plain ? std::optional(card) : std::nullopt;
}

/// Does a number of four digits stand at `at`, by itself and as no part of a date?
bool is_four_digits(std::string_view text, std::size_t at)
{
    return group_at(text, at) == 4 && ends_clean(text, at + 4) &&
           (at + 4 == text.size() || text[at + 4] != '/');
}

/// Do the groups go on before or behind, as rows and columns of a table do?
bool is_part_of_table(std::string_view text, std::size_t begin, std::size_t end)
{
    constexpr std::size_t widest_gap = 12;
    constexpr std::string_view blanks = " \t\r\n";
    const auto next = gap_end(text, end);
    if (next != end && is_four_digits(text, next)) {
        return true;
    }
    auto before = begin;
    std::size_t lines = 0;
    while (before > 0 && begin - before < widest_gap &&
           blanks.find(text[before - 1]) != std::string_view::npos) {
        --before;
        lines += text[before] == '\n' ? 1U : 0U;
    }
    return lines <= 1 && before != begin && before >= 4 && group_at(text, before - 4) >= 4 &&
           starts_clean(text, before - 4);
}

/// More numbers of four digits nearby than the years and codes of a form: figures in columns.
bool has_many_like_it(std::string_view text, std::size_t begin, std::size_t end)
{
    constexpr std::size_t near = 96;
    constexpr std::size_t most = 2;
    std::size_t count = 0;
    const auto look = [&text, &count](std::size_t from, std::size_t to) {
        for (auto at = from; at < to; ++at) {
            const bool starts = is_digit(text[at]) && starts_clean(text, at);
            count += starts && is_four_digits(text, at) ? 1U : 0U;
        }
    };
    look(begin > near ? begin - near : 0, begin);
    look(end, std::min(text.size(), end + near));
    return count > most;
}

}  // namespace

/// Cards whose groups stand in columns, one below the other, or on both sides of a line's end. They
/// look like any figures in rows and columns, so they have to stand alone.
void read_parted_card(Pass& pass, std::size_t begin)
{
    const auto text = pass.text();
    const auto card = read_groups(text, begin);
    if (!card || !ends_clean(text, card->end) || !rules::payment_card(card->all()) ||
        is_part_of_table(text, begin, card->end)) {
        return;
    }
    if (has_many_like_it(text, begin, card->end)) {
        pass.report_cued(ClassId::payment_card, begin, card->end);
    } else {
        pass.report(ClassId::payment_card, text.substr(begin, card->end - begin));
    }
}

}  // namespace spillway::privacy
