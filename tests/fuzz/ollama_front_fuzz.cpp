#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "json_check.hpp"
#include "require.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/dialect/dialect.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"
#include "spillway/dialect/ollama_front_request.hpp"
#include "spillway/dialect/ollama_front_stream.hpp"

namespace {

using namespace spillway;
using namespace spillway::dialect;

constexpr chat::ClientForm forms[]{chat::ClientForm::ollama_chat, chat::ClientForm::ollama_generate,
                                   chat::ClientForm::ollama_embed,
                                   chat::ClientForm::ollama_embeddings};

void check_lines(std::string_view lines)
{
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        require(end != std::string_view::npos);
        require(is_json(lines.substr(0, end)));
        lines.remove_prefix(end + 1);
    }
}

/// Whatever came from upstream as whole events, the client's lines are JSON.
void check_stream(const OllamaStyle& style, std::string_view events)
{
    OllamaFrontStream stream(style);
    EventBoundary boundary;
    while (const auto end = boundary.first_end(events)) {
        check_lines(stream.take(events.substr(0, *end), {}));
        events.remove_prefix(*end);
    }
    check_lines(stream.finish({}, {}));
}

}  // namespace

/// What speaks Ollama to us becomes a well-formed request or an error, and what an upstream
/// answers, however odd, becomes well-formed answers of Ollama.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size)
{
    if (size == 0) {
        return 0;
    }
    const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
    const OllamaStyle style{forms[bytes[0] % 4U], "m"};
    std::string padded(text);
    padded.append(body_padding, '\0');
    if (const auto request =
            read_ollama_request(std::string_view(padded).substr(0, text.size()), style.form)) {
        require(request->body.empty() || is_json(request->body));
    } else {
        require(is_json(ollama_error(request.error().message())));
    }
    if (const auto answer = ollama_answer(style, text, {}, {})) {
        require(is_json(*answer));
    }
    check_stream(style, text);
    return 0;
}
