#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace spillway::privacy {

/// Characters of a number, blanks and marks removed: 0 to 9, and 10 to 35 for A to Z.
using Digits = std::span<const std::uint8_t>;

[[nodiscard]] bool luhn(Digits digits);
/// Last digit by the dihedral group D5.
[[nodiscard]] bool verhoeff(Digits digits);
/// ISO 7064 MOD 11,10: one check digit at the end.
[[nodiscard]] bool iso7064_mod11_10(Digits digits);
/// ISO 7064 MOD 97-10 over letters as two digits; IBAN's own turning round is left to the caller.
[[nodiscard]] unsigned mod97(Digits digits);
/// EAN-13.
[[nodiscard]] bool ean13(Digits digits);
/// ICAO 9303: weights 7, 3, 1; '<' counts 0, letters 10 to 35.
[[nodiscard]] bool icao(std::string_view field, char check);
/// Sum of digit times weight over as many as there are weights.
[[nodiscard]] unsigned weighted(Digits digits, std::span<const std::uint8_t> weights);
/// The number that `count` digits from `first` spell.
[[nodiscard]] std::uint64_t number(Digits digits, std::size_t first, std::size_t count);
/// Can this be a month and a day of it?
[[nodiscard]] bool is_month_day(std::uint64_t month, std::uint64_t day);
/// All digits the same: passes many checksums and is nobody's number.
[[nodiscard]] bool all_same(Digits digits);

}  // namespace spillway::privacy
