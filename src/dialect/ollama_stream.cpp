#include "spillway/dialect/ollama_stream.hpp"

#include <algorithm>
#include <utility>

#include "ollama_line.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

constexpr std::string_view blanks = " \t\r\n";
/// What the meter counts as malformed.
constexpr std::string_view no_json = "data: ?\n\n";

void add_text(std::string& delta, std::string_view name, std::string_view raw)
{
    if (!raw.empty()) {
        delta.append(delta.size() > 1 ? ",\"" : "\"").append(name);
        delta.append("\":\"").append(raw).append("\"");
    }
}

}  // namespace

std::string_view OllamaStream::feed(std::string_view bytes)
{
    out_.clear();
    while (!bytes.empty() && !over_) {
        const auto end = bytes.find('\n');
        if (end == std::string_view::npos) {
            unfinished_.append(bytes);
            if (unfinished_.size() > largest_line) {
                fail(R"({"message":"a line of the stream is larger than 16 MiB"})");
            }
            break;
        }
        const auto line = bytes.substr(0, end);
        bytes.remove_prefix(end + 1);
        if (unfinished_.empty()) {
            take_line(line);
        } else {
            const auto whole = std::exchange(unfinished_, {}).append(line);
            take_line(whole);
        }
    }
    return out_;
}

std::string_view OllamaStream::finish()
{
    out_.clear();
    if (!over_ && !unfinished_.empty()) {
        const auto line = std::exchange(unfinished_, {});
        take_line(line);
    }
    return out_;
}

void OllamaStream::take_line(std::string_view line)
{
    if (line.find_first_not_of(blanks) == std::string_view::npos) {
        return;
    }
    std::string clean;
    if (line.find('\r') != std::string_view::npos) {
        // Only a blank in JSON, but in an event the end of a line.
        clean = line;
        std::replace(clean.begin(), clean.end(), '\r', ' ');
        line = clean;
    }
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(line);
    bool read = index.scan(text) == JsonFault::none && text[index.tokens().front()] == '{';
    if (read) {
        JsonWalker json(text, index.tokens());
        const auto parsed = read_ollama_line(json);
        read = json.finish();
        if (read) {
            write_line(parsed);
        }
    }
    index.shrink();
    if (!read) {
        out_.append(no_json);
    }
}

void OllamaStream::write_line(const OllamaLine& line)
{
    if (!line.error.empty()) {
        return fail(line.error);
    }
    if (!begun_) {
        begun_ = true;
        model_ = line.model;
        if (form_ == StreamForm::chat) {
            write_choice(R"({"role":"assistant","content":""})", {}, {});
        }
    }
    form_ == StreamForm::chat ? write_delta(line) : write_text(line);
    OllamaSums sums{output_bytes_, calls_};
    sums.add(line);
    output_bytes_ = sums.output_bytes;
    calls_ = sums.calls;
    if (line.done) {
        write_end(line);
    }
}

void OllamaStream::write_delta(const OllamaLine& line)
{
    std::string delta = "{";
    add_text(delta, "reasoning_content", line.thinking);
    add_text(delta, "content", line.content);
    if (!line.calls.empty()) {
        delta.append(delta.size() > 1 ? "," : "").append(R"("tool_calls":[)");
        delta.append(tool_calls(line, frame_.id, calls_, CallForm::delta)).append("]");
    }
    if (delta.size() > 1 || !line.logprobs.empty()) {
        write_choice(delta + "}", line.logprobs, {});
    }
}

void OllamaStream::write_text(const OllamaLine& line)
{
    if (line.content.empty() && line.thinking.empty()) {
        return;
    }
    begin_chunk();
    out_.append(R"("choices":[{"index":0,"text":")").append(line.content);
    out_.append(R"(","logprobs":null)");
    if (!line.thinking.empty()) {
        out_.append(R"(,"reasoning_content":")").append(line.thinking).append("\"");
    }
    write_finish({});
}

void OllamaStream::write_end(const OllamaLine& line)
{
    over_ = true;
    engine_ = engine_facts(line);
    usage_ = usage_origin(line);
    const OllamaSums sums{output_bytes_, calls_};
    if (form_ == StreamForm::chat) {
        write_choice("{}", {}, finish_reason(line, sums));
    } else {
        begin_chunk();
        out_.append(R"("choices":[{"index":0,"text":"","logprobs":null)");
        write_finish(finish_reason(line, sums));
    }
    begin_chunk();
    out_.append(R"("choices":[],"usage":)").append(usage_of(line, sums, frame_.prompt_count));
    if (frame_.hands_context && !line.context.empty()) {
        out_.append(R"(,"context":)").append(line.context);
    }
    out_.append("}\n\ndata: [DONE]\n\n");
}

void OllamaStream::begin_chunk()
{
    out_.append(R"(data: {"id":")").append(frame_.id);
    out_.append(R"(","object":")");
    out_.append(form_ == StreamForm::chat ? "chat.completion.chunk" : "text_completion");
    out_.append(R"(","created":)");
    out_.append(std::to_string(frame_.created)).append(R"(,"model":")").append(model_);
    out_.append(R"(","system_fingerprint":"fp_ollama",)");
}

void OllamaStream::write_choice(std::string_view delta, std::string_view logprobs,
                                std::string_view finish)
{
    begin_chunk();
    out_.append(R"("choices":[{"index":0,"delta":)").append(delta).append(R"(,"logprobs":)");
    if (logprobs.empty()) {
        out_.append("null");
    } else {
        out_.append(R"({"content":[)").append(logprobs).append(R"(],"refusal":null})");
    }
    write_finish(finish);
}

/// The end of a chunk.
void OllamaStream::write_finish(std::string_view finish)
{
    out_.append(R"(,"finish_reason":)");
    if (finish.empty()) {
        out_.append("null");
    } else {
        out_.append("\"").append(finish).append("\"");
    }
    out_.append("}]}\n\n");
}

void OllamaStream::fail(std::string_view error)
{
    over_ = true;
    unfinished_ = {};
    out_.append(R"(data: {"error":)").append(error).append("}\n\n");
}

}  // namespace spillway::dialect
