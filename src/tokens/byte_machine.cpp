#include "byte_machine.hpp"

#include <algorithm>
#include <cassert>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "byte_sort.hpp"

namespace spillway::tokens {
namespace {

/// What the last bytes were.
enum class Kind : std::uint8_t {
    start,
    lower,
    upper,
    latin,
    latin_east,
    opaque,
    digit,
    space,
    tab,
    newline,
    stop,
    quote,
    bracket,
    slash,
    rule,
    underscore,
    oper,
    control,
    symbol,
    punctuation,
    greek,
    cyrillic,
    hebrew,
    arabic,
    indic,
    thai,
    kana,
    cjk_mark,
    han_low,
    han_high,
    hangul,
    emoji,
    mark,
    rare,
    // a first byte whose second will tell
    e0,
    e1,
    e2,
    e3,
    ef,
    f0,
};

struct State {
    Kind kind = Kind::start;
    std::uint8_t place = 0;    ///< In its word or run; what it means depends on the kind.
    std::uint8_t changes = 0;  ///< Of sort within the run of letters and digits.
    bool silent = false;       ///< A further byte of a character that was counted.
    [[nodiscard]] bool operator==(const State&) const = default;
};

constexpr int last_letter = 9;
constexpr int too_many_changes = 3;

std::uint8_t at_most(int limit, int value)
{
    return static_cast<std::uint8_t>(std::min(limit, value));
}

bool is_punctuation(Kind kind)
{
    return kind >= Kind::stop && kind <= Kind::oper;
}

bool is_small(Kind kind)
{
    return kind == Kind::lower || kind == Kind::latin || kind == Kind::latin_east;
}

/// A place of 2 after punctuation and 1 elsewhere.
State marked(Kind kind, const State& before)
{
    return {kind, static_cast<std::uint8_t>(is_punctuation(before.kind) ? 2 : 1)};
}

/// The next character of a run that counts up to `limit`.
State in_run(Kind kind, const State& before, int limit)
{
    return {kind, before.kind == kind ? at_most(limit, before.place + 1) : std::uint8_t{1}};
}

State changed(Kind kind, int place, int changes)
{
    if (changes >= too_many_changes)
        return {Kind::opaque};
    return {kind, static_cast<std::uint8_t>(place), static_cast<std::uint8_t>(changes)};
}

State after_letter_or_digit(const State& before, Sort sort)
{
    const bool small = sort != Sort::upper && sort != Sort::digit;
    const Kind kind = sort == Sort::latin        ? Kind::latin
                      : sort == Sort::latin_east ? Kind::latin_east
                                                 : Kind::lower;
    if (before.kind == Kind::opaque)
        return before;
    if (small) {
        if (is_small(before.kind))
            return {kind, at_most(last_letter, before.place + 1), before.changes};
        if (before.kind == Kind::upper)  // one capital begins a word, several were an abbreviation
            return changed(kind, 2, before.changes + (before.place >= 2 ? 1 : 0));
        return changed(kind, 1, before.kind == Kind::digit ? before.changes + 1 : 0);
    }
    const bool letter = is_small(before.kind);
    if (sort == Sort::upper) {
        if (before.kind == Kind::upper)
            return {Kind::upper, at_most(5, before.place + 1), before.changes};
        return changed(Kind::upper, 1,
                       letter || before.kind == Kind::digit ? before.changes + 1 : 0);
    }
    if (before.kind == Kind::digit)  // the places go 1 2 3 1 2 3; 0 stands for 1 after a space
        return {Kind::digit,
                static_cast<std::uint8_t>(before.place == 0 ? 2 : before.place % 3 + 1),
                before.changes};
    if (before.kind == Kind::space && before.place == 1)
        return {Kind::digit, 0};
    return changed(Kind::digit, 1, letter || before.kind == Kind::upper ? before.changes + 1 : 0);
}

State after_blank(const State& before, Sort sort)
{
    if (sort == Sort::tab)
        return {Kind::tab};
    if (sort == Sort::space) {
        if (before.kind == Kind::space)
            return {Kind::space, at_most(4, before.place + 1)};
        return {Kind::space, static_cast<std::uint8_t>(before.kind == Kind::newline ? 2 : 1)};
    }
    const bool joins = is_punctuation(before.kind) || before.kind == Kind::newline;
    return {Kind::newline, static_cast<std::uint8_t>(joins ? 2 : 1)};
}

State after_punctuation(const State& before, Sort sort)
{
    if (sort == Sort::stop)
        return marked(Kind::stop, before);
    if (sort == Sort::bracket)
        return marked(Kind::bracket, before);
    if (sort == Sort::quote) {
        const bool word = before.kind >= Kind::lower && before.kind <= Kind::digit;
        return {Kind::quote, static_cast<std::uint8_t>(word ? 1 : 2)};
    }
    if (sort == Sort::rule)
        return in_run(Kind::rule, before, 3);
    if (sort == Sort::slash)
        return {Kind::slash};
    if (sort == Sort::underscore)
        return {Kind::underscore};
    if (sort == Sort::control)
        return {Kind::control};
    return before.kind == Kind::opaque ? before : State{Kind::oper};
}

State after_first_byte(const State& before, Sort sort)
{
    if (sort == Sort::cyrillic)
        return in_run(Kind::cyrillic, before, 5);
    if (sort == Sort::e1) {
        const bool word = is_small(before.kind) || before.kind == Kind::upper;
        return {Kind::e1, word ? before.place : std::uint8_t{0}};
    }
    if (sort == Sort::e3)
        return {Kind::e3, static_cast<std::uint8_t>(before.kind == Kind::kana ? 1 : 0)};

    constexpr std::pair<Sort, Kind> plain[] = {{Sort::c2, Kind::symbol},
                                               {Sort::combining, Kind::mark},
                                               {Sort::greek, Kind::greek},
                                               {Sort::hebrew, Kind::hebrew},
                                               {Sort::arabic, Kind::arabic},
                                               {Sort::han_low, Kind::han_low},
                                               {Sort::han_high, Kind::han_high},
                                               {Sort::hangul, Kind::hangul},
                                               {Sort::e0, Kind::e0},
                                               {Sort::e2, Kind::e2},
                                               {Sort::ef, Kind::ef},
                                               {Sort::f0, Kind::f0}};
    for (const auto& [first, kind] : plain)
        if (first == sort)
            return {kind};
    return {Kind::rare};
}

/// A continuation byte: the second of a character may tell its script, later ones tell nothing.
State after_continuation(const State& before, Sort sort)
{
    const auto either = [](bool condition, State known) {
        return condition ? known : State{Kind::rare};
    };
    if (before.kind == Kind::e0)
        return {sort == Sort::next_b8 ? Kind::thai : Kind::indic};
    if (before.kind == Kind::e1)
        return either(sort >= Sort::next_b8, {Kind::latin, at_most(last_letter, before.place + 1)});
    if (before.kind == Kind::e2)
        return {sort == Sort::next_80 ? Kind::punctuation : Kind::symbol};
    if (before.kind == Kind::e3 && sort == Sort::next_81)
        return {Kind::kana, static_cast<std::uint8_t>(before.place + 1)};
    if (before.kind == Kind::e3)
        return either(sort == Sort::next_80, {Kind::cjk_mark});
    if (before.kind == Kind::ef && sort == Sort::next_b8)
        return {Kind::mark};
    if (before.kind == Kind::ef)
        return either(sort == Sort::next_bc || sort == Sort::next_bd, {Kind::cjk_mark});
    if (before.kind == Kind::f0)
        return either(sort == Sort::next_9f, {Kind::emoji});
    if (before.kind < Kind::control && before.kind != Kind::latin &&
        before.kind != Kind::latin_east && before.kind != Kind::opaque)
        return {Kind::rare};  // not UTF-8
    State same = before;
    same.silent = true;
    if (same.kind == Kind::latin_east)
        same.kind = Kind::latin;  // nothing that follows depends on it
    return same;
}

State after(const State& before, Sort sort)
{
    if (sort <= Sort::digit || sort == Sort::latin || sort == Sort::latin_east)
        return after_letter_or_digit(before, sort);
    if (sort <= Sort::newline)
        return after_blank(before, sort);
    if (sort <= Sort::control)
        return after_punctuation(before, sort);
    if (sort <= Sort::next_be)
        return after_continuation(before, sort);
    return after_first_byte(before, sort);
}

ByteClass one_of(std::uint8_t place, std::initializer_list<std::pair<int, ByteClass>> upto,
                 ByteClass later)
{
    for (const auto& [last, which] : upto)
        if (place <= last)
            return which;
    return later;
}

std::optional<ByteClass> class_of_state(const State& state)
{
    using enum ByteClass;
    if (state.silent)
        return std::nullopt;
    switch (state.kind) {
        case Kind::start:
        case Kind::e0:
        case Kind::e1:
        case Kind::e2:
        case Kind::e3:
        case Kind::ef:
        case Kind::f0:
            return std::nullopt;
        case Kind::lower:
            return one_of(state.place, {{1, lower_first}, {4, lower_early}, {8, lower_middle}},
                          lower_late);
        case Kind::upper:
            return one_of(state.place, {{1, upper_first}, {4, upper_run}}, upper_late);
        case Kind::latin:
            return one_of(state.place, {{4, latin_early}}, latin_late);
        case Kind::latin_east:
            return latin_east;
        case Kind::opaque:
            return opaque;
        case Kind::digit:
            return one_of(state.place, {{0, digit_spaced}, {1, digit_first}}, digit_next);
        case Kind::space:
            return one_of(state.place, {{1, space}, {2, space_run}, {3, space_indent}}, space_run);
        case Kind::tab:
            return tab;
        case Kind::newline:
            return one_of(state.place, {{1, newline}}, newline_next);
        case Kind::stop:
            return one_of(state.place, {{1, stop}}, stop_next);
        case Kind::quote:
            return one_of(state.place, {{1, quote}}, quote_other);
        case Kind::bracket:
            return one_of(state.place, {{1, bracket}}, bracket_next);
        case Kind::slash:
            return slash;
        case Kind::rule:
            return one_of(state.place, {{2, rule}}, rule_run);
        case Kind::underscore:
            return underscore;
        case Kind::oper:
            return oper;
        case Kind::symbol:
            return symbol;
        case Kind::punctuation:
            return punctuation;
        case Kind::greek:
            return greek;
        case Kind::cyrillic:
            return one_of(state.place, {{1, cyrillic_first}, {4, cyrillic_early}}, cyrillic_late);
        case Kind::hebrew:
            return hebrew;
        case Kind::arabic:
            return arabic;
        case Kind::indic:
            return indic;
        case Kind::thai:
            return thai;
        case Kind::kana:
            return one_of(state.place, {{1, kana_first}}, kana_next);
        case Kind::cjk_mark:
            return cjk_mark;
        case Kind::han_low:
            return han_low;
        case Kind::han_high:
            return han_high;
        case Kind::hangul:
            return hangul;
        case Kind::emoji:
            return emoji;
        case Kind::control:
        case Kind::mark:
            return mark;
        case Kind::rare:
            return rare;
    }
    return std::nullopt;
}

}  // namespace

ByteMachine::ByteMachine()
{
    for (unsigned byte = 0; byte < sort_of_byte_.size(); ++byte)
        sort_of_byte_[byte] = static_cast<std::uint8_t>(sort_of(static_cast<unsigned char>(byte)));

    std::vector<State> states{State{}};
    for (std::size_t from = 0; from < states.size(); ++from) {
        const auto counted = class_of_state(states[from]);
        class_of_[from] =
            static_cast<std::uint8_t>(counted ? static_cast<std::size_t>(*counted) : uncounted);
        for (std::size_t sort = 0; sort < static_cast<std::size_t>(Sort::count); ++sort) {
            const State to = after(states[from], static_cast<Sort>(sort));
            const auto known = std::ranges::find(states, to);
            next_[from][sort] = static_cast<std::uint8_t>(known - states.begin());
            if (known == states.end())
                states.push_back(to);
        }
        assert(states.size() <= most_states);
    }
    size_ = states.size();
}

const ByteMachine& ByteMachine::the()
{
    static const ByteMachine machine;
    return machine;
}

}  // namespace spillway::tokens
