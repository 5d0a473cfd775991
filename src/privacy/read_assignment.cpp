#include <algorithm>
#include <array>

#include "pass.hpp"
#include "randomness.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t longest_name = 40;
constexpr std::size_t longest_value = 160;

enum class NameKind { none, password, key, some_key };

struct NameEnding {
    std::string_view ending;
    NameKind kind;
};

/// Ends of names, underscores and hyphens removed.
constexpr std::array name_endings{
    NameEnding{"password", NameKind::password},   NameEnding{"passwd", NameKind::password},
    NameEnding{"passphrase", NameKind::password}, NameEnding{"passwort", NameKind::password},
    NameEnding{"kennwort", NameKind::password},   NameEnding{"pwd", NameKind::password},
    NameEnding{"motdepasse", NameKind::password}, NameEnding{"contrasena", NameKind::password},
    NameEnding{"secret", NameKind::key},          NameEnding{"token", NameKind::key},
    NameEnding{"apikey", NameKind::key},          NameEnding{"accesskey", NameKind::key},
    NameEnding{"secretkey", NameKind::key},       NameEnding{"privatekey", NameKind::key},
    NameEnding{"accountkey", NameKind::key},      NameEnding{"authkey", NameKind::key},
    NameEnding{"encryptionkey", NameKind::key},   NameEnding{"signingkey", NameKind::key},
    NameEnding{"credential", NameKind::key},      NameEnding{"credentials", NameKind::key},
    NameEnding{"secretaccesskey", NameKind::key},
};

/// What stands before "key" where the key opens nothing: of data bases, caches, messages, and those
/// that are meant for everybody.
constexpr std::array<std::string_view, 26> harmless_keys{
    "public",   "publishable", "primary", "foreign", "partition",  "sort", "cache",
    "row",      "idempotency", "object",  "lookup",  "unique",     "hash", "range",
    "map",      "group",       "index",   "message", "site",       "host", "file",
    "document", "session",     "dedup",   "event",   "translation"};
static_assert(!harmless_keys.back().empty());

constexpr std::size_t pair(char a, char b)
{
    return static_cast<std::size_t>((a | 0x20) - 'a') * 26 +
           static_cast<std::size_t>((b | 0x20) - 'a');
}

/// The last two letters of the endings, and of "pass": what tells nearly all names apart.
constexpr auto last_pairs = [] {
    std::array<bool, std::size_t{26} * 26> table{};
    for (const auto& [ending, kind] : name_endings) {
        table[pair(ending[ending.size() - 2], ending[ending.size() - 1])] = true;
    }
    table[pair('s', 's')] = true;
    return table;
}();

constexpr bool is_name(char c)
{
    return is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/// The name that ends before `at`, quotes and blanks skipped, letters only and small.
struct Name {
    std::array<char, longest_name> letters{};
    std::size_t size = 0;
    bool pass_alone = false;  ///< The last part is "pass": DB_PASS.
    bool key_alone = false;   ///< The last of several parts is "key": OPENAI_KEY, openaiKey.

    [[nodiscard]] std::string_view view() const { return {letters.data(), size}; }
};

Name name_before(std::string_view text, std::size_t at)
{
    constexpr std::string_view skipped = " \t\"'`])";
    const auto first = at > longest_name + 4 ? at - longest_name - 4 : 0;
    auto end = at;
    while (end > first && at - end < 4 && skipped.find(text[end - 1]) != std::string_view::npos) {
        --end;
    }
    if (end < 2 || !is_letter(text[end - 1]) || !is_letter(text[end - 2]) ||
        !last_pairs[pair(text[end - 2], text[end - 1])]) {
        return {};
    }
    auto begin = end;
    while (begin > first && end - begin < longest_name && is_name(text[begin - 1])) {
        --begin;
    }
    Name name;
    for (auto i = begin; i < end; ++i) {
        if (is_alnum(text[i])) {
            name.letters[name.size++] = static_cast<char>(text[i] | 0x20);
        }
    }
    const auto spelled = text.substr(begin, end - begin);
    constexpr std::size_t pass_length = 4;
    name.pass_alone =
        name.view().ends_with("pass") &&
        (spelled.size() == pass_length || !is_alnum(spelled[spelled.size() - pass_length - 1]));
    constexpr std::size_t key_length = 3;
    if (name.view().ends_with("key") && spelled.size() > key_length) {
        const char initial = spelled[spelled.size() - key_length];
        const char before = spelled[spelled.size() - key_length - 1];
        name.key_alone = !is_alnum(before) || (is_upper(initial) && !is_upper(before));
    }
    return name;
}

bool is_harmless_key(std::string_view name)
{
    const auto owner = name.substr(0, name.size() - std::string_view("key").size());
    return std::any_of(harmless_keys.begin(), harmless_keys.end(),
                       [owner](std::string_view word) { return owner.ends_with(word); });
}

NameKind kind_of(const Name& name)
{
    if (name.pass_alone) {
        return NameKind::password;
    }
    auto kind = NameKind::none;
    std::size_t longest = 0;
    for (const auto& [ending, its_kind] : name_endings) {
        if (ending.size() > longest && name.view().ends_with(ending)) {
            kind = its_kind;
            longest = ending.size();
        }
    }
    const bool is_some_key =
        kind == NameKind::none && name.key_alone && !is_harmless_key(name.view());
    return is_some_key ? NameKind::some_key : kind;
}

/// What is assigned, from behind the sign on: quoted, or up to a blank.
struct Value {
    std::string_view text;
    bool quoted = false;
};

Value value_after(std::string_view text, std::size_t at)
{
    const auto last = std::min(text.size(), at + 8);
    while (at < last &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '=' || text[at] == '>')) {
        ++at;
    }
    if (at >= text.size()) {
        return {};
    }
    const char quote = text[at];
    const bool quoted = quote == '"' || quote == '\'' || quote == '`';
    const auto begin = quoted ? at + 1 : at;
    const auto limit = std::min(text.size(), begin + longest_value);
    auto end = begin;
    constexpr std::string_view ends = "\"'`,;&<>";
    while (end < limit && static_cast<unsigned char>(text[end]) > ' ' &&
           (quoted ? text[end] != quote : ends.find(text[end]) == std::string_view::npos)) {
        ++end;
    }
    // A quoted value with blanks in it is a sentence, not a credential.
    const bool closed = !quoted || end >= limit || text[end] == quote;
    return {closed ? text.substr(begin, end - begin) : std::string_view(), quoted};
}

/// Program text that names or computes the value instead of holding it, or a gap left to be filled.
bool is_expression(const Value& value)
{
    constexpr std::string_view openers = "$<{%*[(";
    if (openers.find(value.text.front()) != std::string_view::npos) {
        return true;
    }
    if (value.quoted) {
        return false;
    }
    constexpr std::string_view path_openers = "/.~";
    if (value.text.find_first_of("([{") != std::string_view::npos ||
        path_openers.find(value.text.front()) != std::string_view::npos) {
        return true;
    }
    // "user.password_hash", "SecretStr", "min-length": a name of something.
    const bool named = std::all_of(value.text.begin(), value.text.end(), is_name);
    const auto dot = value.text.find('.');
    const bool member = dot != std::string_view::npos && dot + 1 < value.text.size() &&
                        is_letter(value.text[dot + 1]);
    return named && (member || std::none_of(value.text.begin(), value.text.end(), is_digit));
}

bool is_secret_value(NameKind kind, const Value& value)
{
    constexpr std::size_t shortest_password = 6;
    constexpr std::size_t shortest_key = 16;
    const bool is_password = kind == NameKind::password;
    if (value.text.size() < (is_password ? shortest_password : shortest_key) ||
        is_expression(value)) {
        return false;
    }
    if (kind == NameKind::some_key) {
        return looks_generated(value.text) && !is_placeholder(value.text);
    }
    return (is_password ? looks_chosen(value.text) : looks_random(value.text)) &&
           !is_placeholder(value.text);
}

/// "//user:password@host" behind the ':' of a URL.
bool holds_login(std::string_view text, std::size_t at)
{
    const auto limit = std::min(text.size(), at + longest_value);
    std::size_t colon = 0;
    for (auto i = at + 3; i < limit; ++i) {
        const char c = text[i];
        if (c == '@') {
            const auto password =
                colon == 0 ? std::string_view() : text.substr(colon + 1, i - colon - 1);
            return password.size() >= 3 && password.front() != '$' && password.front() != '{' &&
                   password.front() != '<' && !is_placeholder(password);
        }
        if (static_cast<unsigned char>(c) <= ' ' || c == '/' || c == '"' || c == '\'') {
            return false;
        }
        if (c == ':' && colon == 0) {
            colon = i;
        }
    }
    return false;
}

/// Telegram: the bot's number, ':', 35 characters of which the first is 'A'. In addresses "bot"
/// stands before the number.
constexpr std::size_t messenger_key = 35;

bool is_messenger_token(std::string_view text, std::size_t at)
{
    constexpr std::size_t fewest_digits = 8;
    constexpr std::size_t most_digits = 10;
    if (text[at] != ':' || at < fewest_digits || !is_digit(text[at - 1]) ||
        text.substr(at + 1, 1) != "A") {
        return false;
    }
    auto begin = at;
    while (begin > 0 && at - begin <= most_digits && is_digit(text[begin - 1])) {
        --begin;
    }
    const auto before = text.substr(0, begin);
    if (at - begin < fewest_digits || at - begin > most_digits ||
        !(before.empty() || !is_alnum(before.back()) || before.ends_with("bot"))) {
        return false;
    }
    const auto is_part = [](char c) { return is_alnum(c) || c == '-' || c == '_'; };
    const auto key = text.substr(at + 1, messenger_key);
    const auto behind = text.substr(at + 1 + key.size(), 1);
    return key.size() == messenger_key && std::all_of(key.begin(), key.end(), is_part) &&
           (behind.empty() || !is_part(behind.front())) && looks_random(key);
}

}  // namespace

void read_assignment(Pass& pass, std::size_t at)
{
    const auto text = pass.text();
    if (text[at] == ':' && text.substr(at + 1, 2) == "//") {
        if (holds_login(text, at)) {
            pass.report(ClassId::secret, text.substr(at, longest_value));
        }
        return;
    }
    if (is_messenger_token(text, at)) {
        pass.report(ClassId::secret, text.substr(at + 1, messenger_key));
        return;
    }
    if (pass.is_value_read(at)) {
        return;
    }
    // "==", ">=", "::" compare and qualify; ":=" is met again at its second sign.
    const char before = at == 0 ? ' ' : text[at - 1];
    const char after = at + 1 < text.size() ? text[at + 1] : ' ';
    if (before == '=' || before == '!' || before == '<' || before == '>' || after == '=' ||
        after == ':') {
        return;
    }
    const auto kind = kind_of(name_before(text, before == ':' ? at - 1 : at));
    if (kind == NameKind::none) {
        return;
    }
    const auto value = value_after(text, at + 1);
    pass.mark_value_read(at + 1 + value.text.size());
    if (is_secret_value(kind, value)) {
        pass.report(ClassId::secret, value.text);
    }
}

}  // namespace spillway::privacy
