#include "spillway/route/route_book.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "name_pattern.hpp"
#include "pattern_search.hpp"
#include "spillway/base/text.hpp"
#include "spillway/route/client_kind.hpp"

namespace spillway::route {

namespace {

constexpr std::size_t places = 4;  ///< Values of `config::Where`.

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

}  // namespace

/// What a route asks of a request itself.
struct CompiledRoute::Questions {
    struct Header {
        std::uint64_t question;
        config::HeaderIs test;
    };
    struct Metadata {
        std::uint64_t question;
        config::MetadataIs test;
    };

    PatternSearch& in(config::Where where) { return searches[static_cast<std::size_t>(where)]; }
    void fill(config::Condition& condition, const privacy::ClassNames& names, Needs& needs);

    std::array<PatternSearch, places> searches;
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
        in(says->where).add_words(says->any_of, condition.question);
        needs.text = true;
    } else if (const auto* found = std::get_if<config::Matches>(&test)) {
        condition.question =
            hashed("matches", std::to_string(static_cast<int>(found->where)), found->any_of);
        for (const auto& pattern : found->any_of)
            in(found->where).add(pattern, condition.question);
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
        search.compile();
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
        if (search.questions().empty())
            continue;
        for (const auto question : search.questions())
            note(question, false);
        std::vector<std::uint64_t> found;
        for (const auto& piece : asked.text())
            if (speaks_in(piece.speaker, static_cast<config::Where>(place)))
                search.find(piece.text, found);
        for (const auto question : found)
            note(question, true);
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

RouteBook::RouteBook(const config::Config& config, const privacy::ClassNames& names)
{
    routes_.reserve(config.routes.size());
    for (const auto& route : config.routes)
        routes_.emplace_back(route, names);
    if (!routes_.empty())
        add_names(config);
}

/// The plainer name goes in first and stays: a route's, then what captures say, then other names.
void RouteBook::add_names(const config::Config& config)
{
    for (std::size_t i = 0; i < routes_.size(); ++i)
        places_.emplace(routes_[i].source().name, Place{i, {}});
    const auto add = [&](std::string_view name, std::string_view meant) {
        if (const auto own = capturing(name))
            places_.emplace(name, Place{*own, {}});
        else if (const auto route = capturing(meant))
            places_.emplace(name, Place{*route, std::string(meant)});
    };
    std::set<std::string_view> groups;
    std::map<std::string_view, std::string_view> group_of_id;
    for (const auto& row : config.deployments) {
        groups.insert(row.group);
        // Nobody can ask for a member of `openai/*` by its id.
        if (!row.group.ends_with('*'))
            group_of_id.emplace(row.id, row.group);
    }
    for (const auto& [name, alias] : config.router.aliases) {
        // A group of that name is what the client gets, as in `RoutingTable`.
        if (groups.contains(name))
            continue;
        const auto route = places_.find(alias.group);
        if (route != places_.end() && routes_[route->second.route].source().name == alias.group) {
            places_.emplace(name, Place{route->second.route, alias.group});
            continue;
        }
        const auto member = group_of_id.find(alias.group);
        const bool is_id = !groups.contains(alias.group) && member != group_of_id.end();
        add(name, is_id && !capturing(alias.group) ? member->second : alias.group);
    }
    for (const auto& [id, group] : group_of_id)
        if (!groups.contains(id) && !config.router.aliases.contains(std::string(id)))
            add(id, group);
}

std::optional<std::size_t> RouteBook::capturing(std::string_view model) const
{
    for (std::size_t i = 0; i < routes_.size(); ++i)
        if (matches_any(routes_[i].source().captures, model))
            return i;
    return std::nullopt;
}

const CompiledRoute* RouteBook::find(std::string_view model) const
{
    if (const auto known = places_.find(model); known != places_.end())
        return &routes_[known->second.route];
    const auto route = capturing(model);
    return route ? &routes_[*route] : nullptr;
}

std::string_view RouteBook::stands_for(std::string_view model) const
{
    const auto known = places_.find(model);
    return known == places_.end() ? std::string_view() : std::string_view(known->second.stands_for);
}

}  // namespace spillway::route
