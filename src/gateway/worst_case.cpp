#include "spillway/gateway/worst_case.hpp"

#include <algorithm>

#include "member_number.hpp"
#include "spillway/ledger/cost.hpp"

namespace spillway::gateway {
namespace {

/// What a picture can come to at most where its size is not looked at.
constexpr std::int64_t tokens_per_image = 3'000;
/// Chat templates add a few tokens to each message; its role is among the text that is counted.
constexpr std::int64_t tokens_of_template = 64;

}  // namespace

route::AnswerAsked asked_by(const InferenceRequest& request,
                            const std::vector<config::Parameter>& parameters)
{
    const auto& facts = request.facts;
    auto asked =
        route::answer_asked({facts.max_tokens, choices_of(facts, request.body)}, parameters);
    // Nothing is written.
    if (request.endpoint() == chat::Endpoint::embeddings)
        asked.longest = Tokens{0};
    return asked;
}

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
    const auto asked = asked_by(request, parameters);
    const auto words = route::worst_cost(deployment, prompt, asked.longest, asked.choices);
    if (!words)
        return std::nullopt;
    return *words + ledger::time_cost(upstream.rate, bound);
}

}  // namespace spillway::gateway
