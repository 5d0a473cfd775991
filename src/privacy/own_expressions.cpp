#include "own_expressions.hpp"

#include <re2/re2.h>

#include <algorithm>

#include "spillway/base/text.hpp"

namespace spillway::privacy {

namespace {

/// For one expression: its program and the automaton that is built while matching.
constexpr std::int64_t most_memory = 8 << 20;
constexpr std::size_t longest_expression = 4096;
constexpr std::size_t most_expressions = 500;

RE2::Options options()
{
    RE2::Options chosen;
    chosen.set_log_errors(false);
    chosen.set_never_capture(true);
    chosen.set_max_mem(most_memory);
    return chosen;
}

tl::unexpected<Error> refuse(std::string_view pattern, std::size_t index, std::string why)
{
    return fail(Errc::bad_config, "own pattern '" + std::string(pattern) + "', expression " +
                                      std::to_string(index + 1) + ": " + std::move(why));
}

/// RE2 tells what it could not read, not where: the first place where that stands.
std::string position(const RE2& expression)
{
    const auto& part = expression.error_arg();
    const auto at = part.empty() ? std::string::npos : expression.pattern().find(part);
    if (at == std::string::npos) {
        return "";
    }
    return " at character " + std::to_string(at + 1) + " ('" + printable(part, 40) + "')";
}

}  // namespace

OwnExpressions::OwnExpressions() = default;
OwnExpressions::~OwnExpressions() = default;
OwnExpressions::OwnExpressions(OwnExpressions&&) noexcept = default;
OwnExpressions& OwnExpressions::operator=(OwnExpressions&&) noexcept = default;

OwnExpressions::Row& OwnExpressions::row_of(ClassId id, std::string_view pattern)
{
    const auto known =
        std::find_if(rows_.begin(), rows_.end(), [id](const Row& row) { return row.id == id; });
    if (known != rows_.end()) {
        return *known;
    }
    rows_.push_back({id, std::string(pattern), {}, {}});
    return rows_.back();
}

Result<void> OwnExpressions::add(ClassId id, std::string_view pattern,
                                 const std::vector<std::string>& expressions)
{
    if (expressions.size() > most_expressions) {
        return fail(Errc::bad_config, "own pattern '" + std::string(pattern) + "' has more than " +
                                          std::to_string(most_expressions) + " expressions");
    }
    for (std::size_t i = 0; i < expressions.size(); ++i) {
        const auto& spelled = expressions[i];
        if (spelled.size() > longest_expression) {
            return refuse(pattern, i,
                          "longer than " + std::to_string(longest_expression) + " characters");
        }
        const RE2 alone(spelled, options());
        if (!alone.ok()) {
            return refuse(pattern, i, printable(alone.error(), 120) + position(alone));
        }
        if (RE2::PartialMatch("", alone)) {
            return refuse(pattern, i,
                          "matches the empty text at character 1, so it would always fire");
        }
        row_of(id, pattern).expressions.push_back(spelled);
    }
    return {};
}

Result<void> OwnExpressions::add_literal(ClassId id, std::string_view pattern,
                                         std::string_view word)
{
    return add(id, pattern,
               {"(?i:" + RE2::QuoteMeta(re2::StringPiece(word.data(), word.size())) + ")"});
}

void OwnExpressions::finish()
{
    for (auto& row : rows_) {
        std::string joined;
        for (const auto& expression : row.expressions) {
            joined += (joined.empty() ? "(?:" : "|(?:") + expression + ")";
        }
        auto whole = std::make_unique<const RE2>(joined, options());
        if (whole->ok()) {
            row.compiled.push_back(std::move(whole));
            continue;
        }
        // Together they are too large: one by one.
        for (const auto& expression : row.expressions) {
            row.compiled.push_back(std::make_unique<const RE2>(expression, options()));
        }
    }
}

ClassSet OwnExpressions::find(std::string_view text, ClassSet wanted) const
{
    ClassSet found;
    const re2::StringPiece piece(text.data(), text.size());
    for (const auto& row : rows_) {
        const auto fires = [&piece](const auto& expression) {
            return RE2::PartialMatch(piece, *expression);
        };
        if (wanted.contains(row.id) &&
            std::any_of(row.compiled.begin(), row.compiled.end(), fires)) {
            found.add(row.id);
        }
    }
    return found;
}

}  // namespace spillway::privacy
