#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/score/tier.hpp"

/// Our own `routes:` section as values: virtual models, their rules, what a rule asks and does.
namespace spillway::config {

/// A closed interval of a number; an end that is not set is open.
struct Span {
    std::optional<double> low;
    std::optional<double> high;
    bool low_open = false;   ///< ">": the end itself is outside.
    bool high_open = false;  ///< "<"
    [[nodiscard]] bool holds(double value) const
    {
        return (!low || value > *low || (!low_open && value == *low)) &&
               (!high || value < *high || (!high_open && value == *high));
    }
    friend bool operator==(const Span&, const Span&) = default;
};

/// What a number condition looks at; the unit is part of the name.
enum class Measure : std::uint8_t {
    prompt_tokens,  ///< The upper end of the count's error band.
    total_tokens,   ///< Prompt and the longest answer asked for, upper end.
    turns,          ///< Messages of the user.
    score,          ///< 0..1; never holds when the score abstains.
    cost_usd,       ///< Worst case on the first target of `use` that is priced.
};

/// What a request may carry besides words.
enum class Content : std::uint8_t { code, images, audio, files, tools, json_schema };
enum class Task : std::uint8_t { chat, completion, embedding, other };

/// Small calls that clients make in the background, and who makes the others.
enum class ClientKind : std::uint8_t {
    unknown,
    open_webui_title,      ///< Chat titles, tags, follow-up questions, search queries, emoji.
    open_webui_tags,
    open_webui_follow_up,
    open_webui_query,
    open_webui_other,      ///< Its further task templates.
    coding_agent,          ///< Claude Code, Codex, Aider, Cline ...: the work itself.
    coding_agent_background,  ///< Their titles, summaries, quota and topic probes.
};

/// Which text `words` and `matches` are looked for in.
enum class Where : std::uint8_t { last_user, user, system, all };

/// State of a group: true when it holds for at least one member that is allowed.
enum class GroupState : std::uint8_t { healthy, saturated, warm };

struct NumberIs {
    Measure measure{};
    Span span;
};
/// At or between tiers, both included; an abstained score counts as `score::abstained_tier`.
struct TierIs {
    score::Tier low{};
    score::Tier high{};
};
struct HasContent {
    std::vector<Content> any_of;
};
struct TaskIs {
    std::vector<Task> any_of;
};
struct ClientIs {
    std::vector<ClientKind> any_of;
};
/// Whole words or phrases, case folded; or regular expressions (RE2).
struct SaysWords {
    std::vector<std::string> any_of;
    Where where = Where::last_user;
};
struct Matches {
    std::vector<std::string> any_of;
    Where where = Where::last_user;
};
struct IsSensitive {
    privacy::ClassSet any_of;
};
/// `value` may end in `*`; empty means that it only has to be there.
struct HeaderIs {
    std::string name;
    std::vector<std::string> any_of;
};
struct MetadataIs {
    std::string path;  ///< "a.b" under `metadata`.
    std::vector<std::string> any_of;
};
enum class Identity : std::uint8_t { key, team, end_user, tag };
struct IdentityIs {
    Identity identity{};
    std::vector<std::string> any_of;  ///< May end in `*`.
};
/// Minutes of a week in the routes' time zone, Monday 00:00 is 0; the end is excluded.
struct TimeIs {
    struct Window {
        int from = 0;
        int to = 0;
    };
    std::vector<Window> any_of;
};
struct BudgetLeft {
    std::string scope = "any";  ///< "proxy", "key", "team", "route", "any": the tightest.
    Span percent;
};
struct GroupIs {
    std::string group;
    GroupState state{};
};
struct Condition;
struct AllOf {
    std::vector<Condition> parts;
};
struct AnyOf {
    std::vector<Condition> parts;
};
struct NotAny {
    std::vector<Condition> parts;  ///< `not`: holds when none of them does.
};

/// One condition of a `when:`. An empty `AllOf` always holds.
struct Condition {
    std::variant<AllOf, AnyOf, NotAny, NumberIs, TierIs, HasContent, TaskIs, ClientIs, SaysWords,
                 Matches, IsSensitive, HeaderIs, MetadataIs, IdentityIs, TimeIs, BudgetLeft,
                 GroupIs>
        test;
    std::string where;  ///< "file:line:column"
};

enum class AnswerFit : std::uint8_t { as_asked, clamp };

/// What a rule, or `otherwise`, does.
struct RouteAction {
    std::vector<std::string> use;  ///< Groups, aliases or deployment ids, best first.
    privacy::Boundary boundary = privacy::Boundary::any;
    std::optional<Strategy> strategy;
    std::vector<Parameter> parameters;  ///< Set over the request's own.
    std::optional<NanoUsd> max_cost;    ///< Worst case of one attempt; dearer targets are skipped.
    std::optional<Millis> timeout;
    std::optional<Millis> first_token_timeout;
    AnswerFit answer_fit = AnswerFit::as_asked;  ///< `clamp_max_tokens: true`
};

struct RouteRule {
    std::string name;
    Condition when;
    RouteAction action;
    std::string where;
};

/// Where the tiers of a route lie, or how much of its traffic may go beyond local.
struct RouteComplexity {
    std::string weights;  ///< File; empty means the built-in ones.
    std::optional<double> cloud_share;      ///< 0..1: `complexity: ">=complex"` means this share.
    std::optional<double> cloud_share_cap;  ///< Hard cap; twice the share when unset.
    std::optional<double> gain_per_usd;     ///< Utility: worth of one unit of expected gain.
    std::vector<double> cuts;               ///< Three scores, overriding the weights' own.
};

/// A sample of a route's requests is sent to a second group as well.
struct RouteShadow {
    std::string group;
    double share = 0.01;
    std::optional<std::string> judge;   ///< Group that grades; else by checks and agreement.
    std::optional<NanoUsd> max_cost_per_day;
    bool keep_text = false;
};

struct Route {
    std::string name;
    std::vector<RouteRule> rules;
    RouteAction otherwise;
    RouteComplexity complexity;
    std::optional<RouteShadow> shadow;
    std::vector<std::string> captures;  ///< Explicit models that this route decides for; may end in `*`.
    std::string where;
};

/// A pattern or word list of the operator's own, with the id that records show.
struct SensitivePattern {
    std::string id;
    std::vector<std::string> patterns;  ///< RE2
    std::vector<std::string> words;
    std::string where;
};

/// Our own `privacy:` section.
struct Privacy {
    privacy::ClassSet local_only;  ///< Classes that keep any request local, route or not.
    std::vector<SensitivePattern> patterns;
    std::vector<std::string> allow_words;
    std::vector<std::string> local_hosts;  ///< Beside loopback and private addresses.
    std::vector<std::string> local_keys;   ///< Keys (alias or hash) whose requests stay local.
};

}  // namespace spillway::config
