#include "spillway/route/route_book.hpp"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>
#include <array>

#include "name_pattern.hpp"
#include "spillway/base/text.hpp"
#include "spillway/route/client_kind.hpp"

namespace spillway::route {

namespace {

constexpr std::size_t places = 4;  ///< Values of `config::Where`.
constexpr std::int64_t most_pattern_memory = std::int64_t{8} << 20;

/// FNV-1a: the same on every machine, because it is recorded.
class Hash {
public:
    Hash& add(std::string_view text)
    {
        for (const unsigned char byte : text)
            mix(byte);
        mix(0xFF);  // never in UTF-8, so that "a","b" is not "ab"
        return *this;
    }
    [[nodiscard]] std::uint64_t value() const { return value_; }

private:
    void mix(std::uint64_t byte) { value_ = (value_ ^ byte) * 0x100'0000'01B3U; }
    std::uint64_t value_ = 0xCBF2'9CE4'8422'2325U;
};

std::uint64_t hashed(std::string_view kind, std::string_view subject,
                     const std::vector<std::string>& any_of)
{
    Hash hash;
    hash.add(kind).add(subject);
    for (const auto& each : any_of)
        hash.add(each);
    return hash.value();
}

/// `words` as a part of a pattern: one blank stands for any blanks or a hyphen, as in the word
/// lists of privacy.
std::string phrase_pattern(std::string_view words)
{
    std::string pattern;
    for (words = trimmed(words); !words.empty();) {
        const auto end = std::min(words.find_first_of(" \t"), words.size());
        pattern += (pattern.empty() ? "" : "(?:[\\s\\pZ]+|[-\\x{2010}\\x{2011}])") +
                   RE2::QuoteMeta(words.substr(0, end));
        words = trimmed(words.substr(end));
    }
    return pattern;
}

/// Whole words in any case, in every writing that RE2 knows letters of.
std::string word_pattern(const std::vector<std::string>& words)
{
    std::string pattern = "(?i)(?:^|[^\\pL\\pN_])(?:";
    for (std::size_t i = 0; i < words.size(); ++i)
        pattern += (i == 0 ? "" : "|") + phrase_pattern(words[i]);
    return pattern + ")(?:$|[^\\pL\\pN_])";
}

bool speaks_in(chat::Speaker speaker, config::Where where)
{
    switch (where) {
        case config::Where::last_user:
            return speaker == chat::Speaker::last_user;
        case config::Where::user:
            return speaker == chat::Speaker::last_user || speaker == chat::Speaker::user;
        case config::Where::system:
            return speaker == chat::Speaker::system;
        case config::Where::all:
            break;
    }
    return speaker != chat::Speaker::nobody;
}

void add_header(Needs& needs, std::string_view name)
{
    auto known = lower(name);
    if (std::find(needs.headers.begin(), needs.headers.end(), known) == needs.headers.end())
        needs.headers.push_back(std::move(known));
}

/// Is one of `values` asked for? Without patterns, one that is there.
template <class Text>
bool is_one_of(const std::vector<Text>& values, const std::vector<std::string>& any_of)
{
    return std::any_of(values.begin(), values.end(), [&](std::string_view value) {
        return !value.empty() && (any_of.empty() || matches_any(any_of, value));
    });
}

RE2::Options pattern_options()
{
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(most_pattern_memory);
    return options;
}

}  // namespace

/// What a route asks of a request itself.
struct CompiledRoute::Questions {
    /// All patterns that are looked for in one place, as one automaton.
    struct Search {
        std::unique_ptr<RE2::Set> set;
        std::vector<std::uint64_t> questions;  ///< Of the set's patterns, in their order.
    };
    struct Header {
        std::uint64_t question;
        config::HeaderIs test;
    };
    struct Metadata {
        std::uint64_t question;
        config::MetadataIs test;
    };

    void add_pattern(config::Where where, const std::string& pattern, std::uint64_t question)
    {
        auto& search = searches[static_cast<std::size_t>(where)];
        if (!search.set)
            search.set = std::make_unique<RE2::Set>(pattern_options(), RE2::UNANCHORED);
        // The loader refused what does not compile.
        if (search.set->Add(pattern, nullptr) >= 0)
            search.questions.push_back(question);
    }

    void fill(config::Condition& condition, const privacy::ClassNames& names, Needs& needs);

    std::array<Search, places> searches;
    std::vector<Header> headers;
    std::vector<Metadata> metadata;
};

void CompiledRoute::Questions::fill(config::Condition& condition, const privacy::ClassNames& names,
                                    Needs& needs)
{
    const auto fill_all = [&](std::vector<config::Condition>& parts) {
        for (auto& part : parts)
            fill(part, names, needs);
    };
    auto& test = condition.test;
    if (auto* all = std::get_if<config::AllOf>(&test)) {
        fill_all(all->parts);
    } else if (auto* any = std::get_if<config::AnyOf>(&test)) {
        fill_all(any->parts);
    } else if (auto* none = std::get_if<config::NotAny>(&test)) {
        fill_all(none->parts);
    } else if (const auto* says = std::get_if<config::SaysWords>(&test)) {
        condition.question =
            hashed("words", std::to_string(static_cast<int>(says->where)), says->any_of);
        add_pattern(says->where, word_pattern(says->any_of), condition.question);
        needs.text = true;
    } else if (const auto* found = std::get_if<config::Matches>(&test)) {
        condition.question =
            hashed("matches", std::to_string(static_cast<int>(found->where)), found->any_of);
        for (const auto& pattern : found->any_of)
            add_pattern(found->where, pattern, condition.question);
        needs.text = true;
    } else if (const auto* header = std::get_if<config::HeaderIs>(&test)) {
        condition.question = hashed("header", lower(header->name), header->any_of);
        headers.push_back({condition.question, *header});
        add_header(needs, header->name);
    } else if (const auto* member = std::get_if<config::MetadataIs>(&test)) {
        condition.question = hashed("metadata", member->path, member->any_of);
        metadata.push_back({condition.question, *member});
        needs.identity = true;  // The metadata of key and team count as well.
    } else if (auto* sensitive = std::get_if<config::IsSensitive>(&test)) {
        for (const auto& word : sensitive->any_of)
            if (const auto classes = names.parse(word))
                sensitive->classes.add(*classes);
        needs.sensitive = true;
    } else if (const auto* has = std::get_if<config::HasContent>(&test)) {
        needs.code = needs.code || std::find(has->any_of.begin(), has->any_of.end(),
                                             config::Content::code) != has->any_of.end();
    } else if (const auto* number = std::get_if<config::NumberIs>(&test)) {
        needs.score = needs.score || number->measure == config::Measure::score;
    } else if (std::holds_alternative<config::TierIs>(test)) {
        needs.score = true;
    } else if (std::holds_alternative<config::ClientIs>(test)) {
        for (const auto name : client_headers)
            add_header(needs, name);
    } else if (std::holds_alternative<config::IdentityIs>(test)) {
        needs.identity = true;
    }
}

CompiledRoute::CompiledRoute(const config::Route& source, const privacy::ClassNames& names)
    : source_(source), questions_(std::make_unique<Questions>())
{
    for (auto& rule : source_.rules)
        questions_->fill(rule.when, names, needs_);
    for (auto& search : questions_->searches)
        if (search.set)
            search.set->Compile();
    // A sample for comparison carries the score's features, and is never a private request.
    if (source_.shadow) {
        needs_.score = true;
        needs_.sensitive = true;
    }
}

CompiledRoute::~CompiledRoute() = default;
CompiledRoute::CompiledRoute(CompiledRoute&&) noexcept = default;

std::vector<Probe> CompiledRoute::probe(const Asked& asked) const
{
    std::vector<Probe> probes;
    const auto note = [&](std::uint64_t question, bool yes) {
        const auto known = std::find_if(probes.begin(), probes.end(), [&](const Probe& each) {
            return each.question == question;
        });
        if (known == probes.end())
            probes.push_back({question, yes});
        else
            known->yes = known->yes || yes;
    };
    for (std::size_t place = 0; place < places; ++place) {
        const auto& search = questions_->searches[place];
        if (!search.set)
            continue;
        for (const auto question : search.questions)
            note(question, false);
        std::vector<int> found;
        for (const auto& piece : asked.text()) {
            if (!speaks_in(piece.speaker, static_cast<config::Where>(place)))
                continue;
            found.clear();
            search.set->Match({piece.text.data(), piece.text.size()}, &found);
            for (const int index : found)
                note(search.questions[static_cast<std::size_t>(index)], true);
        }
    }
    for (const auto& [question, test] : questions_->headers) {
        note(question, is_one_of(asked.header(test.name), test.any_of));
    }
    for (const auto& [question, test] : questions_->metadata) {
        note(question, is_one_of(asked.metadata(test.path), test.any_of));
    }
    std::sort(probes.begin(), probes.end(),
              [](const Probe& a, const Probe& b) { return a.question < b.question; });
    return probes;
}

RouteBook::RouteBook(std::span<const config::Route> routes, const privacy::ClassNames& names)
{
    routes_.reserve(routes.size());
    for (const auto& route : routes)
        routes_.emplace_back(route, names);
}

const CompiledRoute* RouteBook::find(std::string_view model) const
{
    for (const auto& route : routes_)
        if (route.source().name == model)
            return &route;
    for (const auto& route : routes_)
        if (matches_any(route.source().captures, model))
            return &route;
    return nullptr;
}

}  // namespace spillway::route
