#include "compiled.hpp"

#include <algorithm>
#include <array>

#include "byte_masks.hpp"
#include "spillway/base/text.hpp"
#include "token_forms.hpp"
#include "vocabulary.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t most_own_words = 50'000;
constexpr std::size_t longest_word = 200;
/// The filter of the trie wants three bytes; shorter words are left to RE2.
constexpr std::size_t shortest_word = 3;

/// Letters, digits and what is beyond ASCII, small: how values are compared.
std::string essence(std::string_view value)
{
    std::string out;
    for (const char c : value) {
        if (is_alnum(c) || static_cast<unsigned char>(c) >= 0x80) {
            out += is_upper(c) ? static_cast<char>(c | 0x20) : c;
        }
    }
    return out;
}

/// Blanks joined and trimmed.
std::string with_single_blanks(std::string_view word)
{
    std::string out;
    for (const char c : word) {
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!blank) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    while (out.ends_with(' ')) {
        out.pop_back();
    }
    return out;
}

/// Four characters each, since the filter of the trie tells no more apart: with "SK" alone it would
/// let every word through that begins so.
std::vector<std::string> hex_key_openings()
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::vector<std::string> out;
    for (const char first : digits) {
        for (const char second : digits) {
            out.push_back(std::string("sk") + first + second);
        }
    }
    return out;
}

/// Three decimal digits in base64, the first of them not 0.
std::vector<std::string> bot_token_openings()
{
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr unsigned sextet = 0x3F;
    std::vector<std::string> out;
    for (unsigned number = 100; number < 1000; ++number) {
        const unsigned bytes =
            (('0' + number / 100) << 16U) | (('0' + number / 10 % 10) << 8U) | ('0' + number % 10);
        out.push_back({alphabet[bytes >> 18U], alphabet[(bytes >> 12U) & sextet],
                       alphabet[(bytes >> 6U) & sextet], alphabet[bytes & sextet]});
    }
    return out;
}

class Compiler {
public:
    explicit Compiler(Compiled& compiled) : compiled_(compiled) {}

    /// Joins what several lists say about one word.
    void add(std::string_view word, const WordEntry& entry)
    {
        const auto fresh = static_cast<std::uint32_t>(compiled_.entries.size());
        const auto kept = compiled_.words.add(word, fresh);
        if (kept == fresh) {
            compiled_.entries.push_back(entry);
            return;
        }
        auto& known = compiled_.entries[kept];
        known.fires.add(entry.fires);
        known.cues.add(entry.cues);
        known.wording = std::max(known.wording, entry.wording);
        if (entry.hint != SecretHint::none) {
            known.hint = entry.hint;
            known.token_form = entry.token_form;
        }
    }

    void add_wording(std::string_view word, ClassSet fires, ClassSet cues)
    {
        const bool stem = word.ends_with('*');
        WordEntry entry;
        entry.wording = stem ? Wording::stem : Wording::whole;
        entry.fires = fires;
        entry.cues = cues;
        add(stem ? word.substr(0, word.size() - 1) : word, entry);
    }

    void add_lists(std::span<const WordList> lists, ClassId id)
    {
        if (!compiled_.wanted.contains(id)) {
            return;
        }
        for (const auto& list : lists) {
            for (const auto word : list.words) {
                add_wording(word, list.classes, {});
            }
        }
    }

    void add_cues()
    {
        for (const auto& list : cue_words()) {
            const auto cues = list.classes & compiled_.wanted;
            if (cues.empty()) {
                continue;
            }
            for (const auto word : list.words) {
                add_wording(word, {}, cues);
            }
        }
    }

    void add_tokens()
    {
        const auto forms = token_forms();
        for (std::size_t i = 0; i < forms.size(); ++i) {
            WordEntry entry;
            entry.hint = SecretHint::token;
            entry.token_form = static_cast<std::uint8_t>(i);
            add(forms[i].prefix, entry);
        }
    }

    void add_secrets()
    {
        const auto add_all = [this](SecretHint hint, const auto& words) {
            for (const std::string_view word : words) {
                WordEntry entry;
                entry.hint = hint;
                add(word, entry);
            }
        };
        constexpr std::array spoken{std::string_view{"password is"},
                                    std::string_view{"passphrase is"},
                                    std::string_view{"passwort ist"},
                                    std::string_view{"passwort lautet"},
                                    std::string_view{"mot de passe est"},
                                    std::string_view{"mot de passe"},
                                    std::string_view{"contraseña es"},
                                    std::string_view{"contraseña"},
                                    std::string_view{"senha é"},
                                    std::string_view{"密码是"},
                                    std::string_view{"密码"},
                                    std::string_view{"密碼"},
                                    std::string_view{"パスワードは"},
                                    std::string_view{"パスワード"},
                                    std::string_view{"пароль"},
                                    std::string_view{"비밀번호"}};
        constexpr std::array webhooks{std::string_view{"hooks.slack.com/services/"},
                                      std::string_view{"discord.com/api/webhooks/"},
                                      std::string_view{"discordapp.com/api/webhooks/"}};
        if (compiled_.wanted.contains(ClassId::secret)) {
            add_tokens();
            add_all(SecretHint::hex_key, hex_key_openings());
            add_all(SecretHint::bot_token, bot_token_openings());
            add_all(SecretHint::terraform, std::array{std::string_view{"atlasv1."}});
            add_all(SecretHint::jwt, std::array{std::string_view{"eyj"}});
            add_all(SecretHint::bearer, std::array{std::string_view{"bearer"}});
            add_all(SecretHint::basic, std::array{std::string_view{"basic"}});
            add_all(SecretHint::curl, std::array{std::string_view{"curl"}});
            add_all(SecretHint::mysql, std::array{std::string_view{"mysql"}});
            add_all(SecretHint::spoken, spoken);
            add_all(SecretHint::webhook, webhooks);
        }
        if (compiled_.wanted.contains(ClassId::private_key)) {
            add_all(SecretHint::pem, std::array{std::string_view{"private key"}});
            add_all(SecretHint::key, std::array{std::string_view{"putty-user-key-file-"},
                                                std::string_view{"age-secret-key-1"}});
        }
    }

    [[nodiscard]] Result<void> add_own(const OwnPattern& own, ClassId id)
    {
        if (own.words.empty() && own.expressions.empty()) {
            return fail(Errc::bad_config,
                        "own pattern '" + own.id + "' has neither words nor expressions");
        }
        if (auto added = compiled_.expressions.add(id, own.id, own.expressions); !added) {
            return added;
        }
        for (std::size_t i = 0; i < own.words.size(); ++i) {
            if (auto added = add_own_word(own, i, id); !added) {
                return added;
            }
        }
        return {};
    }

private:
    [[nodiscard]] Result<void> add_own_word(const OwnPattern& own, std::size_t index, ClassId id)
    {
        const auto word = with_single_blanks(own.words[index]);
        const auto where = "own pattern '" + own.id + "', word " + std::to_string(index + 1);
        if (word.empty() || word == "*") {
            return fail(Errc::bad_config, where + " is empty");
        }
        if (word.size() > longest_word) {
            return fail(Errc::bad_config,
                        where + " is longer than " + std::to_string(longest_word) + " bytes");
        }
        if (++own_words_ > most_own_words) {
            return fail(Errc::bad_config,
                        where + ": more than " + std::to_string(most_own_words) + " words in all");
        }
        const bool met_by_trie = (is_letter(word[0]) || is_lead(word[0])) &&
                                 word.size() - (word.ends_with('*') ? 1 : 0) >= shortest_word;
        if (met_by_trie) {
            add_wording(word, {id}, {});
            return {};
        }
        return compiled_.expressions.add_literal(id, own.id, word);
    }

    Compiled& compiled_;
    std::size_t own_words_ = 0;
};

}  // namespace

AllowList::AllowList(const std::vector<std::string>& allowed)
{
    for (const auto& entry : allowed) {
        values_.push_back(essence(entry));
        const auto at = entry.find('@');
        addresses_.push_back(lower(at == 0 ? std::string_view(entry).substr(1) : entry));
    }
    // Names that RFC 2606 and 6761 keep for examples belong to nobody.
    for (const auto* reserved :
         {"example.com", "example.org", "example.net", "example", "test", "invalid", "localhost"}) {
        addresses_.emplace_back(reserved);
    }
    std::erase(values_, std::string());
    std::sort(values_.begin(), values_.end());
    std::sort(addresses_.begin(), addresses_.end());
}

bool AllowList::holds(std::string_view value) const
{
    return !values_.empty() && std::binary_search(values_.begin(), values_.end(), essence(value));
}

bool AllowList::holds_address(std::string_view address) const
{
    const auto spelled = lower(address);
    if (std::binary_search(addresses_.begin(), addresses_.end(), spelled)) {
        return true;
    }
    const auto at = spelled.rfind('@');
    auto domain = std::string_view(spelled).substr(at == std::string::npos ? 0 : at + 1);
    while (!domain.empty()) {
        if (std::binary_search(addresses_.begin(), addresses_.end(), domain, std::less<>())) {
            return true;
        }
        const auto dot = domain.find('.');
        domain = dot == std::string_view::npos ? std::string_view() : domain.substr(dot + 1);
    }
    return false;
}

Result<std::shared_ptr<const Compiled>> compile(const Rules& rules)
{
    std::vector<std::string> ids;
    for (const auto& own : rules.own) {
        ids.push_back(own.id);
    }
    auto names = ClassNames::with_own(std::move(ids));
    if (!names) {
        return tl::make_unexpected(std::move(names).error());
    }
    auto compiled = std::make_shared<Compiled>();
    compiled->names = *std::move(names);
    compiled->wanted = rules.classes & compiled->names.all();
    compiled->allowed = AllowList(rules.allowed);
    Compiler compiler(*compiled);
    compiler.add_secrets();
    compiler.add_lists(medical_words(), ClassId::medical);
    compiler.add_lists(confidential_words(), ClassId::confidential);
    compiler.add_cues();
    for (std::size_t i = 0; i < rules.own.size(); ++i) {
        compiled->wanted.add(own_class(i));
        if (auto added = compiler.add_own(rules.own[i], own_class(i)); !added) {
            return tl::make_unexpected(std::move(added).error());
        }
    }
    compiled->words.finish();
    compiled->expressions.finish();
    return compiled;
}

}  // namespace spillway::privacy
