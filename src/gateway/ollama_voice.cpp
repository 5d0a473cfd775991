#include "spillway/gateway/ollama_voice.hpp"

#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/explain.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/ollama_pages.hpp"

namespace spillway::gateway {
namespace {

using chat::ClientForm;
using dialect::OllamaMeasures;
using std::chrono::nanoseconds;

std::string_view path_of(chat::Endpoint endpoint)
{
    switch (endpoint) {
        case chat::Endpoint::completions:
            return "/completions";
        case chat::Endpoint::embeddings:
            return "/embeddings";
        case chat::Endpoint::chat:
        case chat::Endpoint::other:
            break;
    }
    return "/chat/completions";
}

nanoseconds between(TimePoint from, TimePoint to)
{
    return std::max(nanoseconds(0), std::chrono::duration_cast<nanoseconds>(to - from));
}

/// What the engine told, else what we measured: of a whole answer nobody saw its first token.
OllamaMeasures measures_of(const InferenceRequest& request, const Outcome& outcome, TimePoint now)
{
    OllamaMeasures measures;
    if (outcome.usage.source != chat::UsageSource::unknown) {
        measures.prompt = outcome.usage.prompt;
        measures.generated = outcome.usage.completion;
    }
    measures.total = between(request.arrival.began, now);
    measures.truncated = outcome.engine.truncated;
    if (outcome.engine.decode) {
        measures.load = outcome.engine.load;
        measures.prefill = outcome.engine.prefill;
        measures.decode = outcome.engine.decode;
    } else if (outcome.streamed && outcome.first_token && outcome.first_attempt) {
        measures.prefill = between(*outcome.first_attempt, *outcome.first_token);
        measures.decode = between(*outcome.first_token, now);
    } else if (outcome.first_attempt) {
        measures.decode = between(*outcome.first_attempt, now);
    }
    return measures;
}

bool is_stream(const InferenceRequest& request)
{
    return request.ollama->delivery == chat::Delivery::stream;
}

/// A whole answer; a client that wants lines gets it as the only one.
Result<std::string> whole(const InferenceRequest& request, std::string_view body,
                          const OllamaMeasures& measures, const Clock& clock)
{
    auto answer =
        dialect::ollama_answer(request.ollama->stream.style(), body, measures, clock.wall());
    if (answer && is_stream(request))
        answer->append("\n");
    return answer;
}

}  // namespace

Result<void> hear_ollama(InferenceRequest& request)
{
    auto heard = dialect::read_ollama_request(request.body, request.arrival.form);
    if (!heard)
        return fail(std::move(heard).error());
    dialect::OllamaStyle style{request.arrival.form, heard->model, heard->thinking};
    request.ollama = std::make_unique<OllamaVoice>(
        OllamaVoice{heard->wish, heard->delivery, std::move(heard->body),
                    dialect::OllamaFrontStream(style), heard->takers, std::move(heard->thoughts)});
    auto& body = request.ollama->body;
    const auto size = body.size();
    body.append(dialect::body_padding, ' ');
    request.body = std::string_view(body).substr(0, size);
    request.arrival.endpoint = heard->endpoint;
    request.suffix = path_of(heard->endpoint);
    request.facts.model = std::move(heard->model);
    return {};
}

bool only_loads(const InferenceRequest& request)
{
    return request.ollama && request.ollama->wish != dialect::OllamaFrontRequest::Wish::answer;
}

std::string_view voiced(InferenceRequest& request, std::string_view events, const Clock& clock)
{
    return request.ollama ? request.ollama->stream.take(events, clock.wall()) : events;
}

void voice_headers(const InferenceRequest& request, net::HeaderLines& headers)
{
    if (!request.ollama)
        return;
    net::HeaderLines own;
    own.add("content-type", is_stream(request) ? "application/x-ndjson" : "application/json");
    constexpr std::string_view type = "content-type:";
    for (auto rest = std::string_view(headers.text()); !rest.empty();) {
        const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        const auto line = rest.substr(0, end);
        if (line.size() < type.size() || !iequals(line.substr(0, type.size()), type))
            own.add_block(line);
        rest.remove_prefix(end);
    }
    headers = std::move(own);
}

void voice_parting(InferenceRequest& request, Parting& parting, const Outcome& outcome,
                   const Clock& clock)
{
    if (!request.ollama)
        return;
    const auto measures = measures_of(request, outcome, clock.now());
    if (auto* const reply = std::get_if<WholeReply>(&parting)) {
        auto body = whole(request, reply->body, measures, clock);
        if (!body) {
            parting = ErrorReply{body.error(), describe(body.error().code()).status};
            return;
        }
        voice_headers(request, reply->headers);
        reply->body = *std::move(body);
    } else if (auto* const end = std::get_if<StreamEnd>(&parting)) {
        auto& stream = request.ollama->stream;
        std::string lines(stream.take(end->bytes, clock.wall()));
        lines.append(stream.finish(measures, clock.wall()));
        end->bytes = std::move(lines);
    }
}

std::string voiced_answer(InferenceRequest& request, const chat::KeptAnswer& answer,
                          const Clock& clock)
{
    if (answer.form == chat::KeptAnswer::Form::whole) {
        auto body = whole(request, answer.body, {}, clock);
        return body ? *std::move(body) : dialect::ollama_error(body.error().message());
    }
    auto& stream = request.ollama->stream;
    std::string lines(stream.take(answer.body, clock.wall()));
    return lines.append(stream.finish({}, clock.wall()));
}

std::string error_body(const InferenceRequest& request, const Error& error)
{
    if (request.arrival.form == ClientForm::openai) {
        auto body = dialect::error_body(error);
        if (request.routing)
            add_explanation(*request.routing, body);
        return body;
    }
    if (error.code() == Errc::unknown_model)
        return dialect::ollama_error(no_such_ollama_model(request.facts.model));
    return dialect::ollama_error(error.message().empty() ? describe(error.code()).sentence
                                                         : std::string_view(error.message()));
}

}  // namespace spillway::gateway
