#pragma once

#include "checksums.hpp"

/// Which digits are a number of a kind: lengths were matched by the shape, separators removed.
namespace spillway::privacy::rules {

/// Issuer ranges with their lengths, and Luhn.
[[nodiscard]] bool payment_card(Digits digits);
/// The one issuer whose long cards are met often enough to be sure without a word.
[[nodiscard]] bool union_pay(Digits digits);

[[nodiscard]] bool us_ssn(Digits digits);
[[nodiscard]] bool uk_nino(Digits digits);
[[nodiscard]] bool uk_nhs(Digits digits);
[[nodiscard]] bool de_steuer_id(Digits digits);
[[nodiscard]] bool fr_nir(Digits digits);
[[nodiscard]] bool es_dni(Digits digits);
[[nodiscard]] bool it_codice_fiscale(Digits digits);
[[nodiscard]] bool nl_bsn(Digits digits);
[[nodiscard]] bool be_nn(Digits digits);
[[nodiscard]] bool ch_ahv(Digits digits);
[[nodiscard]] bool pl_pesel(Digits digits);
[[nodiscard]] bool se_personnummer(Digits digits);
[[nodiscard]] bool no_fnr(Digits digits);
[[nodiscard]] bool dk_cpr(Digits digits);
[[nodiscard]] bool fi_hetu(Digits digits);

[[nodiscard]] bool br_cpf(Digits digits);
[[nodiscard]] bool mx_curp(Digits digits);
[[nodiscard]] bool ca_sin(Digits digits);
[[nodiscard]] bool au_tfn(Digits digits);
[[nodiscard]] bool in_aadhaar(Digits digits);
[[nodiscard]] bool cn_resident_id(Digits digits);
[[nodiscard]] bool jp_my_number(Digits digits);
[[nodiscard]] bool kr_rrn(Digits digits);
[[nodiscard]] bool sg_nric(Digits digits);

/// North America: area and exchange begin with 2 to 9; a leading 1 may stand before them.
[[nodiscard]] bool nanp_phone(Digits digits);
/// National form with trunk prefix 0.
[[nodiscard]] bool trunk_phone(Digits digits);
/// Trunk prefix 0, or a Chinese mobile number (13x to 19x).
[[nodiscard]] bool east_asian_phone(Digits digits);
/// Whatever a word calls a telephone number.
[[nodiscard]] bool some_phone(Digits digits);

}  // namespace spillway::privacy::rules
