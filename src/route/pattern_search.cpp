#include "pattern_search.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <mutex>
#include <span>

#include "spillway/base/text.hpp"

namespace spillway::route {

namespace {

// RE2 takes a budget for a whole set: a quarter bounds its program, the rest must hold at least
// twenty states of its automaton.
constexpr std::int64_t memory_of_any = std::int64_t{8} << 20;
constexpr std::int64_t memory_per_pattern = std::int64_t{1} << 20;
constexpr std::int64_t most_memory = std::int64_t{32} << 20;
/// Bytes of the words in one pattern: such a pattern fits whatever its letters are.
constexpr std::size_t most_words = std::size_t{8} << 10;

RE2::Options options(std::size_t patterns)
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::min(
        memory_of_any + static_cast<std::int64_t>(patterns) * memory_per_pattern, most_memory));
    return options;
}

re2::StringPiece piece_of(std::string_view text)
{
    return {text.data(), text.size()};
}

/// `words` as a part of a pattern: one blank stands for any blanks or a hyphen, as in the word
/// lists of privacy.
std::string phrase_pattern(std::string_view words)
{
    std::string pattern;
    for (words = trimmed(words); !words.empty();) {
        const auto end = std::min(words.find_first_of(" \t"), words.size());
        pattern += (pattern.empty() ? "" : "(?:[\\s\\pZ]+|[-\\x{2010}\\x{2011}])") +
                   RE2::QuoteMeta(piece_of(words.substr(0, end)));
        words = trimmed(words.substr(end));
    }
    return pattern;
}

/// Whole words in any case, in every writing that RE2 knows letters of.
std::string word_pattern(std::span<const std::string> words)
{
    std::string pattern = "(?i)(?:^|[^\\pL\\pN_])(?:";
    for (std::size_t i = 0; i < words.size(); ++i)
        pattern += (i == 0 ? "" : "|") + phrase_pattern(words[i]);
    return pattern + ")(?:$|[^\\pL\\pN_])";
}

/// Null when they do not fit into one: matching a set that did not compile reads memory that is not
/// there.
std::unique_ptr<const RE2::Set> set_of(std::span<const std::string> patterns)
{
    auto set = std::make_unique<RE2::Set>(options(patterns.size()), RE2::UNANCHORED);
    const bool added = std::all_of(patterns.begin(), patterns.end(), [&](const auto& pattern) {
        return set->Add(piece_of(pattern), nullptr) >= 0;
    });
    return added && set->Compile() ? std::move(set) : nullptr;
}

}  // namespace

/// Neighbours among the patterns: as one automaton where that is possible, else one by one.
class PatternSearch::Part {
public:
    Part(std::span<const std::string> patterns, std::span<const std::uint64_t> questions,
         std::unique_ptr<const RE2::Set> together)
        : patterns_(patterns.begin(), patterns.end()),
          questions_(questions.begin(), questions.end()),
          together_(std::move(together))
    {
        if (!together_)
            compile_alone();
    }

    void find(std::string_view text, std::vector<std::uint64_t>& found) const
    {
        if (together_) {
            std::vector<int> indices;
            RE2::Set::ErrorInfo error{};
            if (together_->Match(piece_of(text), &indices, &error)) {
                for (const int index : indices)
                    found.push_back(questions_[static_cast<std::size_t>(index)]);
                return;
            }
            if (error.kind == RE2::Set::kNoError)
                return;
            // The automaton ran out of memory over this text, which says nothing about the text.
            std::call_once(once_, [this] { compile_alone(); });
        }
        for (std::size_t i = 0; i < alone_.size(); ++i)
            if (RE2::PartialMatch(piece_of(text), *alone_[i]))
                found.push_back(questions_[i]);
    }

private:
    /// A single expression does without an automaton where that has no room.
    void compile_alone() const
    {
        for (const auto& pattern : patterns_)
            alone_.push_back(std::make_unique<const RE2>(pattern, options(1)));
    }

    std::vector<std::string> patterns_;
    std::vector<std::uint64_t> questions_;
    std::unique_ptr<const RE2::Set> together_;
    mutable std::once_flag once_;
    mutable std::vector<std::unique_ptr<const RE2>> alone_;
};

PatternSearch::PatternSearch() = default;
PatternSearch::~PatternSearch() = default;
PatternSearch::PatternSearch(PatternSearch&&) noexcept = default;
PatternSearch& PatternSearch::operator=(PatternSearch&&) noexcept = default;

void PatternSearch::add(std::string pattern, std::uint64_t question)
{
    patterns_.push_back(std::move(pattern));
    questions_.push_back(question);
}

void PatternSearch::add_words(const std::vector<std::string>& words, std::uint64_t question)
{
    for (std::size_t begin = 0; begin < words.size();) {
        std::size_t end = begin;
        std::size_t bytes = 0;
        do {
            bytes += words[end++].size();
        } while (end < words.size() && bytes + words[end].size() <= most_words);
        add(word_pattern(std::span<const std::string>(words).subspan(begin, end - begin)),
            question);
        begin = end;
    }
}

void PatternSearch::compile()
{
    if (!patterns_.empty())
        compile(0, patterns_.size());
    patterns_ = {};
}

void PatternSearch::find(std::string_view text, std::vector<std::uint64_t>& found) const
{
    for (const auto& part : parts_)
        part->find(text, found);
}

void PatternSearch::compile(std::size_t begin, std::size_t end)
{
    const auto patterns = std::span<const std::string>(patterns_).subspan(begin, end - begin);
    auto together = patterns.size() > 1 ? set_of(patterns) : nullptr;
    if (together || patterns.size() == 1) {
        const auto questions =
            std::span<const std::uint64_t>(questions_).subspan(begin, end - begin);
        parts_.push_back(std::make_unique<Part>(patterns, questions, std::move(together)));
        return;
    }
    const auto middle = begin + patterns.size() / 2;
    compile(begin, middle);
    compile(middle, end);
}

}  // namespace spillway::route
