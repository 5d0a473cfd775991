#include <algorithm>
#include <array>

#include "pass.hpp"
#include "randomness.hpp"
#include "token_forms.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t any_length = 512;

constexpr std::array forms{
    TokenForm{"sk-", 20, any_length},       // OpenAI, Anthropic, DeepSeek, OpenRouter, LiteLLM ...
    TokenForm{"sk_live_", 16, any_length},  // Stripe
    TokenForm{"sk_test_", 16, any_length},
    TokenForm{"rk_live_", 16, any_length},
    TokenForm{"whsec_", 24, any_length},
    TokenForm{"ghp_", 30, 255},  // GitHub
    TokenForm{"gho_", 30, 255},
    TokenForm{"ghu_", 30, 255},
    TokenForm{"ghs_", 30, 255},
    TokenForm{"ghr_", 30, 255},
    TokenForm{"github_pat_", 22, 255},
    TokenForm{"glpat-", 20, 64},                         // GitLab
    TokenForm{"AKIA", 16, 16, TokenAlphabet::capitals},  // AWS
    TokenForm{"ASIA", 16, 16, TokenAlphabet::capitals},
    TokenForm{"AIza", 35, 35},  // Google
    TokenForm{"ya29.", 20, any_length},
    TokenForm{"GOCSPX-", 20, 40},
    TokenForm{"xoxb-", 20, any_length},  // Slack
    TokenForm{"xoxp-", 20, any_length},
    TokenForm{"xoxa-", 20, any_length},
    TokenForm{"xoxs-", 20, any_length},
    TokenForm{"xoxe-", 20, any_length},
    TokenForm{"xapp-", 20, any_length},
    TokenForm{"hf_", 30, 40},           // Hugging Face
    TokenForm{"npm_", 36, 36},          // npm
    TokenForm{"pypi-", 50, 255},        // PyPI
    TokenForm{"SG.", 60, 80},           // SendGrid
    TokenForm{"dop_v1_", 64, 64},       // DigitalOcean
    TokenForm{"shpat_", 32, 32},        // Shopify
    TokenForm{"gsk_", 40, 64},          // Groq
    TokenForm{"xai-", 60, 100},         // xAI
    TokenForm{"pplx-", 40, 64},         // Perplexity
    TokenForm{"r8_", 37, 40},           // Replicate
    TokenForm{"tvly-", 28, 60},         // Tavily
    TokenForm{"lin_api_", 32, 64},      // Linear
    TokenForm{"dapi", 32, 36},          // Databricks
    TokenForm{"hvs.", 24, any_length},  // Vault
    TokenForm{"dckr_pat_", 26, 36},     // Docker Hub
    TokenForm{"dckr_oat_", 32, 32},
    TokenForm{"figd_", 38, 64},                           // Figma
    TokenForm{"glsa_", 41, 41},                           // Grafana
    TokenForm{"ntn_", 46, 46},                            // Notion
    TokenForm{"NRAK-", 27, 27, TokenAlphabet::capitals},  // New Relic
    TokenForm{"sbp_", 40, 40, TokenAlphabet::hex},        // Supabase
};

constexpr bool is_hex(char c)
{
    const auto small = static_cast<char>(c | 0x20);
    return is_digit(c) || (small >= 'a' && small <= 'f');
}

constexpr bool is_token(char c)
{
    return is_alnum(c) || c == '-' || c == '_';
}

/// Where the run of token characters at `at` ends; dots belong to it when followed by one.
std::size_t token_end(std::string_view text, std::size_t at)
{
    while (at < text.size() && (is_token(text[at]) || (text[at] == '.' && at + 1 < text.size() &&
                                                       is_token(text[at + 1])))) {
        ++at;
    }
    return at;
}

std::size_t segment_end(std::string_view text, std::size_t at)
{
    while (at < text.size() && is_token(text[at])) {
        ++at;
    }
    return at;
}

/// No token goes on before `at`: every token is read once only, which keeps the scan linear.
bool token_starts(std::string_view text, std::size_t at)
{
    return at == 0 || !(is_token(text[at - 1]) || text[at - 1] == '.');
}

bool is_written_in(TokenAlphabet alphabet, std::string_view body)
{
    switch (alphabet) {
        case TokenAlphabet::capitals:
            return std::all_of(body.begin(), body.end(),
                               [](char c) { return is_upper(c) || is_digit(c); });
        case TokenAlphabet::hex:
            return std::all_of(body.begin(), body.end(), is_hex) && looks_random(body);
        case TokenAlphabet::any:
            break;
    }
    return looks_random(body);
}

void read_token(Pass& pass, const TokenForm& form, std::size_t begin, std::size_t end)
{
    const auto text = pass.text();
    // Words are met in any case, prefixes of keys are written in one.
    if (!token_starts(text, begin) || text.substr(begin, form.prefix.size()) != form.prefix) {
        return;
    }
    const auto stop = form.prefix == "SG." ? token_end(text, end) : segment_end(text, end);
    const auto body = text.substr(end, stop - end);
    if (body.size() < form.least || body.size() > form.most || is_placeholder(body)) {
        return;
    }
    if (is_written_in(form.alphabet, body)) {
        pass.report(ClassId::secret, text.substr(begin, stop - begin));
    }
}

/// Two or three parts, the first two JSON objects in base64: both begin with "eyJ".
void read_jwt(Pass& pass, std::size_t begin)
{
    constexpr std::size_t shortest_part = 12;
    const auto text = pass.text();
    if (!token_starts(text, begin) || text.substr(begin, 3) != "eyJ") {
        return;
    }
    const auto header = segment_end(text, begin);
    if (header - begin < shortest_part || text.substr(header, 4) != ".eyJ") {
        return;
    }
    const auto claims = segment_end(text, header + 1);
    if (claims - header > shortest_part) {
        pass.report(ClassId::secret, text.substr(begin, claims - begin));
    }
}

/// Twilio: "SK" and 32 hexadecimal digits.
void read_hex_key(Pass& pass, std::size_t begin)
{
    constexpr std::size_t length = 32;
    const auto text = pass.text();
    if (!token_starts(text, begin) || text.substr(begin, 2) != "SK") {
        return;
    }
    const auto stop = segment_end(text, begin);
    const auto body = text.substr(begin + 2, stop - begin - 2);
    if (body.size() == length && is_written_in(TokenAlphabet::hex, body)) {
        pass.report(ClassId::secret, text.substr(begin, stop - begin));
    }
}

/// Discord: the bot's number in base64, six characters of the time, a signature.
void read_bot_token(Pass& pass, std::size_t begin)
{
    constexpr std::size_t time_length = 6;
    const auto text = pass.text();
    if (!token_starts(text, begin) || !is_upper(text[begin])) {
        return;
    }
    const auto number = segment_end(text, begin);
    if (number - begin < 23 || number - begin > 28 || number >= text.size() ||
        text[number] != '.') {
        return;
    }
    const auto time = segment_end(text, number + 1);
    if (time - number - 1 != time_length || time >= text.size() || text[time] != '.') {
        return;
    }
    const auto stop = segment_end(text, time + 1);
    const auto signature = text.substr(time + 1, stop - time - 1);
    if (signature.size() >= 27 && signature.size() <= 38 && looks_random(signature)) {
        pass.report(ClassId::secret, text.substr(begin, stop - begin));
    }
}

/// Terraform: 14 letters and digits, ".atlasv1.", 60 to 70 characters.
void read_terraform(Pass& pass, std::size_t begin, std::size_t end)
{
    constexpr std::size_t id_length = 14;
    const auto text = pass.text();
    if (begin <= id_length || text[begin - 1] != '.') {
        return;
    }
    const auto from = begin - 1 - id_length;
    const auto id = text.substr(from, id_length);
    const auto stop = segment_end(text, end);
    const auto body = text.substr(end, stop - end);
    if (token_starts(text, from) && std::all_of(id.begin(), id.end(), is_alnum) &&
        body.size() >= 60 && body.size() <= 70 && looks_random(body)) {
        pass.report(ClassId::secret, text.substr(from, stop - from));
    }
}

void read_pem(Pass& pass, std::size_t begin, std::size_t end)
{
    constexpr std::size_t longest_header = 32;
    constexpr std::string_view opening = "-----BEGIN ";
    const auto text = pass.text();
    const auto from = begin > longest_header ? begin - longest_header : 0;
    const auto header = text.substr(from, begin - from);
    const auto at = header.rfind(opening);
    const bool one_line =
        at != std::string_view::npos && header.find('\n', at) == std::string_view::npos;
    const auto behind = text.substr(end, 11);
    if (one_line && (behind.starts_with("-----") || behind.starts_with(" BLOCK-----"))) {
        pass.report(ClassId::private_key, opening);
    }
}

/// The first word behind `at`, blanks, quotes and a colon skipped.
std::string_view word_behind(std::string_view text, std::size_t at)
{
    constexpr std::string_view skipped = " \t\"'`:=\n";
    constexpr std::size_t longest = 256;
    const auto last = std::min(text.size(), at + 6);
    // "：" and "「" of Chinese and Japanese writing.
    while (at < last && (skipped.find(text[at]) != std::string_view::npos ||
                         static_cast<unsigned char>(text[at]) >= 0x80)) {
        ++at;
    }
    auto end = at;
    const auto limit = std::min(text.size(), at + longest);
    constexpr std::string_view ends = "\"'`,;)";
    while (end < limit && static_cast<unsigned char>(text[end]) > ' ' &&
           static_cast<unsigned char>(text[end]) < 0x80 &&
           ends.find(text[end]) == std::string_view::npos) {
        ++end;
    }
    auto word = text.substr(at, end - at);
    while (word.ends_with('.') || word.ends_with('!') || word.ends_with('?')) {
        word.remove_suffix(1);
    }
    return word;
}

void read_bearer(Pass& pass, std::size_t end)
{
    constexpr std::size_t shortest = 20;
    const auto text = pass.text();
    if (end >= text.size() || text[end] != ' ') {
        return;
    }
    const auto word =
        text.substr(end + 1, std::min(token_end(text, end + 1) - end - 1, any_length));
    if (word.size() >= shortest && looks_random(word) && !is_placeholder(word)) {
        pass.report(ClassId::secret, word);
    }
}

void read_spoken(Pass& pass, std::size_t end)
{
    constexpr std::size_t shortest = 6;
    const auto word = word_behind(pass.text(), end);
    const bool has_digit = std::any_of(word.begin(), word.end(), is_digit);
    if (word.size() >= shortest && has_digit && looks_chosen(word) && !is_placeholder(word)) {
        pass.report(ClassId::secret, word);
    }
}

}  // namespace

std::span<const TokenForm> token_forms()
{
    return forms;
}

void read_secret(Pass& pass, const WordEntry& entry, std::size_t begin, std::size_t end)
{
    switch (entry.hint) {
        case SecretHint::token:
            read_token(pass, forms[entry.token_form], begin, end);
            return;
        case SecretHint::jwt:
            read_jwt(pass, begin);
            return;
        case SecretHint::hex_key:
            read_hex_key(pass, begin);
            return;
        case SecretHint::bot_token:
            read_bot_token(pass, begin);
            return;
        case SecretHint::terraform:
            read_terraform(pass, begin, end);
            return;
        case SecretHint::pem:
            read_pem(pass, begin, end);
            return;
        case SecretHint::bearer:
            read_bearer(pass, end);
            return;
        case SecretHint::basic:
            read_basic(pass, end);
            return;
        case SecretHint::curl:
            read_curl(pass, end);
            return;
        case SecretHint::mysql:
            read_mysql(pass, end);
            return;
        case SecretHint::spoken:
            read_spoken(pass, end);
            return;
        case SecretHint::webhook:
            if (end < pass.text().size() && is_alnum(pass.text()[end])) {
                pass.report(ClassId::secret, word_behind(pass.text(), end));
            }
            return;
        case SecretHint::key:
            pass.report(ClassId::private_key, {});
            return;
        case SecretHint::none:
            return;
    }
}

}  // namespace spillway::privacy
