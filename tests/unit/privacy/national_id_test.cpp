#include "found_in.hpp"

namespace spillway::privacy {
namespace {

TEST(NationalId, OfAClearShapeIsFoundByItself)
{
    expect_all({
        {"078-05-1120", "us_ssn"},
        {"AB123456C", "uk_nino"},
        {"AB 12 34 56 C", "uk_nino"},
        {"86 095 742 719", "de_steuer_id"},
        {"184127645108946", "fr_nir"},
        {"1 84 12 76 451 089 46", "fr_nir"},
        {"185052A00608435", "fr_nir"},
        {"12345678Z", "es_dni"},
        {"12345678-Z", "es_dni"},
        {"X1234567L", "es_dni"},
        {"RSSMRA85T10A562S", "it_codice_fiscale"},
        {"85.07.30-033.28", "be_nn"},
        {"756.9217.0477.18", "ch_ahv"},
        {"7569217047718", "ch_ahv"},
        {"811228-9874", "se_personnummer"},
        {"19811228-9874", "se_personnummer"},
        {"010190 13193", "no_fnr"},
        {"131052-308T", "fi_hetu"},
        {"010594A920L", "fi_hetu"},
        {"529.982.247-25", "br_cpf"},
        {"GOMC850312HDFNRR09", "mx_curp"},
        {"11010519491231002X", "cn_resident_id"},
        {"11010519491231002x", "cn_resident_id"},
        {"440524198001010013", "cn_resident_id"},
        {"850312-1234567", "kr_rrn"},
        {"S1234567D", "sg_nric"},
        {"F1234567N", "sg_nric"},
    });
}

TEST(NationalId, OfAWeakShapeIsFoundBesideAWordThatSaysSo)
{
    expect_all({
        {"my SSN is 078051120", "us_ssn"},
        {"078051120 (social security)", "us_ssn"},
        {"Social Security Number: 078 05 1120", "us_ssn"},
        {"NHS number 083 016 6130", "uk_nhs"},
        {"Steuer-ID: 86095742719", "de_steuer_id"},
        {"BSN 186091394", "nl_bsn"},
        {"rijksregisternummer 85073003328", "be_nn"},
        {"PESEL: 44051401359", "pl_pesel"},
        {"fødselsnummer 01019013193", "no_fnr"},
        {"CPF 52998224725", "br_cpf"},
        {"social insurance number 130 692 544", "ca_sin"},
        {"tax file number 628194821", "au_tfn"},
        {"Aadhaar 2345 6789 0124", "in_aadhaar"},
        {"マイナンバーは123456789018です", "jp_my_number"},
    });
}

TEST(NationalId, OfAWeakShapeAloneIsJustANumber)
{
    expect_all({
        {"078051120", "none"},
        {"0830166130", "none"},
        {"86095742719", "none"},
        {"186091394", "none"},
        {"44051401359", "none"},
        {"52998224725", "none"},
        {"130692544", "none"},
        {"2345 6789 0124", "none"},
        {"123456789018", "none"},
    });
}

TEST(NationalId, WithAWrongChecksumOrAnImpossiblePartIsNone)
{
    expect_all({
        {"000-12-3456", "none"},
        {"666-12-3456", "none"},
        {"900-12-3456", "none"},
        {"123-00-4567", "none"},
        {"123-45-0000", "none"},
        {"078-05-11201", "none"},
        {"1078-05-1120", "none"},
        {"GB123456A", "none"},
        {"AB123456E", "none"},
        {"DA123456A", "none"},
        {"86 095 742 718", "none"},
        {"184127645108947", "none"},
        {"184137645108946", "none"},
        {"12345678A", "none"},
        {"X1234567A", "none"},
        {"RSSMRA85T10A562T", "none"},
        {"85.07.30-033.29", "none"},
        {"756.9217.0477.19", "none"},
        {"811228-9875", "none"},
        {"811328-9874", "none"},
        {"131052-308U", "none"},
        {"529.982.247-26", "none"},
        {"111.111.111-11", "none"},
        {"GOMC850312HDFNRR08", "none"},
        {"110105194912310021", "none"},
        {"110105194913310029", "none"},
        {"851312-1234567", "none"},
        {"850312-9234567", "none"},
        {"S1234567A", "none"},
        {"my SSN is 000051120", "none"},
        {"BSN 186091395", "none"},
        {"PESEL: 44051401358", "none"},
        {"Aadhaar 2345 6789 0125", "none"},
    });
}

TEST(NationalId, NeedsItsWordNearby)
{
    const std::string far(200, ' ');
    EXPECT_EQ(found_in("SSN" + far + "078051120"), "none");
    EXPECT_EQ(found_in("078051120" + far + "SSN"), "none");
}

TEST(Passport, IsFoundBesideItsWord)
{
    expect_all({
        {"Passport No. X1234567", "passport"},
        {"passport number 123456789", "passport"},
        {"Reisepass C01X00T47", "passport"},
        {"护照号码 E12345678", "passport"},
        {"12AB34567 is the passport", "passport"},
        {"X1234567", "none"},
        {"passport photos cost 12 euros", "none"},
        {"passport.js 2024-01-01", "none"},
    });
}

TEST(Passport, IsFoundByItsMachineReadableZone)
{
    expect_all({
        {"L898902C36UTO7408122F1204159ZE184226B<<<<<10", "passport"},
        {"7408122F1204159UTO<<<<<<<<<<<6", "passport"},
        {"L898902C36UTO7408123F1204159ZE184226B<<<<<10", "none"},
        {"L898902C36UTO7408122F1204158ZE184226B<<<<<10", "none"},
    });
}

}  // namespace
}  // namespace spillway::privacy
