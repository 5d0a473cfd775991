#include "spillway/gateway/worst_case.hpp"

#include <algorithm>

#include "member_number.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/route/limits.hpp"

namespace spillway::gateway {
namespace {

/// What a picture can come to at most where its size is not looked at.
constexpr std::int64_t tokens_per_image = 3'000;
/// Chat templates add a few tokens to each message; its role is among the text that is counted.
constexpr std::int64_t tokens_of_template = 64;
constexpr std::int64_t most_choices = 128;

/// "n" and "best_of": each is an answer that is paid for.
std::int64_t choices(const InferenceRequest& request)
{
    const auto n = number_at(request, "n").value_or(1);
    const auto best_of = number_at(request, "best_of").value_or(1);
    return std::clamp<std::int64_t>(std::max(n, best_of), 1, most_choices);
}

/// The longest answer: what the rule sets, what the client asks for, what the deployment adds.
std::optional<Tokens> longest_answer(const InferenceRequest& request,
                                     const std::vector<config::Parameter>& parameters,
                                     const Upstream& upstream)
{
    if (request.endpoint() == chat::Endpoint::embeddings)
        return Tokens{0};
    auto longest = route::answer_length(parameters);
    if (!longest)
        longest = request.facts.max_tokens;
    if (!longest)
        longest = upstream.default_answer;
    return longest;
}

}  // namespace

std::optional<NanoUsd> worst_case(const InferenceRequest& request,
                                  const std::vector<config::Parameter>& parameters,
                                  DeploymentIndex index, Millis bound)
{
    const auto& snapshot = *request.arrival.snapshot;
    const auto& upstream = snapshot.upstreams[at(index)];
    const auto& deployment = snapshot.table[index];
    const auto& facts = request.facts;
    // No tokenizer makes more tokens of a text than it has bytes: what holds must not be a guess.
    const auto text = static_cast<std::int64_t>(facts.text_bytes) + tokens_of_template;
    const auto pictures = static_cast<std::int64_t>(facts.image_count) * tokens_per_image;
    const Tokens prompt{std::max(text + std::max(pictures, count(request.beside_text)),
                                 count(request.prompt_estimate))};
    const auto answer = longest_answer(request, parameters, upstream);
    const auto times = choices(request);
    const auto once = route::worst_cost(deployment, prompt, answer);
    const auto prompt_only = route::worst_cost(deployment, prompt, Tokens{0});
    const auto time = ledger::time_cost(upstream.rate, bound);
    if (!once || !prompt_only)
        return std::nullopt;
    const auto answers = (count(*once) - count(*prompt_only)) * times;
    return NanoUsd{count(*prompt_only) + answers + count(time)};
}

}  // namespace spillway::gateway
