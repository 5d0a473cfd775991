#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"
#include "spillway/config/fields_router.hpp"
#include "spillway/config/section.hpp"

/// The compound values of routing: fallbacks, policies, aliases, headers, and the words of enums.
namespace spillway::config {

namespace {

constexpr std::array<std::pair<std::string_view, Strategy>, 8> strategies{{
    {"simple-shuffle", Strategy::simple_shuffle},
    {"least-busy", Strategy::least_busy},
    {"usage-based-routing", Strategy::usage_based},
    {"usage-based-routing-v2", Strategy::usage_based},
    {"latency-based-routing", Strategy::latency_based},
    {"cost-based-routing", Strategy::cost_based},
    {"ordered", Strategy::ordered},
    {"power-of-two-choices", Strategy::two_choices},
}};

constexpr std::array<std::pair<std::string_view, Mode>, 14> modes{{
    {"chat", Mode::chat},
    {"completion", Mode::completion},
    {"embedding", Mode::embedding},
    {"responses", Mode::other},
    {"image_generation", Mode::other},
    {"image_edit", Mode::other},
    {"audio_transcription", Mode::other},
    {"audio_speech", Mode::other},
    {"rerank", Mode::other},
    {"batch", Mode::other},
    {"realtime", Mode::other},
    {"ocr", Mode::other},
    {"moderation", Mode::other},
    {"video_generation", Mode::other},
}};

constexpr std::array<std::pair<std::string_view, Durability>, 2> durabilities{{
    {"process", Durability::process},
    {"power", Durability::power},
}};

constexpr std::array<std::pair<std::string_view, OnFailure>, 2> failure_modes{{
    {"refuse_priced", OnFailure::refuse_priced},
    {"serve", OnFailure::serve},
}};

/// Headers that frame the message or name the peer; the daemon writes them itself.
constexpr std::array<std::string_view, 11> own_headers{"host",
                                                       "content-length",
                                                       "transfer-encoding",
                                                       "connection",
                                                       "keep-alive",
                                                       "te",
                                                       "trailer",
                                                       "upgrade",
                                                       "expect",
                                                       "proxy-authorization",
                                                       "accept-encoding"};

bool is_header_name(std::string_view name)
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [marks](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

/// One target of a fallback: a name, or LiteLLM's object with a `model` in it.
bool read_target(const Node& node, std::vector<std::string>& out, const Reading& reading)
{
    const Node* name = &node;
    if (node.kind == Node::Kind::map) {
        name = node.find("model");
        if (name == nullptr)
            return reading.wrong(node.at, "a target that is a map needs a `model`");
        reading.findings.seen(reading.path + "[].model", Support::different,
                              "of a target that is a map, only `model` is used");
    }
    std::string target;
    if (!read(*name, target, reading))
        return false;
    reading.findings.refer(name->at, target, reading.path);
    out.push_back(std::move(target));
    return true;
}

bool read_targets(const Node& node, std::vector<std::string>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::sequence)
        return node.kind == Node::Kind::null || read_target(node, out, reading);
    bool good = true;
    for (const auto& item : node.items)
        good = read_target(item, out, reading) && good;
    return good;
}

}  // namespace

std::span<const std::pair<std::string_view, Strategy>> words_of(Strategy)
{
    return strategies;
}
std::span<const std::pair<std::string_view, Mode>> words_of(Mode)
{
    return modes;
}
std::span<const std::pair<std::string_view, Durability>> words_of(Durability)
{
    return durabilities;
}
std::span<const std::pair<std::string_view, OnFailure>> words_of(OnFailure)
{
    return failure_modes;
}

bool read(const Node& node, std::vector<Header>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map of headers");
    std::vector<Header> headers;
    for (const auto& entry : node.entries) {
        if (!is_header_name(entry.key))
            return reading.wrong(entry.at, "not the name of a header");
        const auto name = lower(entry.key);
        if (std::find(own_headers.begin(), own_headers.end(), name) != own_headers.end())
            return reading.wrong(entry.at, "spillway writes the header \"" + name + "\" itself");
        Secret value;
        if (!entry.value.is_null() && !read(entry.value, value, reading))
            return false;
        headers.push_back({entry.key, std::move(value)});
    }
    // `headers` and `extra_headers` are one list; the later key adds to the earlier.
    out.insert(out.end(), headers.begin(), headers.end());
    return true;
}

bool read(const Node& node, std::vector<FallbackRule>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::sequence)
        return reading.expected(node, "a list of maps, like [{\"a\": [\"b\"]}]");
    std::vector<FallbackRule> rules;
    bool good = true;
    for (const auto& item : node.items) {
        if (item.kind != Node::Kind::map) {
            good = reading.expected(item, "a map from a group to its targets");
            continue;
        }
        for (const auto& entry : item.entries) {
            FallbackRule rule{entry.key, {}};
            if (rule.group != "*")
                reading.findings.refer(entry.at, rule.group, reading.path);
            good = read_targets(entry.value, rule.targets, reading) && good;
            rules.push_back(std::move(rule));
        }
    }
    out = std::move(rules);
    return good;
}

bool read(const Node& node, RetryPolicy& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map of numbers by kind of error");
    SectionLoader load(node, reading.path, reading.findings);
    retry_policy_fields(load, out, reading.traits.suffix);
    load.refuse_rest(Unknown::warn);
    return true;
}

bool read(const Node& node, std::map<std::string, Alias>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map from a name to a group");
    bool good = true;
    for (const auto& entry : node.entries) {
        Alias alias;
        const Node* group = &entry.value;
        if (entry.value.kind == Node::Kind::map) {
            group = entry.value.find("model");
            if (const auto* hidden = entry.value.find("hidden"); hidden != nullptr)
                good = read(*hidden, alias.hidden, reading) && good;
        }
        if (group == nullptr) {
            good = reading.wrong(entry.value.at, "an alias that is a map needs a `model`");
            continue;
        }
        if (!read(*group, alias.group, reading)) {
            good = false;
            continue;
        }
        reading.findings.refer(group->at, alias.group, reading.path,
                               Reference::Of::models_and_routes);
        out.insert_or_assign(entry.key, std::move(alias));
    }
    return good;
}

bool read(const Node& node, std::map<std::string, GroupRetryPolicy>& out, const Reading& reading)
{
    if (node.kind != Node::Kind::map)
        return reading.expected(node, "a map from a group to its policy");
    for (const auto& entry : node.entries) {
        if (entry.value.is_null() || !is_section(&entry.value, reading.path, reading.findings))
            continue;
        reading.findings.refer(entry.at, entry.key, reading.path);
        GroupRetryPolicy policy;
        const Reading inner{reading.findings, reading.traits, reading.path + ".*"};
        SectionLoader load(entry.value, inner.path, reading.findings);
        group_retry_policy_fields(load, policy);
        load.refuse_rest(Unknown::warn);
        if (const auto* targets = entry.value.find("fallbacks"); targets != nullptr)
            read_targets(*targets, policy.fallbacks, inner);
        out.insert_or_assign(entry.key, std::move(policy));
    }
    return true;
}

std::string type_name(const std::vector<FallbackRule>&, const Traits&)
{
    return "list of `{group: [target, ...]}`";
}
std::string type_name(const RetryPolicy&, const Traits& traits)
{
    const std::string suffix(traits.suffix);
    return "map of `BadRequestError" + suffix + "`, `AuthenticationError" + suffix +
           "`, `TimeoutError" + suffix + "`, `RateLimitError" + suffix +
           "`, `ContentPolicyViolationError" + suffix + "`, `InternalServerError" + suffix +
           "` to numbers";
}
std::string type_name(const std::map<std::string, Alias>&, const Traits&)
{
    return "map of name to group";
}
std::string type_name(const std::map<std::string, GroupRetryPolicy>&, const Traits&)
{
    return "map of group to policy";
}

std::string shown(const RetryPolicy&, const Traits&)
{
    return {};
}

}  // namespace spillway::config
