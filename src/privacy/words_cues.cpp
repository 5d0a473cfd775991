#include <array>

#include "vocabulary.hpp"

namespace spillway::privacy {

namespace {

using Words = std::string_view;
using enum ClassId;

constexpr std::array us_words{Words{"ssn"}, Words{"social security"}, Words{"taxpayer id"}};
constexpr std::array uk_words{Words{"nhs"}, Words{"nhs number"}};
constexpr std::array de_words{
    Words{"steuer id"},
    Words{"steuerid"},
    Words{"steuer idnr"},
    Words{"idnr"},
    Words{"steueridentifikationsnummer"},
    Words{"steuernummer"},
    Words{"identifikationsnummer"},
    Words{"tin"},
};
constexpr std::array nl_words{Words{"bsn"}, Words{"burgerservicenummer"}, Words{"sofinummer"}};
constexpr std::array be_words{Words{"rijksregisternummer"}, Words{"registre national"},
                              Words{"numéro national"}, Words{"niss"}, Words{"insz"}};
constexpr std::array pl_words{Words{"pesel"}, Words{"numer pesel"}};
constexpr std::array nordic_words{
    Words{"personnummer"},  Words{"personnumret"},  Words{"samordningsnummer"},
    Words{"fødselsnummer"}, Words{"fodselsnummer"}, Words{"cpr"},
    Words{"cpr nummer"},    Words{"cpr nr"},
};
constexpr std::array br_words{Words{"cpf"}, Words{"cadastro de pessoas físicas"}};
constexpr std::array es_words{Words{"dni"}, Words{"nif"}, Words{"documento nacional de identidad"}};
constexpr std::array ca_words{Words{"social insurance"}, Words{"sin number"}, Words{"sin:"},
                              Words{"assurance sociale"}};
constexpr std::array au_words{Words{"tfn"}, Words{"tax file number"}};
constexpr std::array in_words{Words{"aadhaar"}, Words{"aadhar"}, Words{"uidai"}, Words{"आधार"}};
constexpr std::array jp_words{Words{"my number"}, Words{"マイナンバー"}, Words{"個人番号"}};
constexpr std::array kr_words{Words{"주민등록번호"}, Words{"resident registration number"}};
constexpr std::array any_national{
    Words{"national id"},
    Words{"national identification"},
    Words{"national insurance"},
    Words{"id number"},
    Words{"identity number"},
    Words{"identification number"},
    Words{"identity card"},
    Words{"id card"},
    Words{"tax id"},
    Words{"personalausweis"},
    Words{"ausweisnummer"},
    Words{"carte d'identité"},
    Words{"documento de identidad"},
    Words{"carta d'identità"},
    Words{"身份证"},
    Words{"身份證"},
};
constexpr std::array card_words{
    Words{"credit card"},     Words{"debit card"},     Words{"card number"},
    Words{"card no"},         Words{"visa"},           Words{"mastercard"},
    Words{"maestro"},         Words{"unionpay"},       Words{"kreditkarte"},
    Words{"kartennummer"},    Words{"carte bancaire"}, Words{"carte bleue"},
    Words{"numéro de carte"}, Words{"tarjeta"},        Words{"carta di credito"},
    Words{"cartão"},          Words{"银行卡"},         Words{"卡号"},
    Words{"信用卡"},          Words{"カード番号"},     Words{"クレジットカード"},
    Words{"신용카드"},        Words{"номер карты"},
};
constexpr std::array passport_words{
    Words{"passport"},   Words{"passports"}, Words{"reisepass"}, Words{"reisepassnummer"},
    Words{"passnummer"}, Words{"passeport"}, Words{"pasaporte"}, Words{"passaporto"},
    Words{"passaporte"}, Words{"paspoort"},  Words{"paszport"},  Words{"паспорт"},
    Words{"护照"},       Words{"護照"},      Words{"旅券"},      Words{"パスポート"},
    Words{"여권"},
};
constexpr std::array phone_words{
    Words{"phone"},       Words{"phone number"},  Words{"telephone"},     Words{"tel"},
    Words{"mobile"},      Words{"mobile number"}, Words{"cell phone"},    Words{"cellphone"},
    Words{"fax"},         Words{"whatsapp"},      Words{"call me at"},    Words{"call me on"},
    Words{"text me at"},  Words{"telefon"},       Words{"telefonnummer"}, Words{"handy"},
    Words{"handynummer"}, Words{"mobil"},         Words{"téléphone"},     Words{"tél"},
    Words{"portable"},    Words{"teléfono"},      Words{"móvil"},         Words{"celular"},
    Words{"telefone"},    Words{"telefono"},      Words{"cellulare"},     Words{"telefoon"},
    Words{"телефон"},     Words{"电话"},          Words{"電話"},          Words{"手机"},
    Words{"手機"},        Words{"携帯"},          Words{"전화"},          Words{"휴대폰"},
};

constexpr std::array lists{
    WordList{{us_ssn}, "", us_words},
    WordList{{uk_nhs}, "", uk_words},
    WordList{{de_steuer_id}, "", de_words},
    WordList{{nl_bsn}, "", nl_words},
    WordList{{be_nn}, "", be_words},
    WordList{{pl_pesel}, "", pl_words},
    WordList{{se_personnummer, no_fnr, dk_cpr}, "", nordic_words},
    WordList{{br_cpf}, "", br_words},
    WordList{{es_dni}, "", es_words},
    WordList{{ca_sin}, "", ca_words},
    WordList{{au_tfn}, "", au_words},
    WordList{{in_aadhaar}, "", in_words},
    WordList{{jp_my_number}, "", jp_words},
    WordList{{kr_rrn}, "", kr_words},
    WordList{ClassSet::range(us_ssn, sg_nric), "", any_national},
    WordList{{payment_card}, "", card_words},
    WordList{{passport}, "", passport_words},
    WordList{{phone}, "", phone_words},
};

}  // namespace

std::span<const WordList> cue_words()
{
    return lists;
}

}  // namespace spillway::privacy
