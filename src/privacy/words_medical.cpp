#include <array>

#include "vocabulary.hpp"

namespace spillway::privacy {

namespace {

using Words = std::string_view;

// What is said about a person's health, not of medicine: a text book should seldom fire, a letter
// from a doctor always.

constexpr std::array english{
    Words{"medical record"},
    Words{"medical records"},
    Words{"medical history"},
    Words{"patient record"},
    Words{"patient records"},
    Words{"patient name"},
    Words{"patient id"},
    Words{"patient file"},
    Words{"health record"},
    Words{"health records"},
    Words{"discharge summary"},
    Words{"diagnosed with"},
    Words{"my diagnosis"},
    Words{"his diagnosis"},
    Words{"her diagnosis"},
    Words{"diagnosis:"},
    Words{"my doctor"},
    Words{"my therapist"},
    Words{"my psychiatrist"},
    Words{"my medication"},
    Words{"my prescription"},
    Words{"prescribed me"},
    Words{"my symptoms"},
    Words{"my blood test"},
    Words{"blood test results"},
    Words{"lab results"},
    Words{"my biopsy"},
    Words{"biopsy results"},
    Words{"hiv positive"},
    Words{"hiv status"},
    Words{"tested positive for"},
    Words{"my chemotherapy"},
    Words{"undergoing chemotherapy"},
    Words{"my pregnancy"},
    Words{"my miscarriage"},
    Words{"my abortion"},
    Words{"mental health history"},
    Words{"suicidal thoughts"},
    Words{"substance abuse history"},
    Words{"protected health information"},
    Words{"hipaa"},
    Words{"electronic health record"},
    Words{"sick leave certificate"},
    Words{"doctor's note"},
    Words{"mrn:"},
    Words{"my hiv"},
    Words{"i have hiv"},
    Words{"i am pregnant"},
    Words{"i'm pregnant"},
    Words{"i am diabetic"},
    Words{"i'm diabetic"},
    Words{"i am bipolar"},
    Words{"i'm bipolar"},
    Words{"i have diabetes"},
    Words{"i have cancer"},
    Words{"i have bipolar disorder"},
    Words{"my bipolar disorder"},
    Words{"my antidepressants"},
    Words{"diagnosed me with"},
};

constexpr std::array german{
    Words{"patientenakte*"},
    Words{"krankenakte*"},
    Words{"krankengeschichte*"},
    Words{"patientendaten"},
    Words{"patientenname"},
    Words{"arztbrief*"},
    Words{"entlassungsbrief*"},
    Words{"befundbericht*"},
    Words{"diagnostiziert*"},
    Words{"meine diagnose"},
    Words{"seine diagnose"},
    Words{"ihre diagnose"},
    Words{"diagnose:"},
    Words{"mein arzt"},
    Words{"meine ärztin"},
    Words{"mein therapeut"},
    Words{"meine therapeutin"},
    Words{"krankschreibung*"},
    Words{"krankgeschrieben"},
    Words{"arbeitsunfähigkeitsbescheinigung*"},
    Words{"blutwerte"},
    Words{"laborwerte"},
    Words{"hiv positiv"},
    Words{"gesundheitsdaten"},
    Words{"gesundheitsakte*"},
    Words{"schwerbehinderung*"},
    Words{"schwerbehindert*"},
    Words{"meine medikamente"},
    Words{"verschrieben bekommen"},
    Words{"meine schwangerschaft"},
    Words{"ich bin schwanger"},
    Words{"mein hiv test"},
    Words{"chemotherapie*"},
    Words{"suizidgedanken"},
    Words{"krankenversichertennummer"},
};

constexpr std::array french{
    Words{"dossier médical"},      Words{"dossiers médicaux"},    Words{"dossier du patient"},
    Words{"antécédents médicaux"}, Words{"secret médical"},       Words{"mon diagnostic"},
    Words{"son diagnostic"},       Words{"diagnostiqué*"},        Words{"mon médecin"},
    Words{"ma médecin"},           Words{"mon psychiatre"},       Words{"ordonnance médicale"},
    Words{"arrêt maladie"},        Words{"compte rendu médical"}, Words{"résultats d'analyse"},
    Words{"prise de sang"},        Words{"séropositif"},          Words{"séropositive"},
    Words{"ma grossesse"},         Words{"chimiothérapie"},       Words{"données de santé"},
    Words{"pensées suicidaires"},  Words{"carte vitale"},         Words{"je suis enceinte"},
};

constexpr std::array spanish{
    Words{"historia clínica"},   Words{"historial médico"},   Words{"historial clínico"},
    Words{"expediente médico"},  Words{"informe médico"},     Words{"mi diagnóstico"},
    Words{"su diagnóstico"},     Words{"me diagnosticaron"},  Words{"diagnóstico de vih"},
    Words{"diagnostico de vih"}, Words{"tengo vih"},          Words{"estoy embarazada"},
    Words{"diagnosticado con"},  Words{"diagnosticada con"},  Words{"mi médico"},
    Words{"mi médica"},          Words{"mi psiquiatra"},      Words{"receta médica"},
    Words{"baja médica"},        Words{"análisis de sangre"}, Words{"seropositivo"},
    Words{"seropositiva"},       Words{"vih positivo"},       Words{"mi embarazo"},
    Words{"quimioterapia"},      Words{"datos de salud"},     Words{"pensamientos suicidas"},
    Words{"alta hospitalaria"},
};

constexpr std::array italian{
    Words{"cartella clinica"}, Words{"cartelle cliniche"}, Words{"referto medico"},
    Words{"la mia diagnosi"},  Words{"il mio medico"},     Words{"certificato medico"},
    Words{"esami del sangue"}, Words{"sieropositivo"},     Words{"dati sanitari"},
};

constexpr std::array portuguese{
    Words{"prontuário médico"}, Words{"histórico médico"}, Words{"meu diagnóstico"},
    Words{"diagnosticado com"}, Words{"meu médico"},       Words{"atestado médico"},
    Words{"exame de sangue"},   Words{"soropositivo"},     Words{"dados de saúde"},
};

constexpr std::array dutch{
    Words{"medisch dossier"},      Words{"patiëntendossier*"}, Words{"mijn diagnose"},
    Words{"gediagnosticeerd met"}, Words{"mijn huisarts"},     Words{"bloeduitslag*"},
    Words{"medische gegevens"},
};

constexpr std::array polish{
    Words{"dokumentacja medyczna"}, Words{"historia choroby"}, Words{"zwolnienie lekarskie"},
    Words{"moja diagnoza"},         Words{"wyniki badań"},
};

constexpr std::array russian{
    Words{"история болезни"}, Words{"медицинская карта"}, Words{"мой диагноз"},
    Words{"диагноз:"},        Words{"мой врач"},          Words{"больничный лист"},
    Words{"анализ крови"},    Words{"врачебная тайна"},
};

constexpr std::array chinese{
    Words{"病历"},     Words{"病歷"},     Words{"就诊记录"}, Words{"诊断书"},   Words{"診斷書"},
    Words{"确诊为"},   Words{"確診為"},   Words{"我的诊断"}, Words{"体检报告"}, Words{"體檢報告"},
    Words{"化验单"},   Words{"处方药"},   Words{"我的医生"}, Words{"患者姓名"}, Words{"出院小结"},
    Words{"病假条"},   Words{"艾滋病毒"}, Words{"抑郁症"},   Words{"化疗"},     Words{"住院号"},
    Words{"健康档案"}, Words{"血检"},     Words{"被诊断为"}, Words{"被診斷為"}, Words{"被诊断出"},
    Words{"我怀孕了"}, Words{"我懷孕了"},
};

constexpr std::array japanese{
    Words{"カルテ"},   Words{"診断書"},  Words{"診療記録"}, Words{"診療情報"},
    Words{"病歴"},     Words{"患者名"},  Words{"患者氏名"}, Words{"血液検査"},
    Words{"検査結果"}, Words{"処方箋"},  Words{"主治医"},   Words{"と診断され"},
    Words{"うつ病"},   Words{"妊娠中"},  Words{"抗がん剤"}, Words{"健康診断結果"},
    Words{"既往歴"},   Words{"HIV陽性"},
};

constexpr std::array korean{
    Words{"진료기록"}, Words{"진단서"}, Words{"환자명"},
    Words{"처방전"},   Words{"병력"},   Words{"건강검진"},
};

constexpr ClassSet medical{ClassId::medical};
constexpr std::array lists{
    WordList{medical, "en", english},  WordList{medical, "de", german},
    WordList{medical, "fr", french},   WordList{medical, "es", spanish},
    WordList{medical, "it", italian},  WordList{medical, "pt", portuguese},
    WordList{medical, "nl", dutch},    WordList{medical, "pl", polish},
    WordList{medical, "ru", russian},  WordList{medical, "zh", chinese},
    WordList{medical, "ja", japanese}, WordList{medical, "ko", korean},
};

}  // namespace

std::span<const WordList> medical_words()
{
    return lists;
}

}  // namespace spillway::privacy
