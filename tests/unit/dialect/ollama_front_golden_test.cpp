// Ollama's own API as files: what its clients ask and what OpenAI's side is asked then; what that
// side says and what its clients get. SPILLWAY_UPDATE_GOLDEN=1 writes the outputs anew; read the
// difference before committing it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden_files.hpp"
#include "padded.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/ollama_front_request.hpp"
#include "spillway/dialect/ollama_front_stream.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

namespace fs = std::filesystem;
using chat::ClientForm;
using golden::expect_golden;
using golden::name_of;
using golden::read_file;
using std::chrono::nanoseconds;

constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};

fs::path golden_root()
{
    return in_source_tree("tests/golden/ollama_front");
}

std::vector<std::string> cases_with(std::string_view input)
{
    return golden::cases_in(golden_root(), input);
}

ClientForm form_of(std::string_view name)
{
    if (name.starts_with("embeddings-") || name == "answer-embeddings")
        return ClientForm::ollama_embeddings;
    if (name.starts_with("embed-") || name == "answer-embed")
        return ClientForm::ollama_embed;
    const bool generates =
        name.starts_with("generate-") || name == "answer-generate" || name == "stream-completion";
    return generates ? ClientForm::ollama_generate : ClientForm::ollama_chat;
}

std::string described(const OllamaFrontRequest& request)
{
    static constexpr std::array wishes{"answer", "load", "unload"};
    static constexpr std::array endpoints{"chat", "completions", "embeddings", "other"};
    std::string text = request.model;
    text.append(" | ").append(wishes.at(static_cast<std::size_t>(request.wish)));
    text.append(" | ").append(endpoints.at(static_cast<std::size_t>(request.endpoint)));
    text.append(request.delivery == chat::Delivery::stream ? " | stream" : " | whole");
    text.append(request.thinking == OllamaThinking::shown ? "" : " | thinking hidden");
    text.append(request.takers == OllamaTakers::all ? "" : " | for an Ollama");
    return text + "\n" + request.body + "\n";
}

class OllamaRequestFile : public testing::TestWithParam<std::string> {};

TEST_P(OllamaRequestFile, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const Padded body(read_file(folder / "request.json"));
    const auto request = read_ollama_request(body.view(), form_of(GetParam()));
    expect_golden(folder / "openai.txt", request ? described(*request)
                                                 : "refused | " + request.error().param() + " | " +
                                                       request.error().message() + "\n");
    if (!request || request->wish != OllamaFrontRequest::Wish::answer)
        return;
    // Whatever comes out is a body that the gateway reads as it reads any other.
    const Padded translated(request->body);
    RequestReader reader;
    const auto facts = reader.read(translated.view(), request->endpoint);
    ASSERT_TRUE(facts) << facts.error().message();
    EXPECT_EQ(facts->model, request->model);
    EXPECT_EQ(facts->delivery, request->delivery);
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaRequestFile, testing::ValuesIn(cases_with("request.json")),
                         name_of);

/// The lines for a stream that arrives in reads of `piece` bytes, as a relay hands it on.
std::string lines_of(const std::string& events, ClientForm form, std::size_t piece)
{
    OllamaFrontStream stream({form, "asked:latest"});
    EventBoundary boundary;
    std::string lines;
    std::string waiting;
    for (std::size_t at = 0; at < events.size(); at += piece) {
        const auto read = std::string_view(events).substr(at, piece);
        const auto end = boundary.last_end(read);
        waiting.append(read.substr(0, end.value_or(0)));
        if (end) {
            lines.append(stream.take(waiting, noon));
            waiting.clear();
        }
        waiting.append(read.substr(end.value_or(0)));
    }
    if (!waiting.empty())
        lines.append(stream.take(waiting, noon));
    OllamaMeasures measures;
    measures.total = nanoseconds(3'000);
    measures.prefill = nanoseconds(1'000);
    measures.decode = nanoseconds(2'000);
    return lines.append(stream.finish(measures, noon));
}

class OllamaStreamFile : public testing::TestWithParam<std::string> {};

TEST_P(OllamaStreamFile, BecomesLinesAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    const auto events = read_file(folder / "input.sse");
    const auto lines = lines_of(events, form_of(GetParam()), events.size());
    expect_golden(folder / "lines.ndjson", lines);
    for (const std::size_t piece : {1, 7, 64, 1000})
        EXPECT_EQ(lines_of(events, form_of(GetParam()), piece), lines) << piece;
    ASSERT_TRUE(lines.ends_with('\n'));
    std::istringstream each(lines);
    for (std::string line; std::getline(each, line);)
        EXPECT_TRUE(nlohmann::json::accept(line)) << line;
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaStreamFile, testing::ValuesIn(cases_with("input.sse")),
                         name_of);

class OllamaAnswerFile : public testing::TestWithParam<std::string> {};

TEST_P(OllamaAnswerFile, IsTranslatedAsWrittenDown)
{
    const auto folder = golden_root() / GetParam();
    OllamaMeasures measures;
    measures.total = nanoseconds(5'000);
    const auto answer = ollama_answer({form_of(GetParam()), "asked"},
                                      read_file(folder / "input.json"), measures, noon);
    expect_golden(folder / "output.json",
                  answer ? *answer + "\n" : "refused | " + answer.error().message() + "\n");
    if (answer) {
        EXPECT_TRUE(nlohmann::json::accept(*answer)) << *answer;
    }
}

INSTANTIATE_TEST_SUITE_P(Golden, OllamaAnswerFile, testing::ValuesIn(cases_with("input.json")),
                         name_of);

}  // namespace
}  // namespace spillway::dialect
