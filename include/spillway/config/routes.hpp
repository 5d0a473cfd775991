#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/config/parameter.hpp"
#include "spillway/config/position.hpp"
#include "spillway/config/queue.hpp"
#include "spillway/config/strategy.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/review/fault.hpp"
#include "spillway/score/score.hpp"

/// Our own `routes:` section as values: virtual models, their rules, what a rule asks and does.
namespace spillway::config {

/// An interval of numbers; an end that is not set is unbounded.
struct Span {
    enum class End : std::uint8_t { closed, open };
    std::optional<double> low;
    std::optional<double> high;
    End low_end = End::closed;  ///< Open for ">": the end itself is outside.
    End high_end = End::closed;
    [[nodiscard]] bool holds(double value) const
    {
        const bool above = !low || value > *low || (low_end == End::closed && value == *low);
        const bool below = !high || value < *high || (high_end == End::closed && value == *high);
        return above && below;
    }
    /// True when no number holds.
    [[nodiscard]] bool empty() const
    {
        if (!low || !high)
            return false;
        const bool closed = low_end == End::closed && high_end == End::closed;
        return *low > *high || (*low == *high && !closed);
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
    open_webui_title,  ///< Chat titles, tags, follow-up questions, search queries, emoji.
    open_webui_tags,
    open_webui_follow_up,
    open_webui_query,
    open_webui_other,         ///< Its further task templates.
    coding_agent,             ///< Claude Code, Codex, Aider, Cline ...: the work itself.
    coding_agent_background,  ///< Their titles, summaries, quota and topic probes.
};

/// Which text `words` and `matches` are looked for in.
enum class Where : std::uint8_t { last_user, user, system, all };

/// State of a group: `healthy` and `warm` when one member is, `saturated` when none of them can
/// take a request now.
enum class GroupState : std::uint8_t { healthy, saturated, warm };

struct NumberIs {
    Measure measure{};
    Span span;
};
/// At or between tiers, both included; a score that abstains is moderate.
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
/// Classes, groups of them, the operator's own ids, or `any`: names, because the own ones are
/// known only when the whole file is. Resolved when the rules are compiled.
struct IsSensitive {
    std::vector<std::string> any_of;
    privacy::ClassSet classes;  ///< Filled in by `route::CompiledRoute`.
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
    Position at;
    /// Hash of what is looked for in the request itself; filled in by `route::CompiledRoute`.
    std::uint64_t question = 0;
};

enum class AnswerFit : std::uint8_t { as_asked, clamp };

/// An answer is checked before the client gets it; one that fails is asked for again at the next
/// target, once.
struct RouteVerify {
    review::FaultSet checks = review::FaultSet::all();
    std::optional<double> min_logprob;  ///< Mean per token, below 0.
    std::int64_t hold_tokens = 200;     ///< Of a stream; then it is let go.
    Millis hold_time{2'000};            ///< From its first token; whichever comes first.
    friend bool operator==(const RouteVerify&, const RouteVerify&) = default;
};

/// What a rule, or `otherwise`, does.
struct RouteAction {
    std::vector<std::string> use;  ///< Groups, aliases or deployment ids, best first.
    privacy::Boundary boundary = privacy::Boundary::any;
    std::optional<Strategy> strategy;
    std::vector<Parameter> parameters;  ///< Set over the request's own.
    std::optional<NanoUsd> max_cost;    ///< Worst case of one attempt; dearer targets are skipped.
    std::optional<Millis> timeout;
    std::optional<Millis> first_token_timeout;
    std::optional<Millis> patience;  ///< These three instead of those of `queue`.
    std::optional<Overflow> overflow;
    std::optional<Urgency> priority;
    AnswerFit answer_fit = AnswerFit::as_asked;  ///< `clamp_max_tokens: true`
    std::optional<RouteVerify> verify;
};

struct RouteRule {
    /// Of a `when` that was reported as wrong nothing follows: `when` holds what could be read.
    enum class Reading : std::uint8_t { whole, in_part };

    std::string name;
    Condition when;
    RouteAction action;
    Position at;
    Reading reading = Reading::whole;
};

/// A part of a whole, 0..1; written as "20%" or 0.2.
struct Share {
    double part = 0;
    friend auto operator<=>(const Share&, const Share&) = default;
};

/// How a route reads the complexity score.
struct RouteComplexity {
    std::string weights;  ///< File; empty means the built-in ones.
    /// Instead of fixed cuts: `>=complex` holds for this share of the route's requests.
    std::optional<Share> cloud_share;
    std::optional<Share> cloud_share_cap;  ///< Never more than this; half as much again when unset.
    std::optional<NanoUsd> gain_worth;     ///< Utility: what one whole unit of gain may cost.
    std::vector<double> cuts;              ///< Three scores, instead of the weights' own.
};

/// Which model of a compared pair the shadow's group is.
enum class ShadowRole : std::uint8_t {
    by_price,  ///< The dearer one is strong; of equal ones the remote one, else the shadow's group.
    strong,
    weak,
};

/// A sample of a route's requests is sent to a second group as well.
struct RouteShadow {
    std::string group;
    /// Where a sampled request goes that `group` itself served; empty: the first group of the
    /// route that is another one.
    std::string against;
    ShadowRole role = ShadowRole::by_price;  ///< Of `group`.
    Share share{0.01};
    std::string judge;  ///< Group that grades; empty: by deterministic checks and agreement.
    NanoUsd max_cost_per_day{1'000'000'000};
    bool keep_text = false;  ///< For `spillway review`; otherwise features alone are kept.
    std::int64_t keep_text_days = 30;
};

struct Route {
    std::string name;
    std::vector<RouteRule> rules;
    RouteAction otherwise;
    RouteComplexity complexity;
    std::optional<RouteShadow> shadow;
    std::vector<BudgetStep> on_budget;  ///< Rising; the section's when empty.
    std::vector<std::string>
        captures;  ///< Explicit models that this route decides for; may end in `*`.
    Position at;
};

/// A pattern or word list of the operator's own, with the id that records show.
struct SensitivePattern {
    std::string id;                     ///< Not the id of a built-in class.
    std::vector<std::string> patterns;  ///< RE2
    std::vector<std::string> words;
    Position at;
};

/// Our own `privacy:` section.
struct Privacy {
    std::vector<std::string> local_only;  ///< Classes that keep any request local, route or not.
    std::vector<SensitivePattern> patterns;
    std::vector<std::string> allow_words;
    std::vector<std::string> local_hosts;  ///< Beside loopback and private addresses.
    std::vector<std::string> local_keys;   ///< Keys (alias or hash) whose requests stay local.
    Position at;
};

/// Our own `tokens:` section.
struct TokenCounting {
    std::string vocabularies;  ///< Directory; empty: where scripts/build puts them, if anywhere.
};

}  // namespace spillway::config
