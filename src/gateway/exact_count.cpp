#include "spillway/gateway/exact_count.hpp"

#include <algorithm>
#include <utility>

#include "spillway/engine/token_count.hpp"
#include "spillway/net/ask.hpp"
#include "spillway/route/limits.hpp"
#include "spillway/tokens/family.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {

namespace {

constexpr Millis patience{250};
constexpr std::size_t most_text = std::size_t{4} << 20;
constexpr std::size_t most_answer = std::size_t{8} << 20;

/// Might the prompt fit, or not, beside an answer whose length a rule sets? No rule was chosen yet,
/// so each of them is looked at.
bool doubtful_by_a_rule(const config::Route& route, Tokens best, Tokens upper, Tokens window)
{
    const auto doubtful = [&](const config::RouteAction& action) {
        const auto set = route::answer_length(action.parameters);
        return set && best + *set <= window && upper + *set > window;
    };
    return doubtful(route.otherwise) ||
           std::any_of(route.rules.begin(), route.rules.end(),
                       [&](const config::RouteRule& rule) { return doubtful(rule.action); });
}

/// Where `estimate <= window < upper end`, with the answer on top where somebody said how long.
bool is_doubtful(const Described& described, const route::Deployment& deployment,
                 const route::DeploymentState& state)
{
    const auto& features = described.features;
    const auto window = route::window_of(deployment, state.window);
    if (!window || state.unreachable || state.loading)
        return false;
    const auto answer = route::asked_of(deployment, features.answer).value_or(Tokens{1});
    const auto upper = route::largest_of(
        features.uppers.of(deployment.family, features.prompt_upper), features.largest_input);
    const auto best = route::largest_of(features.prompt, features.largest_input);
    return (upper + answer > *window && best < *window) ||
           doubtful_by_a_rule(described.route->source(), best, upper, *window);
}

/// All that is said in the prompt; numbers and names of members are not counted.
std::string text_of(const chat::Prompt& prompt)
{
    std::string text;
    for (const auto& piece : prompt.pieces) {
        if (piece.speaker == chat::Speaker::nobody)
            continue;
        if (!text.empty())
            text.push_back('\n');
        text.append(piece.text);
    }
    return text;
}

/// A path of the server that the deployment's `/v1` belongs to.
std::string beside_v1(std::string_view base, std::string_view path)
{
    if (base.ends_with("/v1"))
        base.remove_suffix(3);
    return std::string(base) + std::string(path);
}

/// Only local engines are asked, so the text stays local whatever a rule will say of it.
net::Task<std::optional<std::string>> ask(const DoubtfulFit& fit, const InferenceRequest& request,
                                          Services& services)
{
    const auto& snapshot = *request.arrival.snapshot;
    const auto& upstream = snapshot.upstreams[at(fit.deployment)];
    const std::string_view body = fit.question;
    net::UpstreamRequest question;
    question.head = question_head(upstream, fit.path, body.size());
    question.body = {&body, 1};
    net::CallBounds bounds(passage_to(snapshot, fit.deployment, {}, privacy::Boundary::local));
    bounds.connect = patience;
    bounds.deadline = services.clock.now() + patience;
    net::UpstreamCall call(services.shard);
    auto answer = co_await net::ask(call, upstream.origin, question, bounds, most_answer);
    co_return answer;
}

}  // namespace

std::optional<DoubtfulFit> doubtful_fit(const Described& described, const InferenceRequest& request,
                                        Services& services)
{
    const auto& snapshot = *request.arrival.snapshot;
    if (described.route == nullptr || request.form != BodyForm::json)
        return std::nullopt;
    const auto& counting = snapshot.rules.counting[route_index(*described.route, snapshot)];
    if (counting.empty() || request.facts.text_bytes > most_text)
        return std::nullopt;
    snapshot.fleet->read(services.fleet_view, request.received);
    for (const auto index : counting) {
        const auto& deployment = snapshot.table[index];
        if (!is_doubtful(described, deployment, services.fleet_view[index]))
            continue;
        const auto& prompt = services.describer.prompts.read(request.body);
        if (prompt.images > 0 || prompt.audios > 0 || prompt.files > 0)
            return std::nullopt;
        const auto& upstream = snapshot.upstreams[at(index)];
        auto question = engine::count_question(*engine::kind_of(upstream.provider), upstream.model,
                                               text_of(prompt));
        if (!question)
            return std::nullopt;
        DoubtfulFit fit;
        fit.deployment = index;
        fit.question = std::move(question->body);
        fit.path = beside_v1(upstream.base_path, question->path);
        fit.beside = tokens::template_tokens(tokens::family_of(upstream.model), prompt.turns) +
                     Tokens{prompt.token_ids};
        return fit;
    }
    return std::nullopt;
}

net::Task<void> count_exactly(const DoubtfulFit& fit, Described& described,
                              const InferenceRequest& request, Services& services)
{
    auto& features = described.features;
    const auto answer = co_await ask(fit, request, services);
    if (!answer)
        co_return;
    const auto& snapshot = *request.arrival.snapshot;
    const auto kind = engine::kind_of(snapshot.upstreams[at(fit.deployment)].provider);
    const auto counted = engine::read_count(*kind, *answer);
    if (!counted)
        co_return;
    const auto family = tokens::family_of(snapshot.upstreams[at(fit.deployment)].model);
    const auto exact = *counted + fit.beside;
    features.uppers.set(family, exact);
    const auto& usual = snapshot.rules.models[route_index(*described.route, snapshot)].front();
    if (usual.family == family)
        features.prompt = features.prompt_upper = exact;
}

}  // namespace spillway::gateway
