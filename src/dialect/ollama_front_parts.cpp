#include "ollama_front_parts.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "ollama_json.hpp"

namespace spillway::dialect {
namespace {

using chat::ClientForm;

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

/// One pass over a body.
class PartsReader {
public:
    PartsReader(JsonWalker& json, ClientForm form) : json_(json), form_(form) {}

    Result<OllamaFrontParts> run()
    {
        if (json_.peek() != '{')
            return fail(Errc::invalid_request, "The body must be a JSON object.");
        json_.object([&](const JsonKey& key) { read_member(key); });
        if (!json_.finish())
            return fail(Errc::invalid_json, "The body is not valid JSON: " +
                                                std::string(describe(json_.fault())) + ".");
        if (parts_.model.empty() && !error_)
            error_ = Error(Errc::missing_model, "model is required").about("model");
        if (error_)
            return fail(*std::move(error_));
        return std::move(parts_);
    }

private:
    [[nodiscard]] Raw value() { return raw_value(json_); }

    /// Where the value of a member is kept that is only looked at when all of them are known.
    [[nodiscard]] Raw* place_of(std::string_view key)
    {
        struct Row {
            std::string_view key;
            Raw OllamaFrontParts::* place;
        };
        static constexpr std::array rows{Row{"stream", &OllamaFrontParts::stream},
                                         Row{"format", &OllamaFrontParts::format},
                                         Row{"keep_alive", &OllamaFrontParts::keep_alive},
                                         Row{"tools", &OllamaFrontParts::tools},
                                         Row{"think", &OllamaFrontParts::think},
                                         Row{"logprobs", &OllamaFrontParts::logprobs},
                                         Row{"top_logprobs", &OllamaFrontParts::top_logprobs},
                                         Row{"prompt", &OllamaFrontParts::prompt},
                                         Row{"system", &OllamaFrontParts::system},
                                         Row{"suffix", &OllamaFrontParts::suffix},
                                         Row{"template", &OllamaFrontParts::template_text},
                                         Row{"raw", &OllamaFrontParts::raw},
                                         Row{"context", &OllamaFrontParts::context},
                                         Row{"input", &OllamaFrontParts::input},
                                         Row{"dimensions", &OllamaFrontParts::dimensions},
                                         Row{"truncate", &OllamaFrontParts::truncate}};
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
            if (const auto fault = parts_.messages.read(json_); !fault.empty())
                refuse(wrong_member(fault, "as Ollama has it"));
        } else if (is(key.text, "images") && form_ == ClientForm::ollama_generate) {
            if (!read_images(json_, parts_.images))
                refuse(wrong_member("images", "an array of base64 strings"));
        } else if (is(key.text, "options")) {
            read_options();
        } else if (auto* const place = place_of(key.text)) {
            *place = value();
        } else if (const auto control = listed(controls, key.text); !control.empty()) {
            add_member(parts_.passed, control, value());
        }
    }

    void read_model()
    {
        const auto model = json_.peek() == '"' ? json_.string() : std::nullopt;
        if (model)
            parts_.model = model->text();
        else
            refuse(wrong_member("model", "a string"));
    }

    void read_options()
    {
        if (json_.peek() == 'n')
            return;
        if (json_.peek() != '{')
            return refuse(wrong_member("options", "an object"));
        const auto begin = json_.offset();
        json_.object([&](const JsonKey& key) {
            if (is(key.text, "stop")) {
                if (const auto stop = value(); !says_nothing(stop))
                    add_member(parts_.sampling, "stop", stop);
            } else if (is(key.text, "num_predict")) {
                // -1 and -2 are "as long as it takes".
                const auto most = whole_number(value());
                if (most && *most > 0)
                    add_member(parts_.sampling, "max_tokens", std::to_string(*most));
            } else if (const auto name = listed(shared_options, key.text); !name.empty()) {
                if (const auto number = value(); number != "null")
                    add_member(parts_.sampling, name, number);
            }
        });
        parts_.options = json_.since(begin);
    }

    void refuse(Error error)
    {
        if (!error_)
            error_ = std::move(error);
    }

    JsonWalker& json_;
    ClientForm form_;
    OllamaFrontParts parts_;
    std::optional<Error> error_;
};

}  // namespace

Error wrong_member(std::string_view param, std::string_view wanted)
{
    return Error(Errc::invalid_request,
                 "Invalid '" + std::string(param) + "': it must be " + std::string(wanted) + ".")
        .about(std::string(param));
}

Result<OllamaFrontParts> read_front_parts(JsonWalker& json, ClientForm form)
{
    return PartsReader(json, form).run();
}

}  // namespace spillway::dialect
