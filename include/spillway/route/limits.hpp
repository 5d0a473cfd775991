#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/chat/choices.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/route/access.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// Why a deployment may be used or not. From `beyond_boundary` to `not_allowed` it may not,
/// whatever else fails; the last six say that it is a bad moment.
enum class Verdict : std::uint8_t {
    kept,
    beyond_boundary,  ///< Remote, and the request must stay local.
    too_small,        ///< Prompt and answer do not fit its window.
    too_dear,         ///< Its worst case is over the ceiling, or its price is not known.
    cannot,           ///< It is known to lack what the request needs.
    other_vectors,    ///< Another model than the one whose embeddings were asked for.
    not_allowed,      ///< The caller's key may not be led there.
    resting,          ///< Cooling down now.
    saturated,        ///< At its `max_parallel_requests`, `rpm` or `tpm` now.
    unreachable,      ///< Its last health check failed.
    loading,          ///< Its engine loads the model now.
    spent,            ///< Its provider's quota is too small for the prompt now.
    over_budget,      ///< A budget that pays for it has not enough left now.
};
[[nodiscard]] std::string_view name(Verdict verdict);
[[nodiscard]] constexpr bool rules_out(Verdict verdict)
{
    return verdict != Verdict::kept && verdict < Verdict::resting;
}

/// A whole in the millionths of `Features::largest_input`.
inline constexpr std::uint32_t whole_prompt = 1'000'000;

/// What the largest prompt of a list has of the tokens of all; rounded up.
[[nodiscard]] Tokens largest_of(Tokens prompt, std::uint32_t largest_input);

enum class Fit : std::uint8_t { unchecked, checked };

/// What every deployment that a request is sent to must satisfy, on every retry and fallback.
struct Limits {
    privacy::Boundary boundary = privacy::Boundary::any;
    Fit fit = Fit::unchecked;  ///< Only routes check the window unasked: LiteLLM does not.
    config::AnswerFit answer_fit = config::AnswerFit::as_asked;
    config::Task task = config::Task::other;  ///< `other`: any mode serves.
    ContentSet content;
    Tokens prompt{};      ///< Upper end, where the deployment's own family was not counted.
    FamilyTokens uppers;  ///< Upper ends by family.
    std::uint32_t largest_input = 0;  ///< As in `Features`.
    std::optional<Tokens> answer;
    chat::Choices choices;  ///< How many answers are paid for.
    std::optional<NanoUsd> max_cost;
    Access access;        ///< Of places, by name: looked at wherever one is entered.
    std::string vectors;  ///< Of embeddings: nobody serves who makes others. Empty: anybody does.

    /// The prompt at most, as the deployment's model counts it.
    [[nodiscard]] Tokens prompt_for(const Deployment& deployment) const
    {
        return uppers.of(deployment.family, prompt);
    }
    /// What of it the deployment's window must hold at once.
    [[nodiscard]] Tokens largest_for(const Deployment& deployment) const
    {
        return largest_of(prompt_for(deployment), largest_input);
    }
    friend bool operator==(const Limits&, const Limits&) = default;
};

/// What a page calls the answer's length, where nobody says otherwise.
[[nodiscard]] std::string_view length_name(Wording wording);

/// What a rule sets, as the page takes it: lengths under its own name, and nothing that only chat
/// completions know, which others refuse. Whoever judges by a rule's parameters judges by these.
[[nodiscard]] std::vector<config::Parameter> parameters_for(Wording wording,
                                                            std::vector<config::Parameter> set);

/// The longest answer that these parameters set; empty when none of them does.
[[nodiscard]] std::optional<Tokens> answer_length(const std::vector<config::Parameter>& parameters);

/// What is asked for: how long an answer may be (empty: nobody said), and how many of them.
struct AnswerAsked {
    std::optional<Tokens> longest;
    chat::Choices choices;
};

/// What is asked for once these parameters have gone over `own`, as they do on the wire.
[[nodiscard]] AnswerAsked answer_asked(AnswerAsked own,
                                       const std::vector<config::Parameter>& parameters);

/// What `request` asks for under a rule that sets these. Vectors have no length that could be set.
[[nodiscard]] AnswerAsked answer_under(const Features& request,
                                       const std::vector<config::Parameter>& parameters);

/// What an answer may grow to where neither the request nor the model says.
inline constexpr Tokens usual_longest_answer{16'384};

/// What the deployment itself is asked for: what a request says, else what the deployment adds to
/// requests that say nothing.
[[nodiscard]] std::optional<Tokens> asked_of(const Deployment& deployment,
                                             std::optional<Tokens> asked);

/// How long one answer of the deployment may become: what is asked for, else what the deployment
/// adds to requests that ask for nothing, else what its model can.
[[nodiscard]] Tokens longest_answer(const Deployment& deployment, std::optional<Tokens> asked);

/// The most that one attempt can cost: the whole prompt and the longest answer at the dearest tier,
/// as often as an answer is paid for. Budgets, ceilings and explanations all ask here. Empty when
/// a price is unknown.
[[nodiscard]] std::optional<NanoUsd> worst_cost(const Deployment& deployment, Tokens prompt,
                                                std::optional<Tokens> answer,
                                                chat::Choices choices);

/// Which vectors `deployment` makes when `wildcard` is what `*` stands for.
[[nodiscard]] std::string vectors_of(const Deployment& deployment, std::string_view wildcard);
/// Which vectors requests for that place are answered with: those of its first deployment.
[[nodiscard]] std::string vectors_at(const Resolved& place, const RoutingTable& table);
/// May its vectors stand beside those that were asked for?
[[nodiscard]] bool keeps_vectors(const Deployment& deployment, std::string_view wildcard,
                                 const Limits& limits);

/// The window that holds: the smaller one of what the file (or the price table) says and what the
/// engine told (`DeploymentState::window`); empty when neither is known.
[[nodiscard]] std::optional<Tokens> window_of(const Deployment& deployment,
                                              std::optional<Tokens> told);

/// The longest answer that the model writes and that still fits beside the prompt; empty when
/// neither is known.
/// @param told  As for `window_of`.
[[nodiscard]] std::optional<Tokens> room_for_answer(const Deployment& deployment,
                                                    std::optional<Tokens> told, Tokens prompt);

/// Does `deployment` satisfy `limits`, whatever the moment? @param told  As for `window_of`.
[[nodiscard]] Verdict judge(const Deployment& deployment, const Limits& limits,
                            std::optional<Tokens> told);

/// The same, and whether the moment is a good one.
[[nodiscard]] Verdict judge(const Deployment& deployment, const Limits& limits,
                            const DeploymentState& state, TimePoint now);

}  // namespace spillway::route
