#include "found_in.hpp"

namespace spillway::privacy {
namespace {

// Keys are put together here, so that no scanner takes this file for a leak.
std::string key(std::string_view prefix, std::size_t length)
{
    constexpr std::string_view body = "a8F3kZ09qLmX7vBt2RyW5uHc1NpD4sGe6jKo";
    std::string out(prefix);
    for (std::size_t i = 0; i < length; ++i) {
        out += body[i % body.size()];
    }
    return out;
}

std::string hex_key(std::string_view prefix, std::size_t length)
{
    constexpr std::string_view body = "3f9a01c7e4b25d68";
    std::string out(prefix);
    for (std::size_t i = 0; i < length; ++i) {
        out += body[(i + i / body.size()) % body.size()];
    }
    return out;
}

TEST(Secret, OfAKnownVendorIsFound)
{
    for (const auto& text : {key("sk-", 48),
                             key("sk-proj-", 60),
                             key("sk-ant-api03-", 90),
                             key("sk_live_", 24),
                             key("ghp_", 36),
                             key("github_pat_", 82),
                             key("glpat-", 20),
                             key("AIza", 35),
                             key("xoxb-", 50),
                             key("xoxp-", 60),
                             key("hf_", 34),
                             key("npm_", 36),
                             key("pypi-AgEI", 90),
                             key("GOCSPX-", 28),
                             key("shpat_", 32),
                             key("gsk_", 52),
                             key("dckr_pat_", 27),
                             key("figd_", 40),
                             key("glsa_", 32) + hex_key("_", 8),
                             "ntn_" + std::string("12345678901") + key("", 35),
                             std::string("NRAK-") + "A8F3KZ09QLMX7VBT2RYW5UHC1NP",
                             hex_key("sbp_", 40),
                             hex_key("SK", 32),
                             "123456789:" + key("AA", 33),
                             "MTIzNDU2Nzg5MDEyMzQ1Njc4." + key("G", 5) + "." + key("", 38),
                             key("", 14) + ".atlasv1." + key("", 67),
                             std::string("AKIA") + "IOSFODNN7EXAMPLE",
                             std::string("ASIA") + "IOSFODNN7ABCDEFG",
                             "SG." + key("", 22) + "." + key("", 43),
                             "https://hooks.slack.com/services/" +
                                 std::string("T00000000/B00000000/") + key("", 24)}) {
        EXPECT_EQ(found_in(text), "secret") << text;
        EXPECT_EQ(found_in("export KEY='" + text + "' # mine"), "secret") << text;
    }
}

TEST(Secret, OfAKnownVendorIsNotAnyWordWithItsPrefix)
{
    expect_all({
        {"sk-learn and sk-your-api-key-goes-here-123456", "none"},
        {"ask-me-anything-about-the-weather-in-2024", "none"},
        {"sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "none"},
        {"hf_transfer hf_hub_download", "none"},
        {"npm_config_registry", "none"},
        {"AKIA", "none"},
        {"glpat-short", "none"},
        {"the ghp_ prefix", "none"},
    });
    // Prefix or shape alone, and other lengths and alphabets than the vendors'.
    for (const auto& text :
         {key("dckr_pat_", 12), key("figd_", 20), key("glsa_", 20), key("ntn_", 20),
          key("NRAK-", 27), key("sbp_", 40), key("SK", 32), hex_key("SK", 31), hex_key("SK", 40),
          hex_key("sk", 32), "12345:" + key("AA", 33), "123456789:" + key("BA", 33),
          "123456789:" + key("AA", 20), "123456789:" + key("AA", 40),
          "12:34 and 20240101:" + std::string("AAAAAAAA"),
          "MTIzNDU2Nzg5MDEyMzQ1Njc4." + key("G", 4) + "." + key("", 38),
          std::string("MTIzNDU2Nzg5MDEyMzQ1Njc4"), key("", 9) + ".atlasv1." + key("", 67),
          std::string("the .atlasv1. token")}) {
        EXPECT_EQ(found_in(text), "none") << text;
    }
    EXPECT_EQ(found_in("https://api.telegram.org/bot123456789:" + key("AA", 33) + "/getMe"),
              "secret");
    EXPECT_EQ(found_in(key("xsk-", 48)), "none");
    EXPECT_EQ(found_in(key("SK-", 48)), "none");
}

TEST(Secret, IsAJsonWebToken)
{
    const std::string header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
    const std::string claims = "eyJzdWIiOiIxMjM0NTY3ODkwIn0";
    EXPECT_EQ(found_in("Cookie: t=" + header + "." + claims + ".c2lnbmF0dXJl"), "secret");
    EXPECT_EQ(found_in(header), "none");
    EXPECT_EQ(found_in(header + ".abc"), "none");
    EXPECT_EQ(found_in("x" + header + "." + claims), "none");
}

TEST(Secret, IsWhatIsAssignedToATellingName)
{
    expect_all({
        {"password = \"hunter2!\"", "secret"},
        {"DB_PASSWORD=s3cr3tpw", "secret"},
        {"DB_PASS=s3cr3tpw", "secret"},
        {"\"password\": \"hunter22\"", "secret"},
        {"pwd: 'Tr0ub4dor&3'", "secret"},
        {"Passwort: Sommer2024", "secret"},
        {"api_key = \"a8F3kZ09qLmX7vBt2RyW\"", "secret"},
        {"clientSecret: 'a8F3kZ09qLmX7vBt2RyW'", "secret"},
        {"x-api-key: a8F3kZ09qLmX7vBt2RyW", "secret"},
        {"Authorization: Bearer a8F3kZ09qLmX7vBt2RyW", "secret"},
        {"aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYabcdEFGhKEY", "secret"},
        {"postgres://ada:s3cret@db:5432/x", "secret"},
        {"the password is hunter2!", "secret"},
        {"Das Passwort lautet: Sommer2024", "secret"},
        {"密码是hunter22", "secret"},
        {"?password=hunter22&x=1", "secret"},
        {"apiKey := \"a8F3kZ09qLmX7vBt2RyW\"", "secret"},
        {"OPENAI_KEY: a8F3kZ09qLmX7vBt2RyW5uHc1NpD4sGe6jKoa8F3", "secret"},
        {"AZURE_OPENAI_KEY=3f9a01c7e4b25d68f9a01c7e4b25d683", "secret"},
        {"openaiKey: 'a8F3kZ09qLmX7vBt2RyW5uHc'", "secret"},
    });
}

TEST(Secret, IsALoginOfAHeaderOrAProgram)
{
    expect_all({
        {"Authorization: Basic YWRtaW46UzNjcjN0UHc5OQ==", "secret"},
        {"\"authorization\": \"Basic YWRtaW46UzNjcjN0UHc5OQ==\"", "secret"},
        {"curl -u admin:S3cr3tPw99 https://db.internal/x", "secret"},
        {"curl -s --user 'admin:S3cr3tPw99' https://db.internal/x", "secret"},
        {"mysql -h db -u root -pS3cr3tPw99 shop", "secret"},
        {"mysqldump -pS3cr3tPw99 shop", "secret"},
        {"Basic authentication sends a name", "none"},
        {"Basic YWRtaW4=", "none"},
        {"curl -u $LOGIN https://db.internal", "none"},
        {"curl -u admin:$PASSWORD1 https://db.internal", "none"},
        {"docker run -u 1000:1000 curl", "none"},
        {"mysql -u root -p shop1", "none"},
        {"docker run mysql -p3306:3306", "none"},
    });
}

TEST(Secret, IsNotProgramTextAboutSecrets)
{
    expect_all({
        {"cache_key = '3f9a01c7e4b25d68f9a01c7e4b25d683'", "none"},
        {"publicKey: a8F3kZ09qLmX7vBt2RyW5uHc", "none"},
        {"MODEL_KEY=llama-3.1-8b-instruct-q4_0-gguf", "none"},
        {"monkey: a8F3kZ09qLmX7vBt2RyW5uHc", "none"},
        {"password = getpass.getpass()", "none"},
        {"password: str = Field(...)", "none"},
        {"password: SecretStr", "none"},
        {"password = user.password_hash", "none"},
        {"password = request.form['password1']", "none"},
        {"if password == 'hunter22':", "none"},
        {"\"password\": \"string\"", "none"},
        {"\"password\": \"Contraseña\"", "none"},
        {"password: ${DB_PASSWORD}", "none"},
        {"api_key=os.environ['OPENAI_API_KEY1']", "none"},
        {"api_key = \"your-api-key-1234567\"", "none"},
        {"api_key: <insert 16 characters 1234>", "none"},
        {"max_tokens: 4096", "none"},
        {"token = tokens[i + 1]", "none"},
        {"token: string;", "none"},
        {"PWD=/srv/projects2024", "none"},
        {"password is required", "none"},
        {"https://example.com:8080/a@b", "none"},
        {"http://user@host/", "none"},
        {"the bearer of this letter", "none"},
        {"secret = compute_secret_for(user1, key2)", "none"},
    });
}

TEST(PrivateKey, IsFoundByItsHeader)
{
    for (const auto* kind : {"RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""}) {
        EXPECT_EQ(found_in(std::string("-----BEGIN ") + kind + "PRIVATE KEY-----\nMIIE"),
                  "private_key");
    }
    EXPECT_EQ(found_in(std::string("-----BEGIN PGP ") + "PRIVATE KEY BLOCK-----"), "private_key");
    EXPECT_EQ(found_in("-----BEGIN PUBLIC KEY-----\nMIIB"), "none");
    EXPECT_EQ(found_in("-----BEGIN CERTIFICATE-----\nMIIB"), "none");
    EXPECT_EQ(found_in("keep the private key ----- safe"), "none");
}

}  // namespace
}  // namespace spillway::privacy
