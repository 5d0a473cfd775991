#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(Medical, WordingIsFoundInManyLanguages)
{
    expect_all({
        {"She was diagnosed with diabetes.", "medical"},
        {"attached are my lab  results", "medical"},
        {"Die Patientenakten liegen bei", "medical"},
        {"MEINE ÄRZTIN sagt", "medical"},
        {"Le dossier médical de M. Durand", "medical"},
        {"LE DOSSIER MÉDICAL", "medical"},
        {"mi historia clínica", "medical"},
        {"这是我的体检报告", "medical"},
        {"医師の診断書を添付", "medical"},
        {"его история болезни", "medical"},
        {"진단서 첨부", "medical"},
        {"my HIV test came back positive", "medical"},
        {"I am pregnant and take lithium for bipolar disorder", "medical"},
        {"患者被诊断为糖尿病", "medical"},
        {"diagnóstico de VIH", "medical"},
        {"DIAGNÓSTICO DE VIH", "medical"},
        {"Ich bin schwanger und", "medical"},
    });
}

TEST(Medical, WordingIsNotMedicineInGeneral)
{
    expect_all({
        {"Which virus causes AIDS, and how does an HIV test work?", "none"},
        {"Lithium is the first choice in bipolar disorder.", "none"},
        {"Why are pregnant women told to take folic acid?", "none"},
        {"糖尿病的诊断标准是什么？", "none"},
        {"¿Cómo se transmite el VIH?", "none"},
    });
}

TEST(Confidential, WordingIsFoundInManyLanguages)
{
    expect_all({
        {"STRICTLY CONFIDENTIAL", "confidential"},
        {"strictly\nconfidential", "confidential"},
        {"For internal-use only? internal use only!", "confidential"},
        {"Streng vertraulich", "confidential"},
        {"Document confidentiel", "confidential"},
        {"Información confidencial", "confidential"},
        {"本文件为机密，请勿外传", "confidential"},
        {"この資料は社外秘です", "confidential"},
        {"КОНФИДЕНЦИАЛЬНО", "confidential"},
    });
}

TEST(Wording, CountsAsWholeWordsOnly)
{
    expect_all({
        {"topsecret", "none"},
        {"stop secret", "none"},
        {"top secretary", "none"},
        {"confidential_computing is_confidential", "none"},
        {"confidentiality is a property", "none"},
        {"a medical student reads the history", "none"},
        {"diagnosedwith", "none"},
        {"éconfidentiel", "none"},
    });
}

}  // namespace
}  // namespace spillway::privacy
