#pragma once

#include <string>
#include <vector>

#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

/// A class of the operator's own. It fires where one of its expressions or words is found.
struct OwnPattern {
    std::string id;  ///< Lower-case letters, digits, '_' and '-'; how records name the class.
    /// RE2 syntax, searched anywhere in the text, case-sensitive unless it begins with "(?i)".
    std::vector<std::string> expressions;
    /// Words and phrases: any case, whole words, one blank stands for any blanks or a hyphen.
    std::vector<std::string> words;
};

/// What a scanner looks for.
struct Rules {
    ClassSet classes = ClassSet::built_in();
    std::vector<OwnPattern> own;
    /// What does not count when it is found: card and other numbers ("4111 1111 1111 1111"), mail
    /// addresses, domains (with everything under them), secrets, each written out whole.
    std::vector<std::string> allowed;
};

}  // namespace spillway::privacy
