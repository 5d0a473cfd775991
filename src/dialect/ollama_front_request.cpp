#include "spillway/dialect/ollama_front_request.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "ollama_front_messages.hpp"
#include "ollama_json.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {
namespace {

using chat::ClientForm;
using Wish = OllamaFrontRequest::Wish;

/// A value as it stands in the body; empty when it is absent.
using Raw = std::string_view;

bool says_nothing(Raw raw)
{
    return raw.empty() || raw == "null" || raw == "\"\"" || raw == "[]" || raw == "{}";
}

/// Members that are LiteLLM's, for the gateway and not for a model.
constexpr std::array<std::string_view, 11> controls{"metadata",
                                                    "litellm_metadata",
                                                    "user",
                                                    "tags",
                                                    "fallbacks",
                                                    "context_window_fallbacks",
                                                    "content_policy_fallbacks",
                                                    "num_retries",
                                                    "timeout",
                                                    "disable_fallbacks",
                                                    "mock_testing_fallbacks"};

/// Options that OpenAI has as well, under the same name.
constexpr std::array<std::string_view, 5> shared_options{"temperature", "top_p", "seed",
                                                         "presence_penalty", "frequency_penalty"};

template <std::size_t N>
std::string_view listed(const std::array<std::string_view, N>& names, std::string_view name)
{
    const auto found = std::find(names.begin(), names.end(), name);
    return found == names.end() ? std::string_view() : *found;
}

Error wrong(std::string_view param, std::string_view wanted)
{
    return Error(Errc::invalid_request,
                 "Invalid '" + std::string(param) + "': it must be " + std::string(wanted) + ".")
        .about(std::string(param));
}

/// What is read in one pass over the body.
struct Parts {
    Raw stream;
    Raw format;
    Raw options;
    Raw keep_alive;
    Raw tools;
    Raw think;
    Raw logprobs;
    Raw top_logprobs;
    Raw prompt;
    Raw system;
    Raw suffix;
    Raw template_text;
    Raw raw;
    Raw context;
    Raw input;
    Raw dimensions;
    Raw truncate;
    std::vector<std::string_view> images;
};

class Translator {
public:
    Translator(JsonWalker& json, ClientForm form) : json_(json), form_(form) {}

    Result<OllamaFrontRequest> run()
    {
        if (json_.peek() != '{')
            return fail(Errc::invalid_request, "The body must be a JSON object.");
        json_.object([&](const JsonKey& key) { read_member(key); });
        if (!json_.finish())
            return fail(Errc::invalid_json, "The body is not valid JSON: " +
                                                std::string(describe(json_.fault())) + ".");
        if (request_.model.empty() && !error_)
            error_ = Error(Errc::missing_model, "model is required").about("model");
        if (!error_)
            decide();
        if (error_)
            return fail(*std::move(error_));
        return std::move(request_);
    }

private:
    [[nodiscard]] Raw value() { return raw_value(json_); }

    /// Where the value of a member is kept that is only looked at when all of them are known.
    [[nodiscard]] Raw* place_of(std::string_view key)
    {
        struct Row {
            std::string_view key;
            Raw Parts::* place;
        };
        static constexpr std::array rows{Row{"stream", &Parts::stream},
                                         Row{"format", &Parts::format},
                                         Row{"keep_alive", &Parts::keep_alive},
                                         Row{"tools", &Parts::tools},
                                         Row{"think", &Parts::think},
                                         Row{"logprobs", &Parts::logprobs},
                                         Row{"top_logprobs", &Parts::top_logprobs},
                                         Row{"prompt", &Parts::prompt},
                                         Row{"system", &Parts::system},
                                         Row{"suffix", &Parts::suffix},
                                         Row{"template", &Parts::template_text},
                                         Row{"raw", &Parts::raw},
                                         Row{"context", &Parts::context},
                                         Row{"input", &Parts::input},
                                         Row{"dimensions", &Parts::dimensions},
                                         Row{"truncate", &Parts::truncate}};
        const auto row = std::find_if(rows.begin(), rows.end(),
                                      [&](const Row& each) { return each.key == key; });
        return row == rows.end() ? nullptr : &(parts_.*(row->place));
    }

    void read_member(const JsonKey& key)
    {
        if (is(key.text, "model")) {
            read_model();
        } else if (is(key.text, "messages") && form_ == ClientForm::ollama_chat) {
            if (json_.peek() == 'n')
                return;
            if (const auto fault = messages_.read(json_); !fault.empty())
                refuse(wrong(fault, "as Ollama has it"));
        } else if (is(key.text, "images") && form_ == ClientForm::ollama_generate) {
            if (!read_images(json_, parts_.images))
                refuse(wrong("images", "an array of base64 strings"));
        } else if (is(key.text, "options")) {
            read_options();
        } else if (auto* const place = place_of(key.text)) {
            *place = value();
        } else if (const auto control = listed(controls, key.text); !control.empty()) {
            add(passed_, control, value());
        }
    }

    void read_model()
    {
        const auto model = json_.peek() == '"' ? json_.string() : std::nullopt;
        if (model)
            request_.model = model->text();
        else
            refuse(wrong("model", "a string"));
    }

    void read_options()
    {
        if (json_.peek() == 'n')
            return;
        if (json_.peek() != '{')
            return refuse(wrong("options", "an object"));
        const auto begin = json_.offset();
        json_.object([&](const JsonKey& key) {
            if (is(key.text, "stop")) {
                if (const auto stop = value(); !says_nothing(stop))
                    add(sampling_, "stop", stop);
            } else if (is(key.text, "num_predict")) {
                // -1 and -2 are "as long as it takes".
                const auto most = whole_number(value());
                if (most && *most > 0)
                    add(sampling_, "max_tokens", std::to_string(*most));
            } else if (const auto name = listed(shared_options, key.text); !name.empty()) {
                if (const auto number = value(); number != "null")
                    add(sampling_, name, number);
            }
        });
        parts_.options = json_.since(begin);
    }

    static void add(std::string& members, std::string_view name, Raw value)
    {
        members.append(",\"").append(name).append("\":").append(value);
    }

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
                return messages_.count() == 0 ? give_no_answer() : write_chat();
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
            return refuse(wrong("stream", "true or false"));
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
            refuse(wrong("think", R"(true, false, "low", "medium", "high" or "max")"));
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
        const auto text = messages_.text();
        add(request_.body, "messages", text);
        request_.thoughts = messages_.thoughts();
        for (auto& thought : request_.thoughts)
            thought.offset += request_.body.size() - text.size();
        if (!says_nothing(parts_.tools))
            add(request_.body, "tools", parts_.tools);
        finish_generation();
    }

    void write_generate()
    {
        if (!says_nothing(parts_.prompt) && parts_.prompt.front() != '"')
            return refuse(wrong("prompt", "a string"));
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
        add(request_.body, "messages", "[" + messages + "}]");
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
        add(body, "prompt", says_nothing(parts_.prompt) ? "\"\"" : parts_.prompt);
        const auto hand_on = [&](std::string_view name, Raw value) {
            if (!says_nothing(value))
                add(body, name, value);
        };
        hand_on("suffix", parts_.suffix);
        if (parts_.raw == "true")
            add(body, "raw", parts_.raw);
        hand_on("template", parts_.template_text);
        hand_on("context", parts_.context);
        if (is_ollamas())
            hand_on("system", parts_.system);
        std::string images;
        for (const auto image : parts_.images)
            images.append(images.empty() ? "[\"" : ",\"").append(image).append("\"");
        if (!images.empty())
            add(body, "images", images + "]");
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
        add(request_.body, "input", input);
        if (!says_nothing(parts_.dimensions))
            add(request_.body, "dimensions", parts_.dimensions);
        // Who says so in as many words wants the vector of the beginning.
        if (parts_.truncate == "true")
            add(request_.body, "truncate", parts_.truncate);
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
        body.append(sampling_);
        if (!effort_.empty())
            add(body, "reasoning_effort", effort_);
        if (parts_.logprobs == "true" && request_.endpoint == chat::Endpoint::chat) {
            add(body, "logprobs", parts_.logprobs);
            if (!says_nothing(parts_.top_logprobs))
                add(body, "top_logprobs", parts_.top_logprobs);
        }
        write_format();
        if (request_.delivery == chat::Delivery::stream)
            body.append(R"(,"stream":true,"stream_options":{"include_usage":true})");
        if (!says_nothing(parts_.think))
            add(body, "think", parts_.think);
        finish();
    }

    void write_format()
    {
        const auto format = parts_.format;
        if (says_nothing(format))
            return;
        if (format == R"("json")")
            add(request_.body, "response_format", R"({"type":"json_object"})");
        else if (format.front() == '{')
            request_.body
                .append(
                    R"(,"response_format":{"type":"json_schema","json_schema":{"name":"answer",)")
                .append("\"schema\":")
                .append(format)
                .append("}}");
        else
            refuse(wrong("format", R"("json" or a JSON schema)"));
    }

    void finish()
    {
        auto& body = request_.body;
        if (!says_nothing(parts_.options))
            add(body, "options", parts_.options);
        if (!says_nothing(parts_.keep_alive))
            add(body, "keep_alive", parts_.keep_alive);
        body.append(passed_).append("}");
    }

    JsonWalker& json_;
    ClientForm form_;
    Parts parts_;
    OllamaFrontMessages messages_;
    std::string sampling_;  ///< `,"temperature":0.5`
    std::string passed_;
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
    auto request = Translator(json, form).run();
    index.shrink();
    return request;
}

}  // namespace spillway::dialect
