#include "spillway/route/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "spillway/config/answer_length.hpp"
#include "spillway/config/vector_model.hpp"

namespace spillway::route {

namespace {

/// Parameters of chat completions and completions that Responses and Messages do not know, or know
/// in another form.
constexpr std::array<std::string_view, 22> chats_alone{"audio",
                                                       "best_of",
                                                       "echo",
                                                       "frequency_penalty",
                                                       "function_call",
                                                       "functions",
                                                       "logit_bias",
                                                       "logprobs",
                                                       "modalities",
                                                       "n",
                                                       "prediction",
                                                       "presence_penalty",
                                                       "reasoning_effort",
                                                       "response_format",
                                                       "seed",
                                                       "stop",
                                                       "stream_options",
                                                       "suffix",
                                                       "tool_choice",
                                                       "tools",
                                                       "verbosity",
                                                       "web_search_options"};

constexpr std::int64_t pico_per_nano = 1'000;
constexpr std::int64_t most_tokens = 1'000'000'000;
constexpr std::int64_t highest_price = 4'000'000'000;  ///< 4,000 USD per million tokens.

/// False only where the file says that the deployment cannot.
bool can(const Deployment& deployment, const Limits& limits)
{
    const auto lacks = [&](config::Content content, const std::optional<bool>& supported) {
        return limits.content.has(content) && supported == false;
    };
    return !lacks(config::Content::images, deployment.supports_vision) &&
           !lacks(config::Content::audio, deployment.supports_audio) &&
           !lacks(config::Content::tools, deployment.supports_tools) &&
           !lacks(config::Content::json_schema, deployment.supports_schema);
}

bool does(const Deployment& deployment, config::Task task)
{
    switch (task) {
        case config::Task::embedding:
            return deployment.mode == config::Mode::embedding ||
                   deployment.mode == config::Mode::unset || deployment.wildcard;
        case config::Task::chat:
        case config::Task::completion:
            return deployment.mode != config::Mode::embedding;
        case config::Task::other:
            break;
    }
    return true;
}

bool fits(const Deployment& deployment, const Limits& limits, std::optional<Tokens> told)
{
    const auto window = window_of(deployment, told);
    if (limits.fit == Fit::unchecked || !window)
        return true;
    const auto answer = asked_of(deployment, limits.answer);
    const bool whole_answer = limits.answer_fit == config::AnswerFit::as_asked && answer;
    const auto needed = count(limits.largest_for(deployment)) + (whole_answer ? count(*answer) : 1);
    return needed <= count(*window);
}

}  // namespace

Tokens largest_of(Tokens prompt, std::uint32_t largest_input)
{
    if (largest_input == 0 || largest_input >= whole_prompt)
        return prompt;
    constexpr std::int64_t whole = whole_prompt;
    const auto tokens = std::min(count(prompt), most_tokens);
    return Tokens{(tokens * largest_input + whole - 1) / whole};
}

std::string_view name(Verdict verdict)
{
    switch (verdict) {
        case Verdict::kept:
            return "kept";
        case Verdict::beyond_boundary:
            return "not local";
        case Verdict::too_small:
            return "window too small";
        case Verdict::too_dear:
            return "too dear";
        case Verdict::cannot:
            return "not able";
        case Verdict::other_vectors:
            return "other embedding model";
        case Verdict::not_allowed:
            return "not allowed for this key";
        case Verdict::resting:
            return "resting";
        case Verdict::saturated:
            return "saturated";
        case Verdict::unreachable:
            return "not reachable";
        case Verdict::loading:
            return "loading";
        case Verdict::spent:
            return "quota spent";
        case Verdict::over_budget:
            return "over budget";
    }
    return "";
}

std::string_view length_name(Wording wording)
{
    return wording == Wording::responses ? "max_output_tokens" : "max_tokens";
}

std::vector<config::Parameter> parameters_for(Wording wording, std::vector<config::Parameter> set)
{
    const auto is_foreign = [&](const config::Parameter& parameter) {
        if (wording == Wording::openai)
            return parameter.name == "max_output_tokens";
        return config::is_answer_length(parameter.name) ||
               std::find(chats_alone.begin(), chats_alone.end(), parameter.name) !=
                   chats_alone.end();
    };
    if (wording == Wording::none)
        return {};
    if (std::none_of(set.begin(), set.end(), is_foreign))
        return set;
    const auto longest = answer_length(set);
    std::erase_if(set, [&](const config::Parameter& parameter) {
        return config::is_answer_length(parameter.name) || is_foreign(parameter);
    });
    // Once, whatever it was called, and how often: of two, each upstream believes another.
    if (longest)
        set.push_back({std::string(length_name(wording)), std::to_string(count(*longest))});
    return set;
}

std::optional<Tokens> answer_length(const std::vector<config::Parameter>& parameters)
{
    std::optional<Tokens> longest;
    for (const auto& parameter : parameters) {
        if (!config::is_answer_length(parameter.name))
            continue;
        std::int64_t value = 0;
        const auto& text = parameter.json;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
        // Below 1 it says nothing, as in a request.
        if (read.ec == std::errc{} && value > 0)
            longest = std::max(longest.value_or(Tokens{}), Tokens{std::min(value, most_tokens)});
    }
    return longest;
}

AnswerAsked answer_asked(AnswerAsked own, const std::vector<config::Parameter>& parameters)
{
    if (const auto set = answer_length(parameters))
        own.longest = set;
    for (const auto& parameter : parameters) {
        if (parameter.name == "n")
            own.choices.n = chat::read_choices(parameter.json);
        else if (parameter.name == "best_of")
            own.choices.best_of = chat::read_choices(parameter.json);
    }
    return own;
}

AnswerAsked answer_under(const Features& request, const std::vector<config::Parameter>& parameters)
{
    auto asked = answer_asked({request.answer, request.choices}, parameters);
    if (request.task == config::Task::embedding)
        asked.longest = request.answer;
    return asked;
}

std::optional<Tokens> asked_of(const Deployment& deployment, std::optional<Tokens> asked)
{
    return asked ? asked : deployment.default_answer;
}

Tokens longest_answer(const Deployment& deployment, std::optional<Tokens> asked)
{
    const auto most = deployment.max_output_tokens;
    const auto longest = asked_of(deployment, asked).value_or(most.value_or(usual_longest_answer));
    return most ? std::min(longest, *most) : longest;
}

std::optional<NanoUsd> worst_cost(const Deployment& deployment, Tokens prompt,
                                  std::optional<Tokens> answer, chat::Choices choices)
{
    const bool answers = answer != Tokens{0};
    if (!deployment.dearest_input || (answers && !deployment.dearest_output))
        return deployment.local ? std::optional(NanoUsd{0}) : std::nullopt;
    const auto one =
        std::clamp<std::int64_t>(count(longest_answer(deployment, answer)), 0, most_tokens);
    const Tokens all{one * choices.paid(deployment.default_choices)};
    // Bounded, so that no figure of a file or a client overflows the product.
    const auto pico = [](Tokens tokens, PicoUsdPerToken price) {
        return std::clamp<std::int64_t>(count(tokens), 0, most_tokens) *
               std::clamp<std::int64_t>(count(price), 0, highest_price);
    };
    const auto sum = pico(prompt, *deployment.dearest_input) +
                     pico(all, deployment.dearest_output.value_or(PicoUsdPerToken{0}));
    return NanoUsd{(sum + pico_per_nano - 1) / pico_per_nano};
}

std::string vectors_of(const Deployment& deployment, std::string_view wildcard)
{
    const auto& vectors = deployment.vectors;
    if (!vectors.ends_with('*'))
        return vectors;
    return config::plain_model(vectors.substr(0, vectors.size() - 1) + std::string(wildcard));
}

std::string vectors_at(const Resolved& place, const RoutingTable& table)
{
    const auto first = place.pinned.value_or(table[place.group].members.front());
    return vectors_of(table[first], place.wildcard);
}

bool keeps_vectors(const Deployment& deployment, std::string_view wildcard, const Limits& limits)
{
    return limits.vectors.empty() || vectors_of(deployment, wildcard) == limits.vectors;
}

std::optional<Tokens> window_of(const Deployment& deployment, std::optional<Tokens> told)
{
    const auto& known = deployment.max_input_tokens;
    return known && told ? std::min(*known, *told) : known ? known : told;
}

std::optional<Tokens> room_for_answer(const Deployment& deployment, std::optional<Tokens> told,
                                      Tokens prompt)
{
    const auto window = window_of(deployment, told);
    const auto& most = deployment.max_output_tokens;
    if (!window)
        return most;
    const Tokens beside{std::max<std::int64_t>(0, count(*window) - count(prompt))};
    return most ? std::min(beside, *most) : beside;
}

Verdict judge(const Deployment& deployment, const Limits& limits, std::optional<Tokens> told)
{
    if (!privacy::permits(limits.boundary, deployment.reach))
        return Verdict::beyond_boundary;
    if (!does(deployment, limits.task) || !can(deployment, limits))
        return Verdict::cannot;
    if (!fits(deployment, limits, told))
        return Verdict::too_small;
    if (limits.max_cost) {
        const auto cost =
            worst_cost(deployment, limits.prompt_for(deployment), limits.answer, limits.choices);
        if (!cost || *cost > *limits.max_cost)
            return Verdict::too_dear;
    }
    return Verdict::kept;
}

Verdict judge(const Deployment& deployment, const Limits& limits, const DeploymentState& state,
              TimePoint now)
{
    const auto lasting = judge(deployment, limits, state.window);
    if (lasting != Verdict::kept)
        return lasting;
    if (!state.serves(now))
        return Verdict::resting;
    if (state.unreachable)
        return Verdict::unreachable;
    if (state.loading)
        return Verdict::loading;
    if (state.spent(limits.prompt_for(deployment), now))
        return Verdict::spent;
    const chat::TokenWish wish{limits.prompt_for(deployment), limits.answer.value_or(Tokens{0}),
                               chat::TokenWish::Answer::asked};
    return is_saturated(deployment, state) || state.admits_at(wish) > now ? Verdict::saturated
                                                                          : Verdict::kept;
}

}  // namespace spillway::route
