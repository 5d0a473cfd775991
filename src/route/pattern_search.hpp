#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::route {

/// Patterns that are looked for in one place, in as few automata as they fit into. Immutable once
/// compiled; safe to share.
class PatternSearch {
public:
    PatternSearch();
    ~PatternSearch();
    PatternSearch(PatternSearch&&) noexcept;
    PatternSearch& operator=(PatternSearch&&) noexcept;

    /// @param pattern   Of RE2; one that is none is never found.
    /// @param question  What finding it answers with yes; several patterns may answer one.
    void add(std::string pattern, std::uint64_t question);
    /// Whole words and phrases in any case.
    void add_words(const std::vector<std::string>& words, std::uint64_t question);
    /// Makes ready for `find`; no `add` after it. Takes whatever is added: what does not fit into
    /// one automaton is spread over several.
    void compile();

    /// Of all that was added, in its order.
    [[nodiscard]] const std::vector<std::uint64_t>& questions() const { return questions_; }
    /// Appends the questions that `text` answers with yes; one may be there more than once. Linear
    /// in the text.
    void find(std::string_view text, std::vector<std::uint64_t>& found) const;

private:
    class Part;

    void compile(std::size_t begin, std::size_t end);

    std::vector<std::string> patterns_;
    std::vector<std::uint64_t> questions_;
    std::vector<std::unique_ptr<Part>> parts_;
};

}  // namespace spillway::route
