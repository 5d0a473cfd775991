#include "byte_sort.hpp"

#include <algorithm>
#include <string_view>

namespace spillway::tokens {

Sort sort_of(unsigned char byte)
{
    struct Upto {
        unsigned last;
        Sort sort;
    };
    static constexpr Upto high[] = {
        {0x80, Sort::next_80},  {0x83, Sort::next_81},   {0x9e, Sort::next_84},
        {0x9f, Sort::next_9f},  {0xb7, Sort::next_a0},   {0xbb, Sort::next_b8},
        {0xbc, Sort::next_bc},  {0xbd, Sort::next_bd},   {0xbf, Sort::next_be},
        {0xc2, Sort::c2},       {0xc3, Sort::latin},     {0xc9, Sort::latin_east},
        {0xcb, Sort::rare},     {0xcd, Sort::combining}, {0xcf, Sort::greek},
        {0xd3, Sort::cyrillic}, {0xd5, Sort::rare},      {0xd7, Sort::hebrew},
        {0xdb, Sort::arabic},   {0xdf, Sort::rare},      {0xe0, Sort::e0},
        {0xe1, Sort::e1},       {0xe2, Sort::e2},        {0xe3, Sort::e3},
        {0xe5, Sort::han_low},  {0xe9, Sort::han_high},  {0xed, Sort::hangul},
        {0xee, Sort::rare},     {0xef, Sort::ef},        {0xff, Sort::f0}};
    if (byte >= 0x80)
        return std::ranges::find_if(high, [&](const Upto& part) { return byte <= part.last; })
            ->sort;
    const auto is = [&](std::string_view characters) {
        return characters.find(static_cast<char>(byte)) != std::string_view::npos;
    };
    if (byte >= 'a' && byte <= 'z')
        return Sort::lower;
    if (byte >= 'A' && byte <= 'Z')
        return Sort::upper;
    if (byte >= '0' && byte <= '9')
        return Sort::digit;
    if (byte == ' ')
        return Sort::space;
    if (byte == '\t')
        return Sort::tab;
    if (is("\r\n"))
        return Sort::newline;
    if (byte < 0x20 || byte == 0x7f)
        return Sort::control;
    return is(".,;:!?")     ? Sort::stop
           : is("'\"`")     ? Sort::quote
           : is("()[]{}<>") ? Sort::bracket
           : is("/\\")      ? Sort::slash
           : is("-=*#~")    ? Sort::rule
           : is("_")        ? Sort::underscore
                            : Sort::oper;
}

}  // namespace spillway::tokens
