#pragma once

#include "spillway/config/fields.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/config/values_budgets.hpp"
#include "spillway/config/values_queue.hpp"

/// Our own sections `routes`, `privacy` and `tokens`.
namespace spillway::config {

template <class Visitor>
void route_action_fields(Visitor& visit, RouteAction& action)
{
    visit("use", action.use,
          Doc{"Groups, aliases or deployments, best first. When one cannot serve, the next is "
              "tried; nothing beyond the list is."});
    visit("boundary", action.boundary,
          Doc{"`local` keeps the request on deployments that are local, through every retry and "
              "fallback; if none can serve, the answer is 503."});
    visit("strategy", action.strategy, Doc{"Inside a group, instead of the router's."});
    visit("params", action.parameters, Doc{"Parameters set over the request's own."});
    visit("max_cost", action.max_cost,
          Doc{"USD one attempt may cost at worst; dearer targets are skipped."});
    visit("timeout", action.timeout, Doc{"Bound on the whole request."});
    visit("first_token_timeout", action.first_token_timeout,
          Doc{"Bound on the wait for the first event of each attempt."});
    visit("patience", action.patience, Range{0, 3600},
          Doc{"How long the first token may be away before another place is better than a local "
              "engine's queue; that of `queue` when unset."});
    visit("overflow", action.overflow, Doc{"As in `queue`, which holds when unset."});
    visit("priority", action.priority,
          Doc{"In front of local engines: `interactive` goes before `batch`."});
    visit("clamp_max_tokens", action.answer_fit,
          Doc{"Shorten the answer that is asked for where prompt and answer do not fit the "
              "window, instead of skipping the target."});
    visit.known("verify", Support::supported,
                "The answer is checked before the client gets it, and asked for once more at the "
                "next target when it fails: a map, which may be empty.");
}

template <class Visitor>
void route_verify_fields(Visitor& visit, RouteVerify& verify)
{
    visit(
        "checks", verify.checks,
        Doc{"What makes an answer fail; all of them when unset: `empty`, `refused`, `cut` (by its "
            "length limit), `looping`, `not_json` and `off_schema` (where the request demands "
            "JSON), `no_call`, `unknown_tool` and `bad_arguments` (of tools)."});
    visit("min_logprob", verify.min_logprob, Range{-100, 0},
          Doc{"Fails an answer whose tokens have a lower mean log-probability (`unsure`). Only "
              "answers that tell it: set `logprobs: true` in the deployment's `litellm_params`."});
    visit("hold_tokens", verify.hold_tokens, Range{0, 100'000},
          Doc{"A stream is held back until it ends, or until so many tokens have come; then it is "
              "let go, and what is found later only marks the record. 0: not at all."});
    visit("hold_time", verify.hold_time,
          Doc{"The same, counted from its first token; whichever comes first."});
}

template <class Visitor>
void route_complexity_fields(Visitor& visit, RouteComplexity& complexity)
{
    visit("weights", complexity.weights,
          Doc{"File made by `spillway learn`; built in when unset."});
    visit("cloud_share", complexity.cloud_share,
          Doc{"The share of the route's requests for which `complexity: \">=complex\"` holds: the "
              "cut follows the traffic."});
    visit("cloud_share_cap", complexity.cloud_share_cap,
          Doc{"Never more than this share; half as much again when unset."});
    visit("gain_worth", complexity.gain_worth,
          Doc{"USD that a certain gain is worth: `>=complex` holds when the expected gain times "
              "this is above the price of the first priced target."});
    visit("cuts", complexity.cuts, Doc{"Three scores between the four tiers."});
}

template <class Visitor>
void route_shadow_fields(Visitor& visit, RouteShadow& shadow)
{
    visit("group", shadow.group, Doc{"The second group, whose answer is compared and dropped."});
    visit("against", shadow.against,
          Doc{"Where a sampled request goes that `group` itself served; without it the first group "
              "of the route that is another one."});
    visit("role", shadow.role,
          Doc{"Which model of the pair `group` is. `by_price`: the dearer one is strong; of equal "
              "ones the remote one, else `group`."});
    visit("share", shadow.share, Doc{"Part of the requests, drawn evenly; never a private one."});
    visit("judge", shadow.judge,
          Doc{"Group that grades pairs which deterministic checks and agreement leave open."});
    visit("max_cost_per_day", shadow.max_cost_per_day,
          Doc{"USD per day (UTC) for shadows and judging; the sample stops there."});
    visit("keep_text", shadow.keep_text,
          Doc{"Keep prompt and answers for `spillway review`; otherwise only features."});
    visit("keep_text_days", shadow.keep_text_days, Range{1, 365}, Doc{"Older texts are removed."});
}

template <class Visitor>
void route_fields(Visitor& visit, Route& route)
{
    visit.known("rules", Support::supported,
                "List of rules, `name`, `when` and what to do; the first that holds wins.");
    visit.known("otherwise", Support::supported,
                "What to do when no rule holds: a list of groups, or a map as in a rule. "
                "Required.");
    visit.known("complexity", Support::supported, "How the route reads the complexity score.");
    visit.known("shadow", Support::supported,
                "A sample of the requests is answered by a second group as well: what `spillway "
                "learn` learns from.");
    visit("on_budget", route.on_budget,
          Doc{"From a used share of the tightest budget that pays on: `{80%: local-first, 100%: "
              "local-only}`. That of `budgets` when unset."});
    visit("captures", route.captures,
          Doc{"Models that this route decides for although clients name them; may end in `*`. A "
              "group's aliases and the ids of its deployments are taken with it."});
}

template <class Visitor>
void privacy_fields(Visitor& visit, Privacy& privacy)
{
    visit("local_only", privacy.local_only,
          Doc{"Classes of sensitive text that keep any request local, whatever it asks for."});
    visit.known("patterns", Support::supported,
                "Own classes: a map of id to `patterns` (RE2) and `words`.");
    visit("allow_words", privacy.allow_words,
          Doc{"Findings that do not count, such as test data."});
    visit("local_hosts", privacy.local_hosts,
          Doc{"Hosts that count as local beside loopback and private addresses."});
    visit("local_keys", privacy.local_keys,
          Doc{"Keys whose requests stay local, by alias or hash."});
}

template <class Visitor>
void tokens_fields(Visitor& visit, TokenCounting& tokens)
{
    visit(
        "vocabularies", tokens.vocabularies,
        Doc{"Directory of *.tiktoken files for exact counts; without them counts are estimated."});
}

}  // namespace spillway::config
