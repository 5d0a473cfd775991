#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "own_expressions.hpp"
#include "spillway/base/result.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/privacy/rules.hpp"
#include "word_trie.hpp"

namespace spillway::privacy {

/// How a word has to stand to count by itself.
enum class Wording : std::uint8_t {
    none,   ///< It does not.
    whole,  ///< As a whole word.
    stem,   ///< It may go on.
};

/// What has to be looked at when a word says that a secret is near.
enum class SecretHint : std::uint8_t {
    none,
    token,      ///< A key of a known vendor begins with it.
    jwt,        ///< A JSON web token may begin here.
    hex_key,    ///< "SK" and hexadecimal digits: a key of Twilio may begin here.
    bot_token,  ///< Digits in base64: a token of Discord may begin here.
    terraform,  ///< The middle of one of Terraform's tokens.
    pem,        ///< "private key": one, when a PEM header surrounds the words.
    bearer,     ///< A credential follows in the same header.
    basic,      ///< "Basic": a login in base64 follows.
    curl,       ///< The program: a login may be among its options.
    mysql,      ///< The same, without a name before it.
    spoken,     ///< "the password is": something that looks like one follows.
    webhook,    ///< The address alone lets anybody post.
    key,        ///< Only files with private keys hold it.
};

/// What follows from a word.
struct WordEntry {
    Wording wording = Wording::none;
    SecretHint hint = SecretHint::none;
    std::uint8_t token_form = 0;
    ClassSet fires;  ///< What the wording means.
    ClassSet cues;   ///< What a number nearby may be.
};

/// What was found but does not count, compared without blanks, marks and case.
class AllowList {
public:
    AllowList() = default;
    explicit AllowList(const std::vector<std::string>& allowed);

    [[nodiscard]] bool holds(std::string_view value) const;
    /// The address itself, its domain or a domain above it.
    [[nodiscard]] bool holds_address(std::string_view address) const;

private:
    std::vector<std::string> values_;
    std::vector<std::string> addresses_;
};

/// Rules in the form that texts are compared with.
struct Compiled {
    ClassNames names;
    ClassSet wanted;
    WordTrie words;
    std::vector<WordEntry> entries;
    AllowList allowed;
    OwnExpressions expressions;
};

[[nodiscard]] Result<std::shared_ptr<const Compiled>> compile(const Rules& rules);

}  // namespace spillway::privacy
