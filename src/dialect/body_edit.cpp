#include "spillway/dialect/body_edit.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "spillway/base/text.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/metadata_text.hpp"

namespace spillway::dialect {
namespace {

using chat::ByteRange;
using chat::Member;

constexpr std::string_view max_tokens = "max_tokens";
constexpr std::string_view max_completion_tokens = "max_completion_tokens";
constexpr std::string_view max_output_tokens = "max_output_tokens";
constexpr std::string_view stream_options = "stream_options";

bool starts_with(std::string_view text, std::string_view prefix)
{
    return text.substr(0, prefix.size()) == prefix;
}

/// What only Ollama's own API takes. To others an old completion is raw as it is.
bool is_ollamas(std::string_view key, chat::Endpoint endpoint)
{
    return is(key, "options") || is(key, "keep_alive") || is(key, "think") ||
           (endpoint == chat::Endpoint::completions && is(key, "raw"));
}

/// The client's words to the gateway about its own request (litellm-surface, client controls and
/// body extras).
bool is_control(std::string_view key)
{
    switch (key.empty() ? '\0' : key.front()) {
        case 'c':
            return is(key, "cache") || is(key, "caching") || is(key, "content_policy_fallbacks") ||
                   is(key, "context_window_fallbacks");
        case 'd':
            return is(key, "disable_fallbacks");
        case 'f':
            return is(key, "fallbacks");
        case 'g':
            return is(key, "guardrails");
        case 'l':
            return starts_with(key, "litellm_");
        case 'm':
            return starts_with(key, "mock_testing_");
        case 'n':
            return is(key, "no-log") || is(key, "num_retries");
        case 'p':
            return is(key, "priority");
        case 't':
            return is(key, "tags") || is(key, "timeout") || is(key, "ttl");
        default:
            return false;
    }
}

/// Collects changes in order of offset and joins those that touch.
class SpliceList {
public:
    void add(std::size_t offset, std::size_t length, std::string_view text)
    {
        if (!splices_.empty()) {
            auto& last = splices_.back();
            if (last.offset + last.length == offset) {
                last.length += length;
                last.text.append(text);
                return;
            }
        }
        splices_.push_back({offset, length, std::string(text)});
    }
    [[nodiscard]] std::vector<Splice> take() && { return std::move(splices_); }

private:
    std::vector<Splice> splices_;
};

/// Where a key's closing quote ends, given where its opening quote is.
std::size_t key_end(std::string_view body, std::size_t opening)
{
    auto at = opening + 1;
    while (body[at] != '"') {
        at += body[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

/// The value of `wanted` in the valid JSON object `object`; empty when it has none.
std::optional<ByteRange> find_value(std::string_view object, std::string_view wanted)
{
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(object);
    if (index.scan(text) != JsonFault::none) {
        return std::nullopt;
    }
    std::optional<ByteRange> found;
    JsonWalker json(text, index.tokens());
    json.object([&](const JsonKey& key) {
        const bool is_wanted = key.text == wanted;
        const auto begin = json.offset();
        if (json.skip() && is_wanted) {
            found = ByteRange{begin, json.end() - begin};
        }
    });
    return found;
}

/// One plan in the making.
class Plan {
public:
    Plan(const chat::RequestFacts& facts, std::string_view body, const WireRules& rules,
         UsageInjection usage, chat::Endpoint endpoint)
        : facts_(facts), body_(body), rules_(rules), endpoint_(endpoint)
    {
        any_escaped_ = std::any_of(
            facts.members.begin(), facts.members.end(),
            [](const Member& member) { return member.key.find('\\') != std::string_view::npos; });
        const bool speaks_usage =
            endpoint == chat::Endpoint::chat || endpoint == chat::Endpoint::completions;
        asks_usage_ = usage == UsageInjection::ask && speaks_usage && !rules.no_stream_options &&
                      facts.delivery == chat::Delivery::stream && !facts.usage_asked;
        if (rules.rename_max_completion_tokens) {
            rename_limit();
        }
    }

    [[nodiscard]] std::vector<Splice> make(std::string_view upstream_model)
    {
        const auto& members = facts_.members;
        std::size_t kept = 0;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (is_dropped(members[i])) {
                remove(i, kept);
                continue;
            }
            ++kept;
            change(members[i]);
            leave_to_ollama(members[i]);
            if (has_key(members[i], "model")) {
                set_model(members[i], upstream_model);
            }
        }
        return std::move(splices_).take();
    }

private:
    void leave_to_ollama(const Member& member)
    {
        for (const auto& range : facts_.ollama_only) {
            const auto& value = member.value;
            if (!rules_.speaks_ollama && range.offset >= value.offset &&
                range.offset + range.length <= value.offset + value.length)
                splices_.add(range.offset, range.length, {});
        }
    }

    [[nodiscard]] bool has_key(const Member& member, std::string_view name) const
    {
        if (member.key == name) {
            return true;
        }
        // Keys unknown to the reader keep their escaped spelling.
        return any_escaped_ && unescaped(member.key) == name;
    }

    [[nodiscard]] const Member* find(std::string_view name) const
    {
        const auto& members = facts_.members;
        const auto found = std::find_if(members.begin(), members.end(), [&](const Member& member) {
            return has_key(member, name);
        });
        return found == members.end() ? nullptr : &*found;
    }

    /// With both names of the limit, one must go: the one that says nothing, else the older one.
    void rename_limit()
    {
        const auto* old_name = find(max_tokens);
        const auto* new_name = find(max_completion_tokens);
        if (new_name == nullptr) {
            return;
        }
        const bool keeps_old = old_name != nullptr && is_null(*new_name);
        renamed_ = keeps_old ? nullptr : new_name;
        superseded_ = keeps_old ? new_name : old_name;
    }

    [[nodiscard]] bool is_null(const Member& member) const
    {
        return member.value.of(body_) == "null";
    }

    [[nodiscard]] bool keeps_metadata() const
    {
        const auto* store = find("store");
        return endpoint_ == chat::Endpoint::other ||
               (store != nullptr && store->value.of(body_) == "true");
    }

    [[nodiscard]] bool drops_ollamas() const
    {
        return !rules_.speaks_ollama && endpoint_ != chat::Endpoint::other;
    }

    [[nodiscard]] bool is_dropped(const Member& member) const
    {
        if (has_key(member, "model")) {
            return false;
        }
        if (&member == superseded_ || is_control(member.key) ||
            (any_escaped_ && is_control(unescaped(member.key)))) {
            return true;
        }
        if (drops_ollamas() && (is_ollamas(member.key, endpoint_) ||
                                (any_escaped_ && is_ollamas(unescaped(member.key), endpoint_)))) {
            return true;
        }
        // Others have a word of the same name, with other values.
        if (drops_ollamas() && endpoint_ == chat::Endpoint::embeddings &&
            is(member.key, "truncate") && member.value.of(body_) == "true") {
            return true;
        }
        if (is(member.key, "metadata") && !keeps_metadata()) {
            return true;
        }
        if (rules_.no_stream_options && member.key == stream_options) {
            return true;
        }
        return is_overridden(member) ||
               std::any_of(rules_.drop.begin(), rules_.drop.end(),
                           [&](const std::string& name) { return has_key(member, name); });
    }

    /// All names of the limit mean one thing: to set one is to replace all.
    [[nodiscard]] bool is_overridden(const Member& member) const
    {
        constexpr std::array limits{max_tokens, max_completion_tokens, max_output_tokens};
        const bool limit = std::any_of(limits.begin(), limits.end(),
                                       [&](auto name) { return has_key(member, name); });
        return std::any_of(rules_.overrides.begin(), rules_.overrides.end(), [&](const auto& each) {
            return has_key(member, each.first) ||
                   (limit && std::find(limits.begin(), limits.end(), each.first) != limits.end());
        });
    }

    /// Takes member `i` out with the comma in front of it, or, when nothing stays in front of it,
    /// with the one behind it.
    void remove(std::size_t i, std::size_t kept_before)
    {
        const auto& members = facts_.members;
        const auto& entry = members[i].entry;
        auto begin = entry.offset;
        auto end = entry.offset + entry.length;
        if (kept_before > 0) {
            begin = members[i - 1].entry.offset + members[i - 1].entry.length;
        } else if (i + 1 < members.size()) {
            end = members[i + 1].entry.offset;
        }
        splices_.add(begin, end - begin, "");
    }

    void change(const Member& member)
    {
        if (&member == renamed_) {
            const auto begin = member.entry.offset;
            splices_.add(begin, key_end(body_, begin) - begin, "\"max_tokens\"");
        }
        if (is(member.key, "metadata")) {
            if (const auto others = metadata_for_others(member.value.of(body_)))
                splices_.add(member.value.offset, member.value.length, *others);
        }
        if (asks_usage_ && member.key == stream_options) {
            ask_usage_in(member);
        }
    }

    void ask_usage_in(const Member& member)
    {
        const auto options = member.value.of(body_);
        const auto begin = member.value.offset;
        if (options.front() != '{') {
            splices_.add(begin, options.size(), R"({"include_usage":true})");
            return;
        }
        if (const auto flag = find_value(options, "include_usage")) {
            splices_.add(begin + flag->offset, flag->length, "true");
            return;
        }
        const bool is_empty = options.find_first_not_of(" \t\r\n", 1) == options.size() - 1;
        splices_.add(begin + 1, 0,
                     is_empty ? R"("include_usage":true)" : R"("include_usage":true,)");
    }

    void set_model(const Member& member, std::string_view upstream_model)
    {
        const auto wanted = json_quoted(upstream_model);
        if (member.value.of(body_) != wanted) {
            splices_.add(member.value.offset, member.value.length, wanted);
        }
        // The model is never dropped, so behind it is a place where members can always be added.
        if (const auto added = additions(); !added.empty()) {
            splices_.add(member.value.offset + member.value.length, 0, added);
        }
    }

    [[nodiscard]] std::string additions() const
    {
        std::string text;
        std::vector<std::string_view> added;
        if (asks_usage_ && find(stream_options) == nullptr) {
            text += R"(,"stream_options":{"include_usage":true})";
            added.push_back(stream_options);
        }
        const auto name_on_wire = [&](std::string_view key) {
            return rules_.rename_max_completion_tokens && key == max_completion_tokens ? max_tokens
                                                                                       : key;
        };
        for (const auto& [key, value] : rules_.overrides) {
            const auto name = name_on_wire(key);
            added.push_back(name);
            text.append(",").append(json_quoted(name)).append(":").append(value);
        }
        for (const auto& [key, value] : rules_.defaults) {
            const auto name = name_on_wire(key);
            if (is_set(name) || std::find(added.begin(), added.end(), name) != added.end()) {
                continue;
            }
            added.push_back(name);
            text.append(",").append(json_quoted(name)).append(":").append(value);
        }
        return text;
    }

    [[nodiscard]] bool is_set(std::string_view name) const
    {
        if (name == max_tokens || name == max_completion_tokens) {
            return find(max_tokens) != nullptr || find(max_completion_tokens) != nullptr;
        }
        return name == "model" || find(name) != nullptr;
    }

    const chat::RequestFacts& facts_;
    std::string_view body_;
    const WireRules& rules_;
    chat::Endpoint endpoint_;
    bool any_escaped_ = false;
    bool asks_usage_ = false;
    const Member* renamed_ = nullptr;
    const Member* superseded_ = nullptr;
    SpliceList splices_;
};

}  // namespace

std::vector<Splice> plan_edits(const chat::RequestFacts& facts, std::string_view body,
                               std::string_view upstream_model, const WireRules& rules,
                               UsageInjection usage, chat::Endpoint endpoint)
{
    return Plan(facts, body, rules, usage, endpoint).make(upstream_model);
}

std::vector<std::string_view> slices(std::string_view body, const std::vector<Splice>& edits)
{
    std::vector<std::string_view> out;
    out.reserve(2 * edits.size() + 1);
    const auto put = [&out](std::string_view slice) {
        if (!slice.empty()) {
            out.push_back(slice);
        }
    };
    std::size_t done = 0;
    for (const auto& edit : edits) {
        put(body.substr(done, edit.offset - done));
        put(edit.text);
        done = edit.offset + edit.length;
    }
    put(body.substr(done));
    return out;
}

std::vector<Splice> plan_multipart_edit(const chat::RequestFacts& facts,
                                        std::string_view upstream_model)
{
    std::vector<Splice> edits;
    for (const auto& member : facts.members) {
        if (member.key == "model" && facts.model != upstream_model) {
            edits.push_back(
                {member.value.offset, member.value.length, std::string(upstream_model)});
        }
    }
    return edits;
}

}  // namespace spillway::dialect
