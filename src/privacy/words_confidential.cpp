#include <array>

#include "vocabulary.hpp"

namespace spillway::privacy {

namespace {

using Words = std::string_view;

constexpr std::array english{
    Words{"strictly confidential"},
    Words{"company confidential"},
    Words{"private and confidential"},
    Words{"highly confidential"},
    Words{"confidential information"},
    Words{"confidential document"},
    Words{"this is confidential"},
    Words{"is confidential"},
    Words{"are confidential"},
    Words{"confidential:"},
    Words{"keep this confidential"},
    Words{"commercial in confidence"},
    Words{"in strict confidence"},
    Words{"not for distribution"},
    Words{"do not distribute"},
    Words{"do not share"},
    Words{"do not forward"},
    Words{"internal use only"},
    Words{"for internal use"},
    Words{"internal only"},
    Words{"not for public release"},
    Words{"under nda"},
    Words{"non disclosure agreement"},
    Words{"nondisclosure agreement"},
    Words{"trade secret"},
    Words{"trade secrets"},
    Words{"attorney client privilege"},
    Words{"attorney client privileged"},
    Words{"privileged and confidential"},
    Words{"under embargo"},
    Words{"embargoed until"},
    Words{"top secret"},
    Words{"classified information"},
    Words{"eyes only"},
    Words{"material non public information"},
    Words{"proprietary and confidential"},
    Words{"confidential and proprietary"},
    Words{"tlp:red"},
    Words{"tlp:amber"},
};

constexpr std::array german{
    Words{"vertraulich*"},
    Words{"geheimhaltung*"},
    Words{"betriebsgeheimnis*"},
    Words{"geschäftsgeheimnis*"},
    Words{"nur für den internen gebrauch"},
    Words{"nur für den dienstgebrauch"},
    Words{"nur intern"},
    Words{"streng geheim"},
    Words{"nicht weitergeben"},
    Words{"nicht zur weitergabe"},
    Words{"verschlusssache*"},
    Words{"verschwiegenheitspflicht"},
    Words{"sperrfrist"},
    Words{"anwaltsgeheimnis"},
};

constexpr std::array french{
    Words{"confidentiel"},
    Words{"confidentielle"},
    Words{"confidentiels"},
    Words{"confidentielles"},
    Words{"usage interne"},
    Words{"secret des affaires"},
    Words{"secret professionnel"},
    Words{"secret défense"},
    Words{"diffusion restreinte"},
    Words{"ne pas diffuser"},
    Words{"accord de confidentialité"},
    Words{"sous embargo"},
};

constexpr std::array spanish{
    Words{"confidencial"},        Words{"confidenciales"},
    Words{"uso interno"},         Words{"secreto comercial"},
    Words{"secreto profesional"}, Words{"no distribuir"},
    Words{"no difundir"},         Words{"acuerdo de confidencialidad"},
    Words{"alto secreto"},
};

constexpr std::array italian{
    Words{"riservato"},
    Words{"strettamente riservato"},
    Words{"strettamente confidenziale"},
    Words{"uso interno"},
    Words{"segreto aziendale"},
    Words{"segreto professionale"},
    Words{"accordo di riservatezza"},
};

constexpr std::array portuguese{
    Words{"estritamente confidencial"},   Words{"uso interno"},         Words{"segredo comercial"},
    Words{"acordo de confidencialidade"}, Words{"sigilo profissional"},
};

constexpr std::array dutch{
    Words{"vertrouwelijk*"},
    Words{"bedrijfsgeheim*"},
    Words{"alleen voor intern gebruik"},
    Words{"geheimhoudingsverklaring"},
};

constexpr std::array polish{
    Words{"poufne"},
    Words{"tajemnica przedsiębiorstwa"},
    Words{"tajemnica handlowa"},
    Words{"do użytku wewnętrznego"},
};

constexpr std::array russian{
    Words{"конфиденциально"},     Words{"строго конфиденциально"},
    Words{"коммерческая тайна"},  Words{"для служебного пользования"},
    Words{"совершенно секретно"},
};

constexpr std::array chinese{
    Words{"机密"},     Words{"機密"},     Words{"绝密"},     Words{"絕密"},     Words{"保密协议"},
    Words{"保密協議"}, Words{"商业秘密"}, Words{"商業秘密"}, Words{"内部资料"}, Words{"內部資料"},
    Words{"内部文件"}, Words{"请勿外传"}, Words{"請勿外傳"}, Words{"严禁外传"}, Words{"仅供内部"},
    Words{"不得外泄"}, Words{"涉密"},
};

constexpr std::array japanese{
    Words{"社外秘"},   Words{"部外秘"},     Words{"極秘"},     Words{"機密"},
    Words{"機密情報"}, Words{"秘密保持"},   Words{"企業秘密"}, Words{"営業秘密"},
    Words{"取扱注意"}, Words{"関係者外秘"}, Words{"内部限り"}, Words{"転送禁止"},
};

constexpr std::array korean{
    Words{"대외비"}, Words{"기밀"}, Words{"영업비밀"}, Words{"비밀유지"}, Words{"사내용"},
};

constexpr ClassSet confidential{ClassId::confidential};
constexpr std::array lists{
    WordList{confidential, "en", english},  WordList{confidential, "de", german},
    WordList{confidential, "fr", french},   WordList{confidential, "es", spanish},
    WordList{confidential, "it", italian},  WordList{confidential, "pt", portuguese},
    WordList{confidential, "nl", dutch},    WordList{confidential, "pl", polish},
    WordList{confidential, "ru", russian},  WordList{confidential, "zh", chinese},
    WordList{confidential, "ja", japanese}, WordList{confidential, "ko", korean},
};

}  // namespace

std::span<const WordList> confidential_words()
{
    return lists;
}

}  // namespace spillway::privacy
