#include "ollama_call.hpp"

#include <algorithm>

#include "spillway/dialect/body_edit.hpp"

namespace spillway::gateway {

namespace {

using Writer = Result<dialect::OllamaRequest> (*)(std::string_view, const dialect::OllamaDefaults&,
                                                  std::optional<Tokens>);

/// Where a request goes to, and who writes it.
struct Way {
    std::string_view path;
    Writer write;
};

Way way_of(chat::Endpoint endpoint)
{
    switch (endpoint) {
        case chat::Endpoint::completions:
            return {"/api/generate", &dialect::ollama_generate_request};
        case chat::Endpoint::embeddings:
            return {"/api/embed", &dialect::ollama_embed_request};
        case chat::Endpoint::chat:
        case chat::Endpoint::other:
            break;
    }
    return {"/api/chat", &dialect::ollama_chat_request};
}

}  // namespace

Result<OllamaCall> in_ollamas_words(OllamaWish wish)
{
    const auto& ollama = *wish.upstream.ollama;
    const auto* rules = &ollama.rules;
    dialect::WireRules own;
    if (!wish.overrides.empty()) {
        own = ollama.rules;
        own.overrides = std::move(wish.overrides);
        rules = &own;
    }
    const auto edits = dialect::plan_edits(wish.facts, wish.body, wish.model, *rules,
                                           dialect::UsageInjection::leave, wish.endpoint);
    std::string edited;
    edited.reserve(wish.body.size() + 256);
    for (const auto slice : dialect::slices(wish.body, edits))
        edited.append(slice);

    dialect::OllamaDefaults freed;
    const auto* defaults = &ollama.defaults;
    const auto& members = wish.facts.members;
    const bool frees = wish.keep_alive == dialect::KeepAliveChoice::clients &&
                       std::any_of(members.begin(), members.end(), [](const chat::Member& member) {
                           return member.key == "keep_alive";
                       });
    if (frees) {
        freed = ollama.defaults;
        freed.keep_alive = wish.keep_alive;
        defaults = &freed;
    }
    wish.window.configured = ollama.window;
    const auto window = ollama.windows->settle(wish.model, wish.window);
    const auto way = way_of(wish.endpoint);
    auto translated = way.write(edited, *defaults, window);
    if (!translated)
        return fail(std::move(translated).error());
    OllamaCall call;
    call.path = ollama.base_path;
    call.path += way.path;
    call.body = std::move(translated->body);
    call.window = translated->num_ctx;
    return call;
}

OllamaCall loading_call(const Upstream& upstream, std::string_view model, dialect::OllamaTask task,
                        std::optional<Tokens> told)
{
    const auto& ollama = *upstream.ollama;
    OllamaCall call;
    call.window = ollama.windows->settle(model, {ollama.window, told, std::nullopt});
    call.path = ollama.base_path + (task == dialect::OllamaTask::chat ? "/api/chat" : "/api/embed");
    call.body = dialect::ollama_load_request(model, task, ollama.defaults, call.window);
    return call;
}

chat::Failure untranslatable(const Error& error)
{
    chat::Failure failure;
    failure.kind = error.code() == Errc::not_translatable ? chat::FailureClass::unsupported
                                                          : chat::FailureClass::rejected;
    failure.message =
        error.param().empty() ? error.message() : error.param() + ": " + error.message();
    return failure;
}

dialect::AnswerFrame answer_frame(const RequestId& id, WallTime now, Tokens prompt_count)
{
    dialect::AnswerFrame frame;
    frame.id = "chatcmpl-" + id.text();
    frame.created =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    frame.prompt_count = prompt_count;
    return frame;
}

dialect::AnswerFrame answer_frame(const InferenceRequest& request, WallTime now)
{
    auto frame = answer_frame(request.arrival.id, now, request.prompt_count);
    if (request.endpoint() == chat::Endpoint::completions)
        frame.id = "cmpl-" + request.arrival.id.text();
    frame.hands_context = request.ollama != nullptr;
    return frame;
}

Result<dialect::OpenAiAnswer> in_openais_words(std::string_view body, chat::Endpoint endpoint,
                                               const dialect::AnswerFrame& frame)
{
    switch (endpoint) {
        case chat::Endpoint::completions:
            return dialect::openai_completion_answer(body, frame);
        case chat::Endpoint::embeddings:
            return dialect::openai_embeddings_answer(body, frame);
        case chat::Endpoint::chat:
        case chat::Endpoint::other:
            break;
    }
    return dialect::openai_chat_answer(body, frame);
}

bool was_cut(const chat::EngineFacts& engine, const InferenceRequest& request,
             std::optional<Tokens> asked)
{
    if (request.endpoint() == chat::Endpoint::embeddings)
        return false;
    // A routed prompt was counted, with a band around the count; of others only the bytes are
    // known, and some texts have eight of them in a token.
    const auto best = count(request.prompt_count);
    const auto least = request.routing ? 2 * best - count(request.prompt_estimate) : best / 2;
    const dialect::PromptBand band{request.prompt_count, Tokens{std::max<std::int64_t>(0, least)}};
    return dialect::was_truncated(engine.evaluated, band, asked);
}

}  // namespace spillway::gateway
