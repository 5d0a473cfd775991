#include "spillway/dialect/ollama_front_request.hpp"

#include <optional>
#include <utility>

#include "ollama_front_parts.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {
namespace {

using chat::ClientForm;
using Wish = OllamaFrontRequest::Wish;

/// Writes OpenAI's words for what was read.
class Translator {
public:
    Translator(OllamaFrontParts parts, ClientForm form) : form_(form), parts_(std::move(parts))
    {
        request_.model = parts_.model;
    }

    Result<OllamaFrontRequest> run()
    {
        decide();
        if (error_)
            return fail(*std::move(error_));
        return std::move(request_);
    }

private:
    void refuse(Error error)
    {
        if (!error_)
            error_ = std::move(error);
    }

    void decide()
    {
        read_delivery();
        read_thinking();
        switch (form_) {
            case ClientForm::ollama_chat:
                return parts_.messages.count() == 0 ? give_no_answer() : write_chat();
            case ClientForm::ollama_generate:
                return write_generate();
            case ClientForm::ollama_embed:
            case ClientForm::ollama_embeddings:
            case ClientForm::openai:
                return write_embedding();
        }
    }

    void read_delivery()
    {
        const bool streams =
            form_ == ClientForm::ollama_chat || form_ == ClientForm::ollama_generate;
        if (streams && !says_nothing(parts_.stream) && parts_.stream != "true" &&
            parts_.stream != "false")
            return refuse(wrong_member("stream", "true or false"));
        request_.delivery =
            streams && parts_.stream != "false" ? chat::Delivery::stream : chat::Delivery::whole;
    }

    void read_thinking()
    {
        const auto think = parts_.think;
        if (says_nothing(think) || form_ == ClientForm::ollama_embed ||
            form_ == ClientForm::ollama_embeddings)
            return;
        if (think == "false") {
            // Said to nobody but Ollama: models that do not think refuse the word for it.
            request_.thinking = OllamaThinking::hidden;
        } else if (think == "true") {
            effort_ = R"("medium")";
        } else if (think == R"("low")" || think == R"("medium")" || think == R"("high")") {
            effort_ = think;
        } else if (think == R"("max")") {
            effort_ = R"("high")";
        } else {
            refuse(wrong_member("think", R"(true, false, "low", "medium", "high" or "max")"));
        }
    }

    /// The model is to be loaded or to be given up.
    void give_no_answer()
    {
        const auto kept = parts_.keep_alive;
        const bool unload = kept == "0" || kept == R"("0")" || kept == R"("0s")" || kept == "0.0";
        request_.wish = unload ? Wish::unload : Wish::load;
    }

    void write_chat()
    {
        begin(chat::Endpoint::chat);
        const auto text = parts_.messages.text();
        add_member(request_.body, "messages", text);
        request_.thoughts = parts_.messages.thoughts();
        for (auto& thought : request_.thoughts)
            thought.offset += request_.body.size() - text.size();
        if (!says_nothing(parts_.tools))
            add_member(request_.body, "tools", parts_.tools);
        finish_generation();
    }

    void write_generate()
    {
        if (!says_nothing(parts_.prompt) && parts_.prompt.front() != '"')
            return refuse(wrong_member("prompt", "a string"));
        const bool plain = parts_.raw == "true" || !says_nothing(parts_.suffix) || is_ollamas();
        if (says_nothing(parts_.prompt) && parts_.images.empty() && says_nothing(parts_.suffix))
            return give_no_answer();
        if (plain)
            return write_completion();
        begin(chat::Endpoint::chat);
        std::string messages;
        if (!says_nothing(parts_.system))
            messages.append(R"({"role":"system","content":)").append(parts_.system).append("},");
        messages.append(R"({"role":"user","content":)");
        if (parts_.images.empty())
            messages.append(parts_.prompt);
        else
            messages.append(content_with_images(parts_.prompt, parts_.images));
        add_member(request_.body, "messages", "[" + messages + "}]");
        finish_generation();
    }

    /// Is there something beside the prompt that is neither a chat's nor an old completion's?
    [[nodiscard]] bool is_ollamas() const
    {
        return !says_nothing(parts_.template_text) || !says_nothing(parts_.context);
    }

    /// Text without a chat's template around it, or with another one.
    void write_completion()
    {
        begin(chat::Endpoint::completions);
        effort_ = {};
        auto& body = request_.body;
        add_member(body, "prompt", says_nothing(parts_.prompt) ? "\"\"" : parts_.prompt);
        const auto hand_on = [&](std::string_view name, Raw value) {
            if (!says_nothing(value))
                add_member(body, name, value);
        };
        hand_on("suffix", parts_.suffix);
        if (parts_.raw == "true")
            add_member(body, "raw", parts_.raw);
        hand_on("template", parts_.template_text);
        hand_on("context", parts_.context);
        if (is_ollamas())
            hand_on("system", parts_.system);
        std::string images;
        for (const auto image : parts_.images)
            images.append(images.empty() ? "[\"" : ",\"").append(image).append("\"");
        if (!images.empty())
            add_member(body, "images", images + "]");
        if (is_ollamas() || !images.empty())
            request_.takers = OllamaTakers::ollama;
        finish_generation();
    }

    void write_embedding()
    {
        const auto input = form_ == ClientForm::ollama_embeddings ? parts_.prompt : parts_.input;
        if (says_nothing(input))
            return give_no_answer();
        begin(chat::Endpoint::embeddings);
        add_member(request_.body, "input", input);
        if (!says_nothing(parts_.dimensions))
            add_member(request_.body, "dimensions", parts_.dimensions);
        // Who says so in as many words wants the vector of the beginning.
        if (parts_.truncate == "true")
            add_member(request_.body, "truncate", parts_.truncate);
        finish();
    }

    void begin(chat::Endpoint endpoint)
    {
        request_.endpoint = endpoint;
        request_.body = "{\"model\":" + json_quoted(request_.model);
    }

    void finish_generation()
    {
        auto& body = request_.body;
        body.append(parts_.sampling);
        if (!effort_.empty())
            add_member(body, "reasoning_effort", effort_);
        if (parts_.logprobs == "true" && request_.endpoint == chat::Endpoint::chat) {
            add_member(body, "logprobs", parts_.logprobs);
            if (!says_nothing(parts_.top_logprobs))
                add_member(body, "top_logprobs", parts_.top_logprobs);
        }
        write_format();
        if (request_.delivery == chat::Delivery::stream)
            body.append(R"(,"stream":true,"stream_options":{"include_usage":true})");
        if (!says_nothing(parts_.think))
            add_member(body, "think", parts_.think);
        finish();
    }

    void write_format()
    {
        const auto format = parts_.format;
        if (says_nothing(format))
            return;
        if (format == R"("json")")
            add_member(request_.body, "response_format", R"({"type":"json_object"})");
        else if (format.front() == '{')
            request_.body
                .append(
                    R"(,"response_format":{"type":"json_schema","json_schema":{"name":"answer",)")
                .append("\"schema\":")
                .append(format)
                .append("}}");
        else
            refuse(wrong_member("format", R"("json" or a JSON schema)"));
    }

    void finish()
    {
        auto& body = request_.body;
        if (!says_nothing(parts_.options))
            add_member(body, "options", parts_.options);
        if (!says_nothing(parts_.keep_alive))
            add_member(body, "keep_alive", parts_.keep_alive);
        body.append(parts_.passed).append("}");
    }

    ClientForm form_;
    OllamaFrontParts parts_;
    Raw effort_;
    OllamaFrontRequest request_;
    std::optional<Error> error_;
};

}  // namespace

Result<OllamaFrontRequest> read_ollama_request(std::string_view body, ClientForm form)
{
    auto& index = JsonIndex::of_this_thread();
    if (const auto fault = index.scan(body); fault != JsonFault::none)
        return fail(Errc::invalid_json,
                    "The body is not valid JSON: " + std::string(describe(fault)) + ".");
    JsonWalker json(body, index.tokens());
    auto parts = read_front_parts(json, form);
    index.shrink();
    if (!parts)
        return fail(std::move(parts).error());
    // They are views of the body alone, so they outlive the index.
    return Translator(*std::move(parts), form).run();
}

}  // namespace spillway::dialect
