#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/privacy/class_set.hpp"

namespace re2 {
class RE2;
}

namespace spillway::privacy {

/// The operator's regular expressions. RE2: time is linear in the text for every expression, memory
/// is bounded by `most_memory` for each.
class OwnExpressions {
public:
    OwnExpressions();
    ~OwnExpressions();
    OwnExpressions(OwnExpressions&&) noexcept;
    OwnExpressions& operator=(OwnExpressions&&) noexcept;

    /// Adds what fires `id`, one expression or several. Fails on a malformed one and on one that
    /// matches the empty text, naming `pattern` and the position.
    [[nodiscard]] Result<void> add(ClassId id, std::string_view pattern,
                                   const std::vector<std::string>& expressions);
    /// A word that is searched for letter by letter, in any case.
    [[nodiscard]] Result<void> add_literal(ClassId id, std::string_view pattern,
                                           std::string_view word);
    /// Joins what belongs to one class, so that the text is read once per class.
    void finish();

    /// The classes among `wanted` that an expression finds.
    [[nodiscard]] ClassSet find(std::string_view text, ClassSet wanted) const;

private:
    struct Row {
        ClassId id;
        std::string pattern;
        std::vector<std::string> expressions;
        std::vector<std::unique_ptr<const re2::RE2>> compiled;
    };
    [[nodiscard]] Row& row_of(ClassId id, std::string_view pattern);

    std::vector<Row> rows_;
};

}  // namespace spillway::privacy
